import { equalBytes } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import type { StandingReason } from '../chain/standing.ts'
import { type TreeHead, treeKey } from '../chain/tree-head.ts'
import type { AuditedLog, AuditedRun } from './audited-run.ts'
import { entriesName, type Finding, type FindingBook, type FindingVerdict, logName, sentence } from './finding.ts'
import type { HeaderPart } from './part.ts'

/** Holds the entries of one log against what its author, the witnesses and the documents say of them. */
export function judgeEntries(of: AuditedLog, header: HeaderPart, { add }: FindingBook): void {
  const report = reporter(of, add)
  judgeLacking(of, header, report)
  judgeTrees(of, report)
  judgeStart(of, header, report)
  judgeLimit(of, report)
  judgeRegistryVersion(of, report)
  for (const aside of of.asides) judgeAside(aside, of, report)
}

interface Place {
  readonly seq: number
  readonly count: number
}

type Report = (code: ErrorCode, verdict: FindingVerdict, place: Place, what: string, more?: Partial<Finding>) => void

function reporter({ log, logHex }: AuditedLog, add: FindingBook['add']): Report {
  return (code, verdict, { seq, count }, what, more = {}) => {
    if (count <= 0) return
    const text = sentence(`${entriesName(seq, count)} of ${logName(logHex, log.nation)}: ${what}.`)
    const counted = count === 1 ? {} : { count }
    add({ code, verdict, nation: log.nation, log: logHex, seq, ...counted, ...more, sentence: text })
  }
}

/** Gaps, and how far the log must go: as announced, and as somebody signed that it does, but for what does not stand. */
function judgeLacking({ main, evidence, standing, log }: AuditedLog, header: HeaderPart, report: Report): void {
  for (const [from, to] of main?.chain.lost ?? []) {
    report('audit-entry-missing', 'missing', { seq: from, count: to - from }, 'missing between those around')
  }
  const held = main?.chain.size ?? 0
  const announced = main?.part.size ?? 0
  const isAskedFor = header.logs.length === 0 || header.logs.some(id => equalBytes(id, log.logId))
  const stated = Math.max(evidence.checkpointSize, standing.branch?.size ?? 0)
  const standingSize = isAskedFor ? Math.min(stated, standing.limit) : 0
  if (main !== undefined && announced === 0 && stated === 0) {
    report('audit-entry-missing', 'missing', { seq: 0, count: 1 }, 'the file names the log by it and does not hold it')
  }
  if (announced > held) {
    const place = { seq: held, count: announced - held }
    report('audit-entry-missing', 'missing', place, 'the file announces them and does not hold them')
  }
  const from = Math.max(held, announced)
  const what = `a signed tree of ${standingSize} entries shows that the log goes further than the file`
  report('audit-entry-missing', 'missing', { seq: from, count: standingSize - from }, what, { size: standingSize })
}

/** The root at every size that somebody names. */
function judgeTrees({ main, asides, evidence, standing, log, logHex }: AuditedLog, report: Report): void {
  if (main === undefined) return
  const bounds = boundsOf(evidence.forStanding(log).authority)
  const signed = new Set(evidence.trees.map(treeKey))
  for (const tree of [...evidence.trees, ...bounds.filter(bound => !signed.has(treeKey(bound)))]) {
    const root = main.chain.roots.get(tree.size)
    if (root === undefined || equalBytes(root, tree.root)) continue
    if (!hasProvenStart(main, evidence.trees)) continue
    if (asides.some(aside => isTreeOf(aside, tree))) continue
    const place = { seq: tree.size - 1, count: tree.size === 0 ? 0 : 1 }
    if (signed.has(treeKey(tree))) {
      const verdict = tree.size > standing.limit ? 'note' : 'false'
      const what = `the tree of ${tree.size} entries that the author signed is another one than that of the entries here`
      report('audit-checkpoint-differs', verdict, place, what, { size: tree.size })
    } else {
      const what = `the bound of ${logName(logHex, log.nation)} at ${tree.size} is on another branch, which the file does not hold`
      report('audit-bound-differs', 'missing', place, what, { size: tree.size })
    }
  }
}

/** A bound is the answer to it: what people decided on is history. */
export function forkVerdict({ kind }: Authority): FindingVerdict {
  return kind === 'active' || kind === 'suspended' ? 'false' : 'note'
}

type Authority = ReturnType<AuditedLog['evidence']['forStanding']>['authority']

export function boundsOf(authority: Authority): readonly TreeHead[] {
  if (authority.kind === 'none' || authority.kind === 'active') return []
  return [authority.governors, authority.own].filter(bound => bound !== undefined)
}

export function isTreeOf({ chain }: AuditedRun, { size, root }: TreeHead): boolean {
  const held = chain.roots.get(size)
  return held !== undefined && equalBytes(held, root)
}

/** What comes before the first entry of the file is believed where a signed tree contains it. */
function judgeStart({ main, evidence }: AuditedLog, header: HeaderPart, report: Report): void {
  if (main === undefined || main.part.from === 0) return
  const { from, size } = main.part
  const asked = header.sinceMs === 0 ? Math.min(header.sinceSeq, from) : from
  report('audit-part-left-out', 'note', { seq: 0, count: asked }, 'only later ones were asked for')
  const lacking = { seq: asked, count: from - asked }
  report('audit-entry-missing', 'missing', lacking, 'the file begins after them, though they were asked for')
  if (hasProvenStart(main, evidence.trees)) return
  const differs = evidence.trees.some(tree => main.chain.roots.has(tree.size))
  const unproven = size > from ? { seq: from, count: size - from } : { seq: 0, count: from }
  const what = differs
    ? 'what the file says of the entries before its first does not lead to the trees that the author signed'
    : 'no signed tree in the file ties them to the entries before its first'
  report('audit-start-unproven', differs ? 'false' : 'missing', unproven, what)
}

/** Whoever makes a file writes the leaves before its first entry: what comes of these counts where the author signed it. */
function hasProvenStart(main: AuditedRun, trees: readonly TreeHead[]): boolean {
  return main.part.from === 0 || trees.some(tree => tree.size >= main.part.from && isTreeOf(main, tree))
}

/** A branch beside the log is one that its author signed, and of the log that the file holds. */
function judgeAside(aside: AuditedRun, { main, evidence }: AuditedLog, report: Report): void {
  const { from, size } = aside.part
  const place = { seq: from, count: size - from }
  if (main === undefined) {
    const what = 'they are given for a branch that does not stand, and the one that does is not in the file'
    report('audit-branch-aside', 'missing', place, what)
    return
  }
  const after = main.chain.roots.get(from + 1)
  if (after !== undefined && isTreeOf(aside, { size: from + 1, root: after })) {
    report('audit-branch-aside', 'false', place, 'they are given for a branch, and are those of the log that stands')
    return
  }
  report('audit-branch-aside', 'note', place, 'they are of a branch that does not stand')
  const before = main.chain.roots.get(from)
  const parts = before !== undefined && isTreeOf(aside, { size: from, root: before })
  const isKnown = evidence.proofs.some(({ effect }) => effect.at <= from)
  if (!parts || isKnown || after === undefined || !aside.chain.roots.has(from + 1)) return
  const verdict = forkVerdict(evidence.forStanding(evidence.log).authority)
  report('audit-fork', verdict, { seq: from, count: 1 }, 'its author signed another entry in the same place')
}

/** what lies beyond the limit does not count. */
function judgeLimit({ main, standing }: AuditedLog, report: Report): void {
  if (main === undefined || standing.reason === 'open') return
  const seq = Math.max(standing.limit, main.part.from)
  const [code, why] = BEYOND[standing.reason]
  const place = { seq, count: main.chain.size - seq }
  report(code, 'note', place, `${why}: only what comes before ${standing.limit} stands`)
}

const BEYOND = {
  unauthorised: ['audit-log-unauthorised', 'no document in force names the key that signed them'],
  bounded: ['audit-past-bound', 'the key that signed them is trusted up to a bound'],
  suspended: ['audit-past-bound', 'their nation is suspended'],
  conflict: ['audit-beyond-limit', 'their author contradicted itself'],
  'bad-leaf': ['audit-beyond-limit', 'the tree of their author holds a leaf that is no entry'],
} as const satisfies Record<Exclude<StandingReason, 'open'>, readonly [ErrorCode, string]>

/** written under a registry that the file does not lead to. */
function judgeRegistryVersion({ main, standing }: AuditedLog, report: Report): void {
  const ahead = main?.content.ahead
  if (ahead === undefined || ahead.seq >= standing.limit) return
  const { seq, version } = ahead
  const what = `it was written under registry version ${version}, which the file does not hold`
  report('audit-registry-ahead', 'missing', { seq, count: 1 }, what, { version })
}
