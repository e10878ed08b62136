import type { VerifiedProof } from '../chain/proof.ts'
import { PROOF_TYPE } from '../chain/proof.ts'
import type { StandingAlarm } from '../chain/standing.ts'
import { buildTreeGraph, type CheckpointEvidence, TREES_PER_LOG_MAX } from '../chain/tree-graph.ts'
import type { AuditedLog } from './audited-run.ts'
import { type FindingBook, logName } from './finding.ts'
import { forkVerdict, isTreeOf } from './judge-entries.ts'

/** What is proved against the author of a log, and what is to be said of its witnesses. */
export function judgeLog(of: AuditedLog, { add }: FindingBook): void {
  const { log, logHex, evidence, standing } = of
  const { authority, checkpoints } = evidence.forStanding(log)
  const verdict = forkVerdict(authority)
  const name = logName(logHex, log.nation)
  const place = { nation: log.nation, log: logHex }
  for (const proof of evidence.proofs) {
    const sentence = `The author of ${name} ${describeProof(proof)}.`
    add({ code: 'audit-fork', verdict, ...place, seq: proof.effect.at, sentence })
  }
  const isShown = evidence.proofs.some(({ type }) => type === PROOF_TYPE.CHECKPOINTS)
  if (has(standing.alarms, 'contradictory-checkpoints') && !isShown) {
    const sentence = `The author of ${name} signed two different trees of one size.`
    add({ code: 'audit-fork', verdict, ...place, seq: 0, sentence })
  }
  if (has(standing.alarms, 'contradictory-quorum')) {
    const sentence = `Two contradictory trees of ${name} are quorate in one registry version: more witnesses lie than the policy assumes.`
    add({ code: 'audit-quorum-contradicts', verdict: 'false', ...place, sentence })
  }
  const graph = buildTreeGraph([...checkpoints.slice(0, TREES_JUDGED_MAX), ...shownByEntries(of)])
  for (const finding of evidence.statements.findings(logHex, graph)) add(finding)
}

/** That the signed trees which the entries make continue each other, and what they are at the sizes of the others. */
function shownByEntries({ main, evidence }: AuditedLog): CheckpointEvidence[] {
  if (main === undefined) return []
  const { roots } = main.chain
  const proven = evidence.trees.reduce((most, tree) => (isTreeOf(main, tree) ? Math.max(most, tree.size) : most), 0)
  const trees = [...new Set(evidence.trees.map(({ size }) => size))]
    .filter(size => size <= proven)
    .sort((a, b) => b - a)
    .slice(0, TREES_JUDGED_MAX)
    .flatMap(size => (roots.has(size) ? { size, root: roots.get(size)! } : []))
  return trees.slice(1).map((continues, i) => ({ ...trees[i]!, cosigners: [], continues }))
}

/** Of checkpoints, which may state two trees each, and of what the entries show. */
const TREES_JUDGED_MAX = Math.floor(TREES_PER_LOG_MAX / 3)

function has(alarms: readonly StandingAlarm[], alarm: StandingAlarm): boolean {
  return alarms.includes(alarm)
}

function describeProof({ type, effect: { at } }: VerifiedProof): string {
  switch (type) {
    case PROOF_TYPE.SAME_SEQ:
      return `signed two different entries ${at}`
    case PROOF_TYPE.BROKEN_PREV:
      return `signed an entry ${at + 1} that does not follow its own entry ${at}`
    case PROOF_TYPE.CHECKPOINTS:
      return 'signed two checkpoints that cannot both be true'
    default:
      return `signed a tree whose leaf ${at} is no entry of the log`
  }
}
