import { toHex } from '../base/bytes.ts'
import type { LogIdHex, NationId } from '../base/ids.ts'
import type { VerifiedCheckpointEvidence } from '../chain/checkpoint-evidence.ts'
import type { TreeGraph } from '../chain/tree-graph.ts'
import { type TreeHead, treeKey } from '../chain/tree-head.ts'
import type { Directory } from '../registry/directory.ts'
import { hasLeft } from '../registry/nation-history.ts'
import { isoTime } from '../registry/phrase.ts'
import { STATUS } from '../registry/registry-doc.ts'
import { type Finding, logName } from './finding.ts'
import type { ReceiptFacts } from './result.ts'

/** That a witness key stated a tree of a log at a time. */
interface Statement extends TreeHead {
  readonly timeMs: number
}

/** What the witnesses of one log have stated, and who cosigned without being one. */
export interface Statements {
  add(evidence: VerifiedCheckpointEvidence): void
  /** A line by a key that stands in no document: it counts for nothing. */
  addUnknown(witnessPk: Uint8Array, size: number): void
  /** Who states two things that cannot both be true, and whose statements do not count for everything. */
  findings(log: LogIdHex, graph: TreeGraph): readonly Finding[]
  receipts(): readonly ReceiptFacts[]
  /** When each nation first stated this tree or one that continues it; without the author's. */
  timesOf(tree: TreeHead, graph: TreeGraph): ReadonlyMap<NationId, number>
}

export function createStatements(directory: Directory): Statements {
  const byKey = new Map<
    string,
    { readonly nation: NationId; readonly author: NationId; readonly said: Map<string, Statement> }
  >()
  const unknown = new Map<string, number>()

  function add({ log, checkpoint, cosignatures }: VerifiedCheckpointEvidence): void {
    for (const { witnessPk, timeSeconds } of cosignatures) {
      for (const nation of directory.nationsOfWitness(witnessPk)) {
        const key = `${nation} ${toHex(witnessPk)}`
        const of = byKey.get(key) ?? { nation, author: log.nation, said: new Map() }
        byKey.set(key, of)
        const statement = { size: checkpoint.size, root: checkpoint.root, timeMs: timeSeconds * 1000 }
        of.said.set(`${timeSeconds} ${treeKey(checkpoint)}`, statement)
      }
    }
  }

  function* contradictions(log: LogIdHex, graph: TreeGraph): Generator<Finding> {
    for (const { nation, said } of byKey.values()) {
      const pair = contradictionIn([...said.values()], graph)
      if (pair === undefined) continue
      const [first, then] = pair
      yield {
        code: 'audit-witness-contradicts',
        verdict: 'false',
        nation,
        log,
        size: then.size,
        sentence: `${nation} cosigned ${describe(first)} and then ${describe(then)} of ${logName(log, undefined)}: both cannot be true.`,
      }
    }
  }

  function* uncounted(log: LogIdHex): Generator<Finding> {
    for (const [key, size] of unknown) {
      const sentence = `A cosignature of ${logName(log, undefined)} at size ${size} is by key ${key.slice(0, 16)}, which stands in no document of the file: it counts for nothing.`
      yield { code: 'audit-cosigner-unknown', verdict: 'note', log, size, sentence }
    }
    for (const { nation, said } of byKey.values()) {
      const status = removalOf(nation, directory)
      if (status === undefined) continue
      const size = largestOf([...said.values()]).size
      const sentence = `${nation}, now ${status}, cosigned ${logName(log, undefined)} up to size ${size}: it counts only under registry versions in which ${nation} was a witness.`
      yield { code: 'audit-cosigner-removed', verdict: 'note', nation, log, size, sentence }
    }
  }

  return {
    add,
    addUnknown(witnessPk, size) {
      const key = toHex(witnessPk)
      unknown.set(key, Math.max(size, unknown.get(key) ?? 0))
    },
    findings: (log, graph) => [...contradictions(log, graph), ...uncounted(log)],
    receipts: () =>
      [...byKey]
        .map(([key, { nation, said }]) => ({
          nation,
          witnessPk: key.slice(nation.length + 1),
          ...largestOf([...said.values()]),
        }))
        .sort((a, b) => (a.nation < b.nation ? -1 : a.nation > b.nation ? 1 : a.witnessPk < b.witnessPk ? -1 : 1)),
    timesOf(tree, graph) {
      const times = new Map<NationId, number>()
      for (const { nation, author, said } of byKey.values()) {
        if (nation === author) continue
        for (const each of said.values()) {
          if (each.size < tree.size || !graph.onOneBranch(each, tree)) continue
          times.set(nation, Math.min(each.timeMs, times.get(nation) ?? Number.POSITIVE_INFINITY))
        }
      }
      return times
    },
  }
}

/** Never a smaller or an inconsistent tree after another. Of one second the smaller may have come first. */
function contradictionIn(said: readonly Statement[], graph: TreeGraph): readonly [Statement, Statement] | undefined {
  const inTime = said.toSorted((a, b) => a.timeMs - b.timeMs || a.size - b.size)
  let largest: Statement | undefined
  for (const each of inTime) {
    const falls = largest !== undefined && each.size < largest.size
    if (largest !== undefined && (falls || graph.contradict(largest, each))) return [largest, each]
    if (largest === undefined || each.size >= largest.size) largest = each
  }
  return undefined
}

function largestOf(said: readonly Statement[]): Pick<ReceiptFacts, 'size' | 'timeMs'> {
  const [{ size, timeMs }] = said.toSorted((a, b) => b.size - a.size || a.timeMs - b.timeMs) as [Statement]
  return { size, timeMs }
}

function describe({ size, timeMs }: Statement): string {
  return `a tree of ${size} entries at ${isoTime(timeMs)}`
}

function removalOf(nation: NationId, { registry }: Directory): string | undefined {
  const entry = registry.nations.get(nation)
  if (hasLeft(entry)) return 'expelled'
  return entry?.status === STATUS.SUSPENDED ? 'suspended' : undefined
}
