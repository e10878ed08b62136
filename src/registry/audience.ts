import type { NationId } from '../base/ids.ts'
import { checkExpiry } from './expiry.ts'
import { type KemRecord, SUITE_XWING } from './kem-key.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import { KEY_STATUS } from './node-key.ts'
import { type NationRecord, type ParsedRegistryDoc, ROLE, STATUS } from './registry-doc.ts'
import type { RegistryState } from './registry-state.ts'

/** A nation that may be sealed to, and the key to use. */
export interface Recipient {
  readonly nation: NationId
  readonly kemKeyId: Uint8Array
  /** 1216 bytes. */
  readonly kemPublicKey: Uint8Array
  /** Highest TLP level, 1 CLEAR to 5 RED; 0: no ceiling. */
  readonly maxTlp: number
}

/** Why a nation with the role RECEIVE is left out. */
export type WithheldReason = 'suspended' | 'split' | 'no-document' | 'document-expired' | 'no-kem-key'

export interface Audience {
  /** In the order of nation ids. */
  readonly recipients: readonly Recipient[]
  readonly withheld: readonly { readonly nation: NationId; readonly reason: WithheldReason }[]
}

/** Who may be sealed to at this time. `docs` are the nation documents in force. */
export function buildAudience(
  state: RegistryState,
  docs: ReadonlyMap<NationId, ParsedNationDoc>,
  nowMs: number,
): Audience {
  const recipients: Recipient[] = []
  const withheld: { nation: NationId; reason: WithheldReason }[] = []
  const entries = [...state.inForce.nations.values()].sort((a, b) => (a.nation < b.nation ? -1 : 1))
  for (const entry of entries) {
    if (entry.status === STATUS.EXPELLED || !entry.roles.has(ROLE.RECEIVE)) continue
    const doc = docs.get(entry.nation)
    const kem = doc && currentKem(doc, state.inForce, nowMs)
    const reason = withheldReason(entry, state, doc, kem, nowMs)
    if (reason !== undefined) withheld.push({ nation: entry.nation, reason })
    else recipients.push(recipientOf(entry, kem!))
  }
  return { recipients, withheld }
}

function withheldReason(
  { nation, status }: NationRecord,
  state: RegistryState,
  doc: ParsedNationDoc | undefined,
  kem: KemRecord | undefined,
  nowMs: number,
): WithheldReason | undefined {
  // who is suspended is excluded while it lasts; a HISTORY grant can make up for it
  if (status === STATUS.SUSPENDED) return 'suspended'
  // in a SPLIT nothing is sealed to a nation that any open branch excludes
  if (state.split?.open.some(branch => isExcluded(branch, nation))) return 'split'
  if (doc === undefined) return 'no-document'
  // 30 days after a nation document expired others stop sealing to it
  if (checkExpiry(doc.expiresMs, nowMs).kind === 'lapsed') return 'document-expired'
  return kem === undefined ? 'no-kem-key' : undefined
}

function isExcluded(registry: ParsedRegistryDoc, nation: NationId): boolean {
  const entry = registry.nations.get(nation)
  return entry?.status !== STATUS.ACTIVE || !entry.roles.has(ROLE.RECEIVE)
}

/** the active key whose window runs now, of a suite that the policy allows and this software knows. */
function currentKem(doc: ParsedNationDoc, { policy }: ParsedRegistryDoc, nowMs: number): KemRecord | undefined {
  if (!policy.suites.includes(SUITE_XWING)) return undefined
  return doc.kems.find(
    kem => kem.suite === SUITE_XWING && kem.status === KEY_STATUS.ACTIVE && kem.fromMs <= nowMs && nowMs < kem.untilMs,
  )
}

function recipientOf({ nation, maxTlp }: NationRecord, { keyId, pk }: KemRecord): Recipient {
  return { nation, kemKeyId: keyId, kemPublicKey: pk, maxTlp }
}
