import { toHex } from '../base/bytes.ts'
import { fingerprint, trustOf } from '../registry/trust-string.ts'
import type { AuditDocuments } from './documents.ts'
import type { AllianceFacts } from './result.ts'

export function allianceFactsOf({ directory: { allianceId, registry }, trusted }: AuditDocuments): AllianceFacts {
  const trust = trustOf(registry)
  return {
    allianceIdHex: toHex(allianceId),
    name: registry.name,
    registry: trust,
    fingerprint: fingerprint(trust),
    expiresMs: registry.expiresMs,
    trusted,
  }
}
