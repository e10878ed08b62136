import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { quorumOf, type WitnessRegistry } from '../chain/quorum.ts'
import { buildTreeGraph } from '../chain/tree-graph.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { type NationRecord, STATUS } from '../registry/registry-doc.ts'
import type { AuditedLog, AuditedRun } from './audited-run.ts'
import type { AuditDocuments } from './documents.ts'
import type { Erasures } from './erasure.ts'
import { isTreeOf } from './judge-entries.ts'
import type { LogFacts, NationFacts, StandingFacts } from './result.ts'

/** The data of the result, from what was verified. */
export function nationFacts({ directory }: AuditDocuments, logs: readonly AuditedLog[]): NationFacts[] {
  const named = new Set<NationId>([...directory.registry.nations.keys(), ...logs.map(({ log }) => log.nation)])
  return [...named].sort().map(nation => {
    const entry = directory.registry.nations.get(nation)
    return {
      nation,
      label: entry?.label ?? '',
      status: statusOf(entry),
      documentVersion: directory.member(nation)?.doc?.version ?? 0,
      logs: logs.filter(({ log }) => log.nation === nation).map(({ logHex }) => logHex),
    }
  })
}

function statusOf(entry: NationRecord | undefined): NationFacts['status'] {
  if (entry === undefined) return 'unknown'
  return entry.status === STATUS.ACTIVE ? 'active' : entry.status === STATUS.SUSPENDED ? 'suspended' : 'expelled'
}

export function logFacts(of: AuditedLog, registry: WitnessRegistry, erasures: Erasures): LogFacts[] {
  const { main, asides, evidence } = of
  const standing = standingFacts(of, registry)
  const receipts = evidence.statements.receipts()
  return [...(main === undefined ? [] : [main]), ...asides].map(run => ({
    ...runFacts(run, run === main ? erasures : undefined),
    standing: run === main ? standing : undefined,
    receipts: run === main ? receipts : [],
  }))
}

/** What the entries alone tell. */
export function runFacts({ part, log, logHex, chain, content }: AuditedRun, erasures: Erasures | undefined): LogFacts {
  return {
    log: logHex,
    nation: log.nation,
    signPk: toHex(log.signPk),
    incarnation: log.incarnation,
    predecessor: log.predecessor,
    successor: content.successor,
    closed: content.closed,
    aside: part.aside,
    from: part.from,
    size: chain.size,
    root: chain.root && toHex(chain.root),
    entries: { ...content.facts, bodiesErased: erasures?.bodiesErased(logHex) ?? 0 },
    erasures: erasures?.of(logHex) ?? [],
    standing: undefined,
    receipts: [],
  }
}

function standingFacts(of: AuditedLog, registry: WitnessRegistry): StandingFacts {
  const { main, evidence, standing } = of
  const { limit, reason, alarms, quorate } = standing
  const stands = (tree: TreeHead) => tree.size <= limit && main !== undefined && isTreeOf(main, tree)
  const postQuantum = evidence.postQuantum(stands)
  return {
    limit: Number.isFinite(limit) ? limit : undefined,
    reason,
    alarms,
    conflicts: [...new Set(evidence.proofs.map(({ effect }) => effect.at))].sort((a, b) => a - b),
    checkpointSize: evidence.checkpointSize,
    quorate: quorate && {
      size: quorate.size,
      root: toHex(quorate.root),
      timeMs: quorateSince(of, quorate, registry),
    },
    postQuantum: postQuantum && { size: postQuantum.size, timeMs: postQuantum.timeSeconds * 1000 },
  }
}

/** When the last cosignature was made that the quorum took, in the version in which it was there first. */
function quorateSince({ log, evidence }: AuditedLog, tree: TreeHead, registry: WitnessRegistry): number | undefined {
  const graph = buildTreeGraph(evidence.forStanding(log).checkpoints)
  const times = evidence.statements.timesOf(tree, graph)
  const reached = registry.versions.flatMap(({ version, witnesses, byzantineNations }) => {
    const counted = [...witnesses].filter(nation => nation !== log.nation)
    const needed = quorumOf(counted.length, byzantineNations)
    if (version < log.genesisRegistryVersion || needed === undefined) return []
    const inTime = counted.flatMap(nation => times.get(nation) ?? []).sort((a, b) => a - b)
    return inTime[needed - 1] ?? []
  })
  return reached.length === 0 ? undefined : Math.min(...reached)
}
