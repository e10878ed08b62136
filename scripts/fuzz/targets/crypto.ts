import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { concat, equalBytes, fromBase64, fromHex, toBase64, toHex, utf8 } from '../../../src/base/bytes.ts'
import { sha256 } from '../../../src/base/hash.ts'
import type { AllianceId, EpochId, LogId } from '../../../src/base/ids.ts'
import { openComplaint, sealComplaint } from '../../../src/crypto/complaint.ts'
import { verifyEd25519Native } from '../../../src/crypto/ed25519-native.ts'
import { verifyEd25519Portable } from '../../../src/crypto/ed25519-portable.ts'
import { createEd25519Signer } from '../../../src/crypto/ed25519-signer.ts'
import { commitOf, openSlot, sealSlot } from '../../../src/crypto/epoch-slot.ts'
import { decryptKeyFile, encryptKeyFile } from '../../../src/crypto/key-file.ts'
import { mlDsa44, mlDsa65 } from '../../../src/crypto/mldsa.ts'
import { createMlDsa44Signer, createMlDsa65Signer } from '../../../src/crypto/mldsa-signer.ts'
import { encodeKemKeys, encodeNodeKeys, parseKemKeys, parseNodeKeys } from '../../../src/crypto/node-key-file.ts'
import { openBody, sealBody } from '../../../src/crypto/seal.ts'
import { openInfo, sealInfo } from '../../../src/crypto/sealed-info.ts'
import { createXWingKey } from '../../../src/crypto/xwing.ts'
import { nation } from '../../../test/support/registry-world.ts'
import { assertHolds, type Target } from '../target.ts'

const SEED = sha256(utf8('seed'))
const MESSAGE = utf8('message')
const edSigner = createEd25519Signer(SEED)

/** `key || signature || message`. */
const ed25519: Target = {
  name: 'crypto-ed25519',
  form: 'bytes',
  lengthMax: 1024,
  seeds: () => [
    concat(edSigner.publicKey, edSigner.sign(MESSAGE), MESSAGE),
    concat(Uint8Array.of(1), new Uint8Array(31), Uint8Array.of(1), new Uint8Array(63), MESSAGE),
    concat(fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'), new Uint8Array(64), MESSAGE),
  ],
  tokens: ['\u0000'.repeat(32)],
  run(input) {
    const [key, signature, message] = [input.subarray(0, 32), input.subarray(32, 96), input.subarray(96)]
    const native = verifyEd25519Native(key, message, signature)
    assertHolds(native === verifyEd25519Portable(key, message, signature), 'the two implementations agree')
    return String(native)
  },
}

const mlSigners = [createMlDsa44Signer(SEED), createMlDsa65Signer(SEED)] as const

/** One byte that says which, then `key || signature || message`. */
const mlDsa: Target = {
  name: 'crypto-mldsa',
  form: 'bytes',
  lengthMax: 6000,
  seeds: () => mlSigners.map(({ publicKey, sign }, i) => concat(Uint8Array.of(i), publicKey, sign(MESSAGE), MESSAGE)),
  run(input) {
    const [scheme, portable] =
      (input[0] ?? 0) % 2 === 0 ? ([mlDsa44, ml_dsa44] as const) : ([mlDsa65, ml_dsa65] as const)
    const { publicKeyBytes, signatureBytes } = scheme
    const key = input.subarray(1, 1 + publicKeyBytes)
    const signature = input.subarray(1 + publicKeyBytes, 1 + publicKeyBytes + signatureBytes)
    const message = input.subarray(1 + publicKeyBytes + signatureBytes)
    const native = scheme.verify(key, message, signature)
    const isWhole = key.length === publicKeyBytes && signature.length === signatureBytes
    assertHolds(native === (isWhole && portable.verify(signature, message, key)), 'the two implementations agree')
    return String(native)
  },
}

const place = {
  allianceId: SEED as Uint8Array as AllianceId,
  logId: SEED as Uint8Array as LogId,
  seq: 3,
  epochId: SEED.slice(0, 16) as EpochId,
  registryVersion: 1,
}
const kem = createXWingKey(SEED)
const commit = commitOf(SEED, place)
const random = { bytes: (length: number) => new Uint8Array(length).fill(5) }
const slot = sealSlot(kem.publicKey, place, SEED)
const complaint = sealComplaint(kem.publicKey, place, utf8('complaint'))
const sealedInfo = sealInfo(SEED, place, utf8('info'), 1, random)
const sealedBody = sealBody(SEED, place, utf8('content'), random)

/** What was changed does not open; the first byte says what it is. */
const seal: Target = {
  name: 'crypto-seals',
  form: 'bytes',
  lengthMax: 4096,
  seeds: () => [
    concat(Uint8Array.of(0), slot.enc, slot.ct),
    concat(Uint8Array.of(1), complaint.enc, complaint.ct),
    concat(Uint8Array.of(2), sealedInfo),
    concat(Uint8Array.of(3), sealedBody.salt, sealedBody.body),
  ],
  run(input) {
    const [kind, bytes] = [(input[0] ?? 0) % 4, input.subarray(1)]
    const message = { enc: bytes.subarray(0, 1120), ct: bytes.subarray(1120) }
    if (kind === 0) {
      const opened = openSlot(kem, place, commit, message)
      assertHolds(opened.kind !== 'opened' || isOf(bytes, slot.enc, slot.ct), 'only what was sealed opens')
      return `slot ${opened.kind}`
    }
    if (kind === 1) {
      const opened = openComplaint(kem, place, message)
      assertHolds(opened === null || isOf(bytes, complaint.enc, complaint.ct), 'only what was sealed opens')
      return `complaint ${opened !== null}`
    }
    if (kind === 2) {
      const opened = openInfo(SEED, place, bytes)
      assertHolds(opened === null || isOf(bytes, sealedInfo), 'only what was sealed opens')
      return `info ${opened !== null}`
    }
    openBody(SEED, place, bytes.subarray(0, 32), bytes.subarray(32))
    assertHolds(isOf(bytes, sealedBody.salt, sealedBody.body), 'only what was sealed opens')
    return 'body'
  },
}

function isOf(bytes: Uint8Array, ...parts: readonly Uint8Array[]): boolean {
  return equalBytes(bytes, concat(...parts))
}

const nodeKeys = {
  nation: nation('AAA'),
  createdMs: 1_790_000_000_000,
  peerSeed: SEED,
  inner: { signSeed: SEED, witnessSeed: SEED, mldsa44Seed: SEED },
}

const keyFile: Target = {
  name: 'crypto-key-file',
  form: 'text',
  lengthMax: 8192,
  tokens: ['format: tocsin-node-key/1\n', 'nation: ', 'kem: ', 'peer-seed: ', '\n', ': ', '2026-01-02T00:00:00.000Z'],
  seeds: () => [
    encodeNodeKeys(nodeKeys),
    encodeKemKeys(nodeKeys.nation, [{ seed: SEED, fromMs: 1_790_000_000_000, untilMs: 1_800_000_000_000 }]),
  ],
  run(input) {
    const isKem = Buffer.from(input).includes('kem')
    if (isKem) {
      const { nation, keys } = parseKemKeys(input)
      const again = parseKemKeys(encodeKemKeys(nation, keys))
      assertHolds(again.keys.length === keys.length, 'KEM keys are read as they are written')
      return `kem ${Math.min(keys.length, 3)}`
    }
    const keys = parseNodeKeys(input)
    const written = encodeNodeKeys(keys)
    assertHolds(equalBytes(encodeNodeKeys(parseNodeKeys(written)), written), 'keys are read as they are written')
    return `node ${keys.inner !== undefined}`
  },
}

const PASSPHRASE = 'correct horse battery staple'
const lockedFile = await encryptKeyFile(
  PASSPHRASE,
  {
    kind: 'root',
    nation: nodeKeys.nation,
    alliance: 'test',
    createdMs: nodeKeys.createdMs,
    comment: '',
    ed25519Seed: SEED,
    mldsa65Seed: SEED,
    signed: [],
  },
  { scryptLogN: 1 },
)

/** Under its passphrase; a changed work factor may take a second or two. */
const lockedKeyFile: Target = {
  name: 'crypto-locked-key-file',
  form: 'text',
  lengthMax: 4096,
  allowanceMs: 15_000,
  seeds: () => [lockedFile, dearmoured(lockedFile)],
  async run(input) {
    const { kind } = await decryptKeyFile(PASSPHRASE, input)
    return kind
  },
}

function dearmoured(file: Uint8Array): Uint8Array {
  const lines = Buffer.from(file).toString('latin1').trim().split('\n')
  return Uint8Array.from(Buffer.from(lines.slice(1, -1).join(''), 'base64'))
}

const encoding: Target = {
  name: 'crypto-encodings',
  form: 'text',
  lengthMax: 1024,
  tokens: ['=', '==', '/', '+', '-', '_', ' ', '\n'],
  seeds: () => ['AAAA', 'AA==', 'deadBEEF', '00'].map(utf8),
  run(input) {
    assertHolds(toHex(input) === Buffer.from(input).toString('hex'), 'hex is hex')
    assertHolds(equalBytes(fromHex(toHex(input)), input), 'hex is read as it is written')
    assertHolds(toBase64(input) === Buffer.from(input).toString('base64'), 'base64 is base64')
    const text = Buffer.from(input).toString('latin1')
    return `${readable(() => toBase64(fromBase64(text)) === text)} ${readable(() => toHex(fromHex(text)) === text.toLowerCase())}`
  },
}

function readable(isSame: () => boolean): boolean {
  let same: boolean
  try {
    same = isSame()
  } catch {
    return false
  }
  assertHolds(same, 'one text for one row of bytes')
  return true
}

export const cryptoTargets: readonly Target[] = [ed25519, mlDsa, seal, keyFile, lockedKeyFile, encoding]
