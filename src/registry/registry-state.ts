import type { NationId } from '../base/ids.ts'
import { DAY_MS, type DocHashHex } from './doc-fields.ts'
import type { EvidenceSet, RegistryNode } from './evidence.ts'
import { walkToTip } from './fork-choice.ts'
import type { NationHistories } from './nation-history.ts'
import type { ValidRegistryDoc } from './verify-registry.ts'

const PIN_AFTER_MS = 30 * DAY_MS

/** A registry version that the line in force must contain: from the operator's trust string, or long in force here. */
export interface Pin {
  readonly version: number
  readonly hash: DocHashHex
  readonly from: 'operator' | 'age'
}

/** Pins what has been in force here for 30 days; `sinceMs` is when each was first seen to be. */
export function pinsByAge(
  seen: readonly { readonly version: number; readonly hash: DocHashHex; readonly sinceMs: number }[],
  nowMs: number,
): readonly Pin[] {
  const old = seen.filter(({ sinceMs }) => nowMs - sinceMs >= PIN_AFTER_MS)
  return old.map(({ version, hash }) => ({ version, hash, from: 'age' }))
}

export interface RegistrySplit {
  /** Documents of one version, each valid. */
  readonly siblings: readonly ValidRegistryDoc[]
  /** Governors who signed more than one of them. */
  readonly signersOfBoth: readonly NationId[]
  /** The siblings and everything after them: nothing is sealed to whom any of these excludes. */
  readonly open: readonly ValidRegistryDoc[]
}

export interface RegistryState {
  readonly inForce: ValidRegistryDoc
  /** Version 1 to the one in force. */
  readonly chain: readonly ValidRegistryDoc[]
  /** What the chain says of each nation. */
  readonly histories: NationHistories
  readonly split: RegistrySplit | undefined
  /** Pins that contradict one with precedence and so were set aside: to be reported. */
  readonly pinsAside: readonly Pin[]
  /** The furthest version that the pins exclude, where it is further than the one in force: others may be there. */
  readonly pinnedOut: ValidRegistryDoc | undefined
}

/** the registry in force, a function of the valid documents and the pins. Undefined while version 1 is not here. */
export function registryState(set: EvidenceSet, pins: readonly Pin[]): RegistryState | undefined {
  const children = Map.groupBy(set.registries.values(), node => node.doc.prevHash)
  const { lines, aside } = pinnedLines(set, pins)
  const allowed = ({ doc }: RegistryNode) => lines.every(line => (line.get(doc.version) ?? doc.hash) === doc.hash)
  const childrenOf = (node?: RegistryNode) => (children.get(node?.doc.hash) ?? []).filter(allowed)
  const { path, siblings } = walkToTip<RegistryNode>(undefined, childrenOf)
  const tip = path.at(-1)
  if (tip === undefined) return undefined
  return {
    inForce: tip.doc,
    chain: path.map(node => node.doc),
    histories: tip.histories,
    split: siblings.length === 0 ? undefined : splitOf(siblings, withDescendants(siblings, childrenOf)),
    pinsAside: aside,
    pinnedOut: furthestBeyond(tip, set, withDescendants(path.slice(0, 1), childrenOf)),
  }
}

function withDescendants(
  nodes: readonly RegistryNode[],
  childrenOf: (node: RegistryNode) => readonly RegistryNode[],
): readonly ValidRegistryDoc[] {
  const found = [...nodes]
  for (const node of found) found.push(...childrenOf(node))
  return found.map(node => node.doc)
}

function furthestBeyond(
  tip: RegistryNode,
  { registries }: EvidenceSet,
  within: readonly ValidRegistryDoc[],
): ValidRegistryDoc | undefined {
  const reachable = new Set(within.map(doc => doc.hash))
  const beyond = [...registries.values()]
    .map(node => node.doc)
    .filter(({ version, hash }) => version > tip.doc.version && !reachable.has(hash))
  return beyond.sort((a, b) => b.version - a.version || (a.hash < b.hash ? -1 : 1))[0]
}

function splitOf(nodes: readonly RegistryNode[], open: readonly ValidRegistryDoc[]): RegistrySplit {
  const siblings = nodes.map(node => node.doc)
  const timesSigned = (nation: NationId) => siblings.filter(doc => doc.signers.has(nation)).length
  const signers = new Set(siblings.flatMap(doc => [...doc.signers]))
  return { siblings, signersOfBoth: [...signers].filter(nation => timesSigned(nation) > 1).sort(), open }
}

/** Version to hash, of a pinned document and everything before it that is here. */
type Line = ReadonlyMap<number, DocHashHex>

/** The operator's pins come first, then the newest: one that contradicts these is set aside. */
function pinnedLines(set: EvidenceSet, pins: readonly Pin[]): { readonly lines: Line[]; readonly aside: Pin[] } {
  const lines: Line[] = []
  const aside: Pin[] = []
  for (const pin of pins.toSorted(byPrecedence)) {
    const line = lineOf(set, pin)
    if (lines.every(other => agree(line, other))) lines.push(line)
    else aside.push(pin)
  }
  return { lines, aside }
}

function byPrecedence(a: Pin, b: Pin): number {
  if (a.from !== b.from) return a.from === 'operator' ? -1 : 1
  return b.version - a.version || (a.hash < b.hash ? -1 : 1)
}

function lineOf(set: EvidenceSet, pin: Pin): Line {
  const line = new Map([[pin.version, pin.hash]])
  for (let node = set.registries.get(pin.hash); node !== undefined; ) {
    line.set(node.doc.version, node.doc.hash)
    node = node.doc.prevHash && set.registries.get(node.doc.prevHash)
  }
  return line
}

function agree(a: Line, b: Line): boolean {
  return [...a].every(([version, hash]) => (b.get(version) ?? hash) === hash)
}
