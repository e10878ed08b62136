import { concat, EMPTY, equalBytes, utf8 } from '../../../src/base/bytes.ts'
import { type Codec, decodeLoose, encode } from '../../../src/wire/codec.ts'
import { encodeEnvelope, parseEnvelope, parseHeader } from '../../../src/wire/entry.ts'
import { FrameAssembler } from '../../../src/wire/frame-assembler.ts'
import * as auditMessages from '../../../src/wire/gen/audit.ts'
import * as backupMessages from '../../../src/wire/gen/backup.ts'
import * as storeMessages from '../../../src/wire/gen/store.ts'
import * as messages from '../../../src/wire/gen/tocsin.ts'
import { decodeStrict } from '../../../src/wire/strict.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../../src/wire/sync-frame.ts'
import { logOf } from '../../../test/support/chain-fixture.ts'
import { seedsOf } from '../seeds.ts'
import { assertHolds, type Target } from '../target.ts'

const CODECS = Object.values({
  ...messages,
  ...auditMessages,
  ...storeMessages,
  ...backupMessages,
}) as readonly Codec<unknown>[]
const MESSAGE_BYTES_MAX = 16 * 1024
const FRAME_BYTES_MAX = 512

/** The first byte says which message it is. */
const anyMessage: Target = {
  name: 'wire-messages',
  form: { kind: 'records', headBytes: 1 },
  lengthMax: MESSAGE_BYTES_MAX,
  seeds: () => {
    const known = [...seedsOf('envelope'), ...seedsOf('document'), ...seedsOf('proof'), ...seedsOf('checkpoint')]
    return CODECS.flatMap((codec, i) => [
      Uint8Array.of(i),
      ...known.filter(bytes => isOf(codec, bytes)).map(bytes => framed(i, bytes)),
    ])
  },
  run(input) {
    const codec = CODECS[(input[0] ?? 0) % CODECS.length]!
    const bytes = input.subarray(Math.min(5, input.length))
    const message = decodeStrict(codec, bytes, MESSAGE_BYTES_MAX)
    assertHolds(equalBytes(encode(codec, message), bytes), 'what is accepted is the one encoding of what it says')
    const loose = encode(codec, decodeLoose(codec, bytes, true))
    assertHolds(equalBytes(loose, bytes), 'the lenient decoder reads the same')
    return codec.name
  },
}

function framed(first: number, bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return concat(Uint8Array.of(first), length, bytes)
}

function isOf(codec: Codec<unknown>, bytes: Uint8Array): boolean {
  try {
    decodeStrict(codec, bytes, MESSAGE_BYTES_MAX)
    return true
  } catch {
    return false
  }
}

const entry: Target = {
  name: 'wire-entry',
  form: 'protobuf',
  lengthMax: MESSAGE_BYTES_MAX,
  seeds: () => seedsOf('envelope'),
  run(input) {
    const parsed = parseEnvelope(input)
    assertHolds(equalBytes(encodeEnvelope(parsed), input), 'an envelope is encoded as it was read')
    return `${parsed.header.version} ${parsed.header.kind}`
  },
}

const header: Target = {
  name: 'wire-header',
  form: 'protobuf',
  lengthMax: 2048,
  seeds: () => logOf(3).entries.map(({ headerBytes }) => headerBytes),
  run(input) {
    const { version, kind, bodyLen, seq } = parseHeader(input)
    assertHolds([version, kind, bodyLen, seq].every(Number.isSafeInteger), 'numbers are safe integers')
    return `${version > 1}`
  },
}

const sync: Target = {
  name: 'wire-sync',
  form: 'protobuf',
  lengthMax: MESSAGE_BYTES_MAX,
  seeds: () => seedsOf('sync'),
  run(input) {
    const message = parseSyncMessage(input)
    assertHolds(equalBytes(encodeSyncMessage(message), input), 'a frame is encoded as it was read')
    return message.kind
  },
}

const frames: Target = {
  name: 'wire-frames',
  form: { kind: 'records', headBytes: 0 },
  lengthMax: 8192,
  seeds: () => [framed(0, utf8('one')).subarray(1), EMPTY, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 65)],
  run(input) {
    const whole = framesIn(input, input.length)
    const cut = framesIn(input, 1 + ((input[0] ?? 0) % 7))
    assertHolds(equalBytes(concat(...whole), concat(...cut)), 'frames hang not on how their bytes come')
    return `${Math.min(whole.length, 8)}`
  },
}

function framesIn(bytes: Uint8Array, step: number): Uint8Array[] {
  const assembler = new FrameAssembler(FRAME_BYTES_MAX)
  const found: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += step) {
    assembler.push(bytes.subarray(at, at + step))
    assertHolds(assembler.heldBytes <= step + FRAME_BYTES_MAX + 128 * (step / 4 + 1), 'no more is held than came')
    for (let frame = assembler.take(); frame !== null; frame = assembler.take()) found.push(frame)
  }
  return found
}

export const wireTargets: readonly Target[] = [anyMessage, entry, header, sync, frames]
