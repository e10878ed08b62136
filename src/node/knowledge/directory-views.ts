import { equalBytes } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import type { Directory } from '../../registry/directory.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import { KEY_STATUS } from '../../registry/node-key.ts'
import { STATUS } from '../../registry/registry-doc.ts'
import type { NationStatus } from '../reading/indicator-reading.ts'

/** What parts of the node ask of the alliance's documents. */

/** Throws UserError `registry-not-member`. */
export function assertMember(directory: Directory, nation: NationId): void {
  if (directory.member(nation) !== undefined) return
  throw new UserError('registry-not-member', `${nation} is no member in the alliance's registry`, {
    fix: 'Check the nation in config.yaml, or ask the governors to admit it.',
  })
}

export function otherActiveNations(directory: Directory, nation: NationId): NationId[] {
  return directory
    .members()
    .filter(member => member.status === STATUS.ACTIVE && member.nation !== nation)
    .map(member => member.nation)
}

/** whether a cosignature by this key counts for the nation in the registry in force. */
export function isWitness(directory: Directory, nation: NationId, witnessPk: Uint8Array): boolean {
  if (!directory.witnesses(directory.registry.version)?.has(nation)) return false
  const nodes = directory.member(nation)?.doc?.nodes ?? []
  return nodes.some(
    node => node.status === KEY_STATUS.ACTIVE && node.witnessPk !== undefined && equalBytes(node.witnessPk, witnessPk),
  )
}

/** Of a nation that has data here: who is left out of the registry is expelled. */
export function nationStatus(directory: Directory, nation: NationId): NationStatus {
  const status = directory.member(nation)?.status
  if (status === STATUS.ACTIVE) return 'ACTIVE'
  return status === STATUS.SUSPENDED ? 'SUSPENDED' : 'EXPELLED'
}

/** When an epoch of the own log ends. */
export function epochLimits({ policy }: Directory): { readonly maxAgeMs: number; readonly maxMessages: number } {
  return { maxAgeMs: policy.epochMaxDays * DAY_MS, maxMessages: policy.epochMaxMessages }
}

/** f of for a log of `nation`: how many of the other witness nations the alliance reckons to be Byzantine. */
export function faultsTolerated(directory: Directory, nation: NationId): number {
  const witnesses = new Set(directory.witnesses(directory.registry.version))
  witnesses.delete(nation)
  const most = Math.max(0, Math.floor((witnesses.size - 1) / 3))
  return Math.min(directory.policy.byzantineNations ?? most, most)
}
