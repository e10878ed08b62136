import type { NationId } from '../base/ids.ts'
import type { DocHashHex } from './doc-fields.ts'
import type { EvidenceSet } from './evidence.ts'
import { walkNation } from './nation-walk.ts'
import { registryBaseOf } from './registry-base.ts'
import type { RegistryState } from './registry-state.ts'

/**
 * Where a valid document stands under the pins of a place.
 * - `current`: in force.
 * - `past`: on the line that led to the one in force.
 * - `open`: one of several that follow, none of which is preferred, or what builds on it.
 * - `aside`: on a branch that a preferred one, a pin or a reset has voided.
 */
export type DocumentStanding = 'current' | 'past' | 'open' | 'aside'

/** Of every valid document; one that is not in the map stands `aside`. `state` is the `registryState` of the same set. */
export function documentStandings(set: EvidenceSet, state: RegistryState): ReadonlyMap<DocHashHex, DocumentStanding> {
  const base = registryBaseOf(set, state.inForce.hash)
  const lines = [state.chain, ...[...(base?.nations.values() ?? [])].map(({ line }) => line)]
  const standings = new Map<DocHashHex, DocumentStanding>()
  for (const line of lines) for (const { hash } of line) standings.set(hash, 'past')
  for (const line of lines) if (line.length > 0) standings.set(line.at(-1)!.hash, 'current')
  for (const { hash } of state.split?.open ?? []) standings.set(hash, 'open')
  for (const nation of state.histories.keys())
    for (const hash of openOf(set, state, nation)) standings.set(hash, 'open')
  return standings
}

/** Those that hold a nation up. */
function openOf(set: EvidenceSet, state: RegistryState, nation: NationId): readonly DocHashHex[] {
  const history = state.histories.get(nation)
  const nodes = set.nations.get(nation)?.nodes
  return history === undefined || nodes === undefined ? [] : walkNation(history, nodes).siblings.map(({ hash }) => hash)
}
