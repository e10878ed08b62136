import { buildDirectory, type Directory } from './directory.ts'
import type { EvidenceSet } from './evidence.ts'
import { type Pin, registryState } from './registry-state.ts'

/** What the documents say under these pins; undefined while the first registry document is not among them. */
export function openDirectory(set: EvidenceSet, pins: readonly Pin[]): Directory | undefined {
  const state = registryState(set, pins)
  return state && buildDirectory(set, state)
}
