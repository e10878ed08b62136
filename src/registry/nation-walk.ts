import type { DocHashHex } from './doc-fields.ts'
import { type Walk, walkToTip } from './fork-choice.ts'
import type { NationHistory, RegistryPin } from './nation-history.ts'
import type { RootSet } from './root-set.ts'
import type { NationStep, SignedNationDoc } from './verify-nation.ts'

/** documents further above the newest pin wait for a new one. */
const VERSIONS_ABOVE_PIN_MAX = 64

export interface NationNode {
  readonly doc: SignedNationDoc
  readonly step: NationStep
}

/** Documents of one nation, each signed by a threshold of its own roots. */
export type NationNodes = ReadonlyMap<DocHashHex, NationNode>

/**
 * The document in force is the last of `path`. A walk may start at the pin; several `siblings` without a
 * preferred one hold up this nation alone.
 */
export type NationWalk = Walk<SignedNationDoc>

/** the documents in force of one nation under one line of registry versions. */
export function walkNation(history: NationHistory, nodes: NationNodes): NationWalk {
  const resets = standingResets(history)
  const pins = standingPins(history, resets, nodes)
  const versionMax = (pins[0]?.version ?? 0) + VERSIONS_ABOVE_PIN_MAX
  const pinned = new Map(pins.map(pin => [pin.version, pin.hash]))
  const children = childrenByParent(nodes)

  const stands = ({ doc, step }: NationNode): boolean => {
    if (doc.version > versionMax) return false
    // siblings at a pin are void, and with the start at the pin those below it too
    if ((pinned.get(doc.version) ?? doc.hash) !== doc.hash) return false
    const reset = resets.get(doc.version)
    if (reset !== undefined) return doc.rootSet === reset && step.kind !== 'broken'
    return step.kind === 'next' || (step.kind === 'first' && history.firstRoots.includes(doc.rootSet))
  }
  const start = pins.map(pin => nodes.get(pin.hash)).find(node => node !== undefined)
  return walkToTip(start?.doc, parent => (children.get(parent?.hash) ?? []).filter(stands).map(node => node.doc))
}

/**
 * Highest first, one a version. A pin from before a reset took effect cannot save what the reset voids, nor can a later
 * one save what is seen to come of other roots; and one that gives its document another version names none.
 */
function standingPins(
  { pins, resets }: NationHistory,
  standing: ReadonlyMap<number, RootSet>,
  nodes: NationNodes,
): readonly RegistryPin[] {
  const isVoid = (pin: RegistryPin) =>
    resets.some(reset => pin.version >= reset.minVersion && pin.registryVersion < reset.sinceVersion) ||
    (nodes.get(pin.hash)?.doc.version ?? pin.version) !== pin.version ||
    isVoidLine(pin.hash, standing, nodes)
  const byVersion = new Map<number, RegistryPin>()
  for (const pin of pins) if (!isVoid(pin)) byVersion.set(pin.version, pin)
  return [...byVersion.values()].sort((a, b) => b.version - a.version)
}

/** whether a document, or one that it builds on, stands where a reset demands other roots. */
function isVoidLine(hash: DocHashHex, resets: ReadonlyMap<number, RootSet>, nodes: NationNodes): boolean {
  if (resets.size === 0) return false
  for (let node = nodes.get(hash); node !== undefined; node = node.doc.prevHash && nodes.get(node.doc.prevHash)) {
    if ((resets.get(node.doc.version) ?? node.doc.rootSet) !== node.doc.rootSet) return true
  }
  return false
}

/** A later reset voids what an earlier one at or above its version began. */
function standingResets({ resets }: NationHistory): ReadonlyMap<number, RootSet> {
  const standing = new Map<number, RootSet>()
  for (const { minVersion, roots } of resets) {
    for (const version of standing.keys()) if (version >= minVersion) standing.delete(version)
    standing.set(minVersion, roots)
  }
  return standing
}

/**
 * the documents that verify under any of the registry versions given, in force or not. Grows with the set: what
 * was valid once stays so.
 */
export function validNationDocs(histories: readonly NationHistory[], nodes: NationNodes): ReadonlySet<DocHashHex> {
  const claims = collectClaims(histories)
  const children = childrenByParent(nodes)
  const pinned = [...nodes.values()].filter(({ doc }) => claims.pins.has(pinName(doc)))
  const valid = new Set<DocHashHex>()
  const queue: NationNode[] = [...pinned, ...(children.get(undefined) ?? []).filter(node => verifies(node, claims))]
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (valid.has(node.doc.hash)) continue
    valid.add(node.doc.hash)
    queue.push(...(children.get(node.doc.hash) ?? []).filter(child => verifies(child, claims)))
  }
  return valid
}

interface Claims {
  readonly firstRoots: ReadonlySet<RootSet>
  /** `version/roots` of each reset in effect somewhere. */
  readonly resets: ReadonlySet<string>
  /** `version/hash`. */
  readonly pins: ReadonlySet<string>
  readonly versionMax: number
}

function collectClaims(histories: readonly NationHistory[]): Claims {
  const pins = histories.flatMap(history => history.pins)
  return {
    firstRoots: new Set(histories.flatMap(history => history.firstRoots)),
    resets: new Set(
      histories.flatMap(history => history.resets.map(reset => resetName(reset.minVersion, reset.roots))),
    ),
    pins: new Set(pins.map(pinName)),
    versionMax: Math.max(0, ...pins.map(pin => pin.version)) + VERSIONS_ABOVE_PIN_MAX,
  }
}

/** Whether a document is valid, given that the one before it is. */
function verifies({ doc, step }: NationNode, claims: Claims): boolean {
  if (doc.version > claims.versionMax || step.kind === 'broken' || step.kind === 'orphan') return false
  if (claims.resets.has(resetName(doc.version, doc.rootSet))) return true
  return step.kind === 'next' || (step.kind === 'first' && claims.firstRoots.has(doc.rootSet))
}

function resetName(version: number, roots: RootSet): string {
  return `${version}/${roots}`
}

function pinName({ version, hash }: { readonly version: number; readonly hash: DocHashHex }): string {
  return `${version}/${hash}`
}

function childrenByParent(nodes: NationNodes): ReadonlyMap<DocHashHex | undefined, readonly NationNode[]> {
  return Map.groupBy(nodes.values(), node => node.doc.prevHash)
}
