import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import type { VerifiedCosignature } from './checkpoint.ts'
import type { VerifiedCheckpointEvidence } from './checkpoint-evidence.ts'
import { isTree } from './checkpoint-facts.ts'
import { quorumOf, type WitnessRegistry } from './quorum.ts'
import type { TreeHead } from './tree-head.ts'

/** A nation's word that it holds a log whole up to a size: that is the receipt of every entry below. */
export interface Receipt {
  readonly nation: NationId
  readonly cosignature: VerifiedCosignature
  /** What it is over. */
  readonly fact: VerifiedCheckpointEvidence
}

export interface Delivery {
  /** In the order of nations: of each the earliest cosignature known here that covers the entry. */
  readonly receipts: readonly Receipt[]
  /** Witnesses in force that have given none, in the order of nations. */
  readonly waiting: readonly NationId[]
  /** How many of them make a quorum; undefined where none ever does. */
  readonly needed: number | undefined
}

interface DeliveryQuestion {
  readonly facts: readonly VerifiedCheckpointEvidence[]
  readonly author: NationId
  readonly seq: number
  readonly registry: WitnessRegistry
  /** Whether this tree is of the log that stands here. */
  readonly stands: (tree: TreeHead) => boolean
}

/** Who holds an entry, as far as its cosignatures are known here. */
export function deliveryOf({ facts, author, seq, registry, stands }: DeliveryQuestion): Delivery {
  const covering = facts.filter(fact => isTree(fact) && fact.checkpoint.size > seq && stands(fact.checkpoint))
  const earliest = new Map<NationId, Receipt>()
  for (const fact of covering) {
    for (const cosignature of fact.cosignatures) {
      for (const nation of registry.nationsOf(toHex(cosignature.witnessPk))) {
        if (nation === author) continue
        const receipt = { nation, cosignature, fact }
        const other = earliest.get(nation)
        if (other === undefined || compareReceipts(receipt, other) < 0) earliest.set(nation, receipt)
      }
    }
  }
  const witnesses = witnessesOf(registry, author)
  return {
    receipts: [...earliest.values()].sort(byNation),
    waiting: witnesses.filter(nation => !earliest.has(nation)),
    needed: quorumOf(witnesses.length, registry.versions.at(-1)?.byzantineNations),
  }
}

/** POSIX time at which a quorum held it, by the clocks of its witnesses; undefined where none does yet. */
export function quorumTimeOf({ receipts, needed }: Delivery): number | undefined {
  if (needed === undefined || receipts.length < needed) return undefined
  const times = receipts.map(({ cosignature }) => cosignature.timeSeconds).sort((a, b) => a - b)
  return times[needed - 1]
}

export interface WitnessLag {
  readonly nation: NationId
  /** Up to where it has cosigned; 0: nothing. */
  readonly size: number
  /** When it said so, by its own clock; 0: never. */
  readonly timeSeconds: number
}

/** Witnesses in force that have not cosigned the first `size` entries of a log, in the order of nations. */
export function lagsOf(
  facts: readonly VerifiedCheckpointEvidence[],
  author: NationId,
  size: number,
  registry: WitnessRegistry,
): readonly WitnessLag[] {
  const last = new Map<NationId, WitnessLag>()
  for (const { checkpoint, cosignatures } of facts) {
    for (const { witnessPk, timeSeconds } of cosignatures) {
      for (const nation of registry.nationsOf(toHex(witnessPk))) {
        if ((last.get(nation)?.size ?? 0) >= checkpoint.size) continue
        last.set(nation, { nation, size: checkpoint.size, timeSeconds })
      }
    }
  }
  return witnessesOf(registry, author)
    .map(nation => last.get(nation) ?? { nation, size: 0, timeSeconds: 0 })
    .filter(lag => lag.size < size)
}

function witnessesOf(registry: WitnessRegistry, author: NationId): readonly NationId[] {
  return [...(registry.versions.at(-1)?.witnesses ?? [])].filter(nation => nation !== author).sort()
}

function compareReceipts(a: Receipt, b: Receipt): number {
  return a.cosignature.timeSeconds - b.cosignature.timeSeconds || a.fact.checkpoint.size - b.fact.checkpoint.size
}

function byNation(a: Receipt, b: Receipt): number {
  return a.nation < b.nation ? -1 : 1
}
