/** The log of the examples: one entry of each kind, by AAA. */

import { toHex } from '../../src/base/bytes.ts'
import { checkNext } from '../../src/chain/append.ts'
import { readContent } from '../../src/chain/entry-content.ts'
import type { LogHead } from '../../src/chain/log-head.ts'
import { buildCloseBody, buildEntry, buildGenesisEntry, buildTombstoneBody } from '../../src/chain/next-entry.ts'
import { identityOf, verifyEntry } from '../../src/chain/verify-entry.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { encode } from '../../src/wire/codec.ts'
import { KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import { Complaint } from '../../src/wire/gen/tocsin.ts'
import { assertHolds, type Example } from './example.ts'
import { content } from './item-examples.ts'
import { audienceExample, sealBatch, sealGrant } from './sealing-examples.ts'
import { AAA, allianceId, epochId, nodeKeys, specSeed, T0 } from './world.ts'

const SECOND_MS = 1000
const REASON_ERROR = 1

export interface SpecLog {
  readonly head: LogHead
  /** GENESIS, KEY_GRANT, BATCH, TOMBSTONE, COMPLAINT, CLOSE. */
  readonly entries: readonly ParsedEntry[]
  /** Another entry at seq 2, such as an author signs who cheats. */
  readonly rival: ParsedEntry
  readonly sealing: readonly Example[]
}

export function buildSpecLog(): SpecLog {
  const { sign, publicKey } = nodeKeys.sign
  const genesis = buildGenesisEntry(
    allianceId,
    {
      nation: AAA,
      signPk: publicKey,
      incarnation: 1,
      predecessor: undefined,
      nonce: specSeed('genesis nonce').slice(0, 16),
    },
    { timeMs: T0, registryVersion: 1 },
    sign,
  )
  const entries = [genesis]
  const { logId } = genesis
  const entry = (seq: number, kind: number, body: Uint8Array, salt?: Uint8Array) => {
    const place = { logId, seq, prev: entries[seq - 1]!.leaf }
    const draft = { kind, body, timeMs: T0 + seq * SECOND_MS, registryVersion: 1 }
    return buildEntry(allianceId, place, salt === undefined ? draft : { ...draft, sealing: { epochId, salt } }, sign)
  }
  const grant = sealGrant(logId)
  entries.push(entry(1, KIND.KEY_GRANT, grant.body))
  const batch = sealBatch(logId, 2, content)
  entries.push(entry(2, KIND.BATCH, batch.body, batch.salt))
  const rival = entry(2, KIND.TOMBSTONE, buildTombstoneBody(logId, 1, REASON_ERROR))
  entries.push(entry(3, KIND.TOMBSTONE, buildTombstoneBody(logId, 2, REASON_ERROR)))
  entries.push(entry(4, KIND.COMPLAINT, complaint()))
  entries.push(entry(5, KIND.CLOSE, buildCloseBody(5, undefined)))
  return { head: headOf(entries), entries, rival, sealing: [grant.example, audienceExample(logId), batch.example] }
}

/** The bytes stand for any that were sealed to somebody. */
function complaint(): Uint8Array {
  const parts = Array.from({ length: 35 }, (_, i) => specSeed(`complaint enc ${i}`))
  return encode(Complaint, {
    logId: new Uint8Array(32),
    seq: 0,
    enc: Buffer.concat(parts),
    ct: Buffer.concat([
      specSeed('complaint ct 0'),
      specSeed('complaint ct 1'),
      specSeed('complaint tag').subarray(0, 16),
    ]),
  })
}

/** Appends them as any node would. */
function headOf(entries: readonly ParsedEntry[]): LogHead {
  const log = identityOf(entries[0]!, allianceId)
  const context = { allianceId, verify: verifyEd25519 }
  let head: LogHead | undefined
  for (const entry of entries) {
    assertHolds(readContent(entry, 1).kind === 'ok', `the content of entry ${entry.header.seq}`)
    const next = checkNext(head, verifyEntry(entry, log, context), seq => entries[seq]!.leaf)
    if (next.kind !== 'append') throw new Error(`entry ${entry.header.seq} of ${toHex(log.logId)} is no next entry`)
    head = next.head
  }
  return head!
}
