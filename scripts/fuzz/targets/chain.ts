import { concat, equalBytes, fromHex, readU32be, utf8 } from '../../../src/base/bytes.ts'
import { ProtocolError } from '../../../src/base/errors.ts'
import { sha256 } from '../../../src/base/hash.ts'
import { type Hash, parseHash } from '../../../src/base/ids.ts'
import { verifyCheckpointEvidence } from '../../../src/chain/checkpoint-evidence.ts'
import { readContent } from '../../../src/chain/entry-content.ts'
import { parseProof, verifyProof } from '../../../src/chain/proof.ts'
import { encodeProof } from '../../../src/chain/proof-build.ts'
import { verifyPurgeReceipt } from '../../../src/chain/purge-receipt.ts'
import { verifyRegistryHead } from '../../../src/chain/registry-head.ts'
import { buildWitnessNote, namePrefix } from '../../../src/chain/witness-note.ts'
import { buildCheckpoint, parseCheckpoint } from '../../../src/crypto/checkpoint.ts'
import { checkEd25519Cosignature, checkMlDsa44Cosignature } from '../../../src/crypto/cosignature.ts'
import { verifyEd25519Native } from '../../../src/crypto/ed25519-native.ts'
import { createEd25519Signer } from '../../../src/crypto/ed25519-signer.ts'
import {
  encodeSignatureLine,
  encodeSignedNote,
  parseSignatureLine,
  parseSignedNote,
} from '../../../src/crypto/signed-note.ts'
import { decodeCompactRange, encodeCompactRange } from '../../../src/merkle/compact-range.ts'
import { buildConsistency, rootsFromOpenConsistency, verifyConsistency } from '../../../src/merkle/consistency.ts'
import { buildInclusion, verifyInclusion } from '../../../src/merkle/inclusion.ts'
import { hashAtFromLeaves } from '../../../src/merkle/proof-source.ts'
import { verifyLeafRange } from '../../../src/merkle/subtree.ts'
import { rootOf } from '../../../src/merkle/tree-hash.ts'
import type { ParsedEntry } from '../../../src/wire/entry.ts'
import { allianceId, plain, soundExport, successor } from '../../../test/support/audit-world.ts'
import { alliance, checkpointOf, logOf } from '../../../test/support/chain-fixture.ts'
import { seedsOf } from '../seeds.ts'
import { assertHolds, type Target } from '../target.ts'

const BYTES_MAX = 16 * 1024
const POST_QUANTUM_KEY = new Uint8Array(1312)
/** Every key stands, so that what is behind the question is reached. */
const context = { allianceId: alliance, verify: verifyEd25519Native, keyStands: () => true }

/** The first byte is the kind of the entry, the rest its body. */
const content: Target = {
  name: 'chain-content',
  form: { kind: 'records', headBytes: 1 },
  lengthMax: BYTES_MAX,
  seeds: () =>
    [
      ...seedsOf('envelope').map(fromEnvelope),
      ...plain.entries.map(each => withKind(each.header.kind, each.body)),
    ].filter(bytes => bytes.length > 5),
  run(input) {
    const kind = (input[0] ?? 0) % 8
    const body = input.subarray(Math.min(5, input.length))
    const base = plain.entries[kind === 1 ? 0 : 1]!
    const header = {
      ...base.header,
      kind,
      bodyLen: body.length,
      bodyHash: sha256(body),
      epochId: kind === 2 ? new Uint8Array(16) : new Uint8Array(0),
      salt: kind === 2 ? new Uint8Array(32) : new Uint8Array(0),
    }
    const entry: ParsedEntry = { ...base, header, body }
    const read = readContent(entry, 1)
    return read.kind === 'void' ? `void ${read.code}` : `${read.kind} ${kind}`
  },
}

function withKind(kind: number, body: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, body.length)
  return concat(Uint8Array.of(kind), length, body)
}

function fromEnvelope(bytes: Uint8Array): Uint8Array {
  return withKind(bytes[0] ?? 0, bytes)
}

const proof: Target = {
  name: 'chain-proof',
  form: 'protobuf',
  lengthMax: BYTES_MAX,
  seeds: () => seedsOf('proof'),
  run(input) {
    const parsed = parseProof(input)
    assertHolds(equalBytes(encodeProof(parsed), input), 'a proof is encoded as it was read')
    return `${verifyProof(parsed, context).effect.kind}`
  },
}

const checkpointEvidence: Target = {
  name: 'chain-checkpoint',
  form: 'protobuf',
  lengthMax: BYTES_MAX,
  seeds: () => [...seedsOf('checkpoint'), ...soundExport.evidence.map(({ body }) => body)],
  run(input) {
    const verified = verifyCheckpointEvidence(input, witnessed)
    return `${verified.cosignatures.length}`
  },
}

const witnessed = { ...context, allianceId, isWitness: () => true, postQuantumKeys: () => [POST_QUANTUM_KEY] }

const note: Target = {
  name: 'chain-note',
  form: 'text',
  lengthMax: BYTES_MAX,
  tokens: ['\u2014 ', '\n\n', '\n', 'tocsin/', '/log/', '=', 'AAAAAAAA'],
  seeds: () => [
    checkpointOf(logOf(5)).note,
    checkpointOf(logOf(1)).note,
    utf8(`a/b\n3\n${'A'.repeat(43)}=\n\n\u2014 a/b AAAAAAAAAAAA\n\u2014 \u00e4 AAAAAAAAAAAA\n`),
  ],
  run(input) {
    const parsed = parseSignedNote(input)
    if (parsed.signatures.length <= 64) {
      assertHolds(equalBytes(encodeSignedNote(parsed), input), 'a note is encoded as it was read')
    }
    const head = parseCheckpoint(parsed.text)
    assertHolds(buildCheckpoint(head) === parsed.text, 'a checkpoint is written as it was read')
    return `${Math.min(parsed.signatures.length, 4)}`
  },
}

const key = successor.signer.publicKey

const cosignature: Target = {
  name: 'chain-cosignature',
  form: 'text',
  lengthMax: 5000,
  tokens: ['\u2014 ', 'tocsin/', '/witness', 'AAAA', '='],
  seeds: () => soundExport.evidence.flatMap(({ body }) => linesIn(body)),
  run(input) {
    const line = parseSignatureLine(input)
    assertHolds(equalBytes(encodeSignatureLine(line), input), 'a line is encoded as it was read')
    const head = { origin: 'a', size: 1, root: rootOf([]) }
    const ed = checkEd25519Cosignature(buildCheckpoint(head), { name: line.name, publicKey: key }, line)
    const ml = checkMlDsa44Cosignature(head, { name: line.name, publicKey: POST_QUANTUM_KEY }, line)
    return `${ed.kind} ${ml.kind}`
  },
}

/** Pieces of it that look like signature lines. */
function linesIn(bytes: Uint8Array): Uint8Array[] {
  const dash = Buffer.from('\u2014 ')
  const all = Buffer.from(bytes)
  const lines: Uint8Array[] = []
  for (let at = all.indexOf(dash); at >= 0; at = all.indexOf(dash, at + 1)) {
    const rest = all.subarray(at)
    const end = rest.findIndex((byte, i) => i > 3 && (byte === 0x0a || (byte < 0x2b && byte !== 0x20)))
    lines.push(Uint8Array.from(rest.subarray(0, end < 0 ? rest.length : end)))
  }
  return lines
}

const witness = createEd25519Signer(sha256(utf8('witness')))

/** The text of a statement, signed: only so are its lines read. */
const statement: Target = {
  name: 'chain-witness-note',
  form: 'text',
  lengthMax: 4096,
  tokens: [namePrefix(alliance), 'head/AAA', 'purge', '\n', '0', '9007199254740992'],
  seeds: () => [
    utf8(`${namePrefix(alliance)}head/AAA\n3\n${'A'.repeat(43)}=\n1790000000000\n`),
    utf8(`${namePrefix(alliance)}purge/AAA\n${'a'.repeat(64)}\n7\n${'A'.repeat(43)}=\n1790000000000\n`),
  ],
  run(input) {
    const note = buildWitnessNote(alliance, new TextDecoder().decode(input), witness)
    const outcomes = [verifyRegistryHead, verifyPurgeReceipt].map(verify => {
      try {
        verify(note, alliance)
        return 'valid'
      } catch (error) {
        if (error instanceof ProtocolError) return error.code
        throw error
      }
    })
    return outcomes.join(' ')
  },
}

const leaves = Array.from({ length: 40 }, (_, i) => sha256(Uint8Array.of(i)))
const hashAt = hashAtFromLeaves(leaves)

/** `u32 a || u32 b || hashes`: sizes and a path, that of a small tree where they fit it. */
const merkle: Target = {
  name: 'chain-merkle-proof',
  form: 'bytes',
  lengthMax: 8 + 70 * 32,
  seeds: () =>
    [
      [3, 9],
      [8, 40],
      [39, 40],
      [1, 2],
    ].map(([index, size]) => pathBytes(index!, size!, buildInclusion(hashAt, index!, size!))),
  run(input) {
    if (input.length < 8) return 'short'
    const [index, size] = [readU32be(input), readU32be(input, 4)]
    const path: Hash[] = []
    for (let at = 8; at + 32 <= input.length; at += 32) path.push(parseHash(input.slice(at, at + 32)))
    const isSmall = size >= 1 && size <= leaves.length
    const root = isSmall ? rootOf(leaves.slice(0, size)) : leaves[0]!
    const leaf = leaves[index % leaves.length]!
    const included = verifyInclusion({ leaf, index, size, root, path })
    if (included) assertHolds(isSmall && samePath(path, buildInclusion(hashAt, index, size)), 'only the path is right')
    const fromRoot = rootOf(leaves.slice(0, index % leaves.length))
    const consistent = verifyConsistency({ fromSize: index, fromRoot, toSize: size, toRoot: root, path })
    if (consistent && isSmall && index > 0 && index < size) {
      assertHolds(samePath(path, buildConsistency(hashAt, index, size)), 'only the path is consistent')
    }
    rootsFromOpenConsistency(index, size, path)
    rootsFromOpenConsistency(index * 2 ** 21, size * 2 ** 21 + index, path)
    verifyLeafRange({ from: index, leaves: path.slice(0, 4), size, root, path: path.slice(4) })
    return `${included} ${consistent}`
  },
}

function pathBytes(index: number, size: number, path: readonly Hash[]): Uint8Array {
  const head = new Uint8Array(8)
  const view = new DataView(head.buffer)
  view.setUint32(0, index)
  view.setUint32(4, size)
  return concat(head, ...path)
}

function samePath(a: readonly Hash[], b: readonly Hash[]): boolean {
  return a.length === b.length && a.every((hash, i) => equalBytes(hash, b[i]!))
}

/** What the store keeps of a tree: a fault of the own disk, and so a StoreError. */
const range: Target = {
  name: 'chain-merkle-range',
  form: 'bytes',
  lengthMax: 2048,
  seeds: () => [encodeCompactRange({ size: 3, peaks: leaves.slice(0, 2) }), fromHex('00'.repeat(8))],
  run(input) {
    assertHolds(equalBytes(encodeCompactRange(decodeCompactRange(input)), input), 'a range is encoded as it was read')
    return 'range'
  },
}

export const chainTargets: readonly Target[] = [
  content,
  proof,
  checkpointEvidence,
  note,
  cosignature,
  statement,
  merkle,
  range,
]
