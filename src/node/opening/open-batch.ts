import type { AllianceId } from '../../base/ids.ts'
import type { EntryContent } from '../../chain/entry-content.ts'
import { openBody } from '../../crypto/seal.ts'
import { parseBatch } from '../../indicator/item.ts'
import type { ParsedEntry } from '../../wire/entry.ts'
import type { Item } from '../../wire/gen/tocsin.ts'

export type BatchContent = Extract<EntryContent, { kind: 'batch' }>

/** The items of a BATCH, by the secret of its epoch. Throws ProtocolError `seal-*`, `padding-*` or `item-*`. */
export function openBatch(
  allianceId: AllianceId,
  { logId, header }: ParsedEntry,
  { epochId, salt, sealed }: BatchContent,
  secret: Uint8Array,
): readonly Item[] {
  const place = { allianceId, logId, seq: header.seq, epochId, registryVersion: header.registryVersion }
  return parseBatch(openBody(secret, place, salt, sealed))
}
