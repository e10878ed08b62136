import { equalBytes, u32be } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import { type Hash, parseHash } from '../base/ids.ts'
import { assertXWingPublicKey } from '../crypto/xwing-public-key.ts'
import type { KemKey } from '../wire/gen/tocsin.ts'
import { assertRange } from '../wire/strict.ts'
import { KEY_STATUS, type KeyStatus } from './node-key.ts'

/** X-Wing, R-3.1. */
export const SUITE_XWING = 1
const SUITE_MAX = 65_535
const KEM_KEY_BYTES_MAX = 4096
/** windows made ahead in one ceremony. */
const KEM_KEYS_AHEAD_MAX = 16

/** A key that others seal to from `fromMs` until just before `untilMs`. */
export interface KemRecord {
  readonly keyId: Hash
  readonly suite: number
  readonly pk: Uint8Array
  readonly fromMs: number
  readonly untilMs: number
  readonly status: KeyStatus
}

/** `SHA256("tocsin/kem/v1\0" || u32 suite || pk)`: what a slot names its recipient's key by. */
export function kemKeyIdOf(suite: number, pk: Uint8Array): Hash {
  return labelledHash('tocsin/kem/v1', u32be(suite), pk)
}

/** Keys of an unknown suite are kept and never sealed to. Throws `wire-*` or `key-invalid`. */
export function parseKemKey(kem: KemKey): KemRecord {
  assertRange(kem.suite, 1, SUITE_MAX, 'suite of a KEM key')
  assertRange(kem.status, KEY_STATUS.ACTIVE, KEY_STATUS.COMPROMISED, 'status of a KEM key')
  assertRange(kem.pk.length, 1, KEM_KEY_BYTES_MAX, 'the length of a KEM key')
  const keyId = parseHash(kem.keyId, 'key_id of a KEM key')
  assertProtocol(equalBytes(keyId, kemKeyIdOf(kem.suite, kem.pk)), 'key-invalid', 'a KEM key does not have its key_id')
  if (kem.suite === SUITE_XWING) assertXWingPublicKey(kem.pk)
  assertProtocol(kem.untilMs > kem.fromMs, 'nation-kem-windows', 'the window of a KEM key ends before it begins')
  return { ...kem, keyId, status: kem.status as KeyStatus }
}

/** of one suite the windows of active keys follow each other, at most 16 of them still to come or running. */
export function assertWindows(kems: readonly KemRecord[], issuedMs: number): void {
  const active = kems.filter(kem => kem.status === KEY_STATUS.ACTIVE)
  const endOfSuite = new Map<number, number>()
  for (const { suite, fromMs, untilMs } of active) {
    if (fromMs < (endOfSuite.get(suite) ?? 0)) {
      throw new ProtocolError('nation-kem-windows', 'the windows of active KEM keys overlap or are out of order')
    }
    endOfSuite.set(suite, untilMs)
  }
  for (const suite of endOfSuite.keys()) {
    const ahead = active.filter(kem => kem.suite === suite && kem.untilMs > issuedMs).length
    assertRange(ahead, 0, KEM_KEYS_AHEAD_MAX, 'the number of KEM keys made ahead')
  }
}
