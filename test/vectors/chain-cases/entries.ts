import { concat, toHex, u8 } from '../../../src/base/bytes.ts'
import { parseHash, parseLogId } from '../../../src/base/ids.ts'
import {
  buildCloseBody,
  buildEntry,
  buildHeader,
  buildTombstoneBody,
  type EntryDraft,
  signEntry,
} from '../../../src/chain/next-entry.ts'
import { encode } from '../../../src/wire/codec.ts'
import {
  encodeEnvelope,
  entrySignatureInput,
  KIND,
  leafOf,
  logIdOf,
  type ParsedEntry,
} from '../../../src/wire/entry.ts'
import { Close, EntryHeader, Envelope, Genesis } from '../../../src/wire/gen/tocsin.ts'
import {
  alliance,
  bareDraft,
  batchOf,
  bytesOf,
  foreignAlliance,
  grow,
  logOf,
  nextEntry,
  nextPlace,
  openLog,
  REGISTRY_VERSION,
  signerOf,
  type TestLog,
  TIME_MS,
} from '../../support/chain-fixture.ts'
import { signWithOtherNonce, withLargeS } from '../../support/odd-signatures.ts'
import type { ChainVector, NamedVectors } from './vector.ts'

const log = openLog()
const two = logOf(2)

/** `expect.outcomes` in the order of the envelopes: what `checkNext` says, or the code of what was thrown before it. */
function entriesVector(
  rule: string,
  title: string,
  envelopes: readonly (ParsedEntry | Uint8Array)[],
  outcomes: readonly string[],
  more: Record<string, unknown> = {},
  keys: readonly TestLog[] = [log],
): ChainVector {
  return {
    rule,
    title,
    input: {
      kind: 'entries',
      allianceId: toHex(alliance),
      keys: keys.map(({ identity }) => ({ nation: identity.nation, signPk: toHex(identity.signPk) })),
      envelopes: envelopes.map(entry => toHex(entry instanceof Uint8Array ? entry : encodeEnvelope(entry))),
    },
    expect: { outcomes, ...more },
  }
}

/** The genesis of `log` and a second envelope. */
function second(rule: string, title: string, entry: ParsedEntry | Uint8Array, outcome: string, contents?: string[]) {
  return entriesVector(rule, title, [log.entries[0]!, entry], ['append', outcome], contents && { contents })
}

/** A second entry that stays on the chain, with no effect. */
function voided(rule: string, title: string, draft: EntryDraft, code: string): ChainVector {
  return second(rule, title, nextEntry(log, draft), 'append', ['genesis', `void ${code}`])
}

/** Signs any header bytes for the place after the genesis, and wraps them without looking. */
function rawEnvelope(header: Uint8Array, body: Uint8Array, by = log): Uint8Array {
  return encode(Envelope, { header, signature: by.signer.sign(entrySignatureInput(alliance, header)), body })
}

const batch = batchOf('main 1')
const header = buildHeader(nextPlace(log), batch)
const fields: EntryHeader = {
  version: 1,
  logId: log.identity.logId,
  seq: 1,
  prev: log.entries[0]!.leaf,
  timeMs: TIME_MS,
  kind: KIND.BATCH,
  registryVersion: REGISTRY_VERSION,
  epochId: batch.sealing!.epochId,
  salt: batch.sealing!.salt,
  bodyHash: parseHash(bytesOf('unused')),
  bodyLen: batch.body.length,
}

function notCanonical(title: string, bytes: Uint8Array, code = 'wire-not-canonical'): ChainVector {
  return second('R-0.5', title, rawEnvelope(bytes, batch.body), code)
}

function headerWith(change: Partial<EntryHeader>, body = batch.body): Uint8Array {
  return rawEnvelope(encode(EntryHeader, { ...fields, bodyHash: two.entries[1]!.header.bodyHash, ...change }), body)
}

function genesisVector(title: string, change: Partial<Genesis>, code = 'genesis-invalid'): ChainVector {
  const { signer } = log
  const nonce = bytesOf('nonce AAA').subarray(0, 16)
  const none = new Uint8Array(0)
  const sound = { nation: 'AAA', signPk: signer.publicKey, incarnation: 1, nonce }
  const before = { predecessorLog: none, predecessorSize: 0, predecessorRoot: none }
  const body = encode(Genesis, { ...sound, ...before, ...change })
  const place = { logId: logIdOf(alliance, body), seq: 0, prev: parseHash(new Uint8Array(32)) }
  const entry = buildEntry(alliance, place, bareDraft(KIND.GENESIS, body), signer.sign)
  return entriesVector('R-2.1', title, [entry], [code])
}

function frameVectors(): NamedVectors {
  const { headerBytes, signature, body } = two.entries[1]!
  const envelope = encodeEnvelope(two.entries[1]!)
  const padded = concat(headerBytes, Uint8Array.of(0xa2, 0x06), Uint8Array.of(0xe8, 0x07), new Uint8Array(1000))
  return {
    'R-0.4-header-over-1-KiB': second(
      'R-0.4',
      'a header of more than 1,024 bytes',
      rawEnvelope(padded, body),
      'wire-too-large',
    ),
    'R-0.4-later-header-version': second(
      'R-0.4',
      'a header of version 2 with a field of its own is appended unread',
      rawEnvelope(
        concat(
          encode(EntryHeader, { ...fields, version: 2, bodyHash: two.entries[1]!.header.bodyHash }),
          Uint8Array.of(0x60, 1),
        ),
        body,
      ),
      'append',
      ['genesis', 'opaque'],
    ),
    'R-0.4-unknown-kind': second(
      'R-0.4',
      'an entry of kind 77 is appended unread',
      nextEntry(log, { ...batch, kind: 77 }),
      'append',
      ['genesis', 'opaque'],
    ),
    'R-0.5-doubled-field': notCanonical('seq twice in the header', concat(header.subarray(0, 38), header.subarray(36))),
    'R-0.5-unknown-field': notCanonical(
      'field 12 in a header of version 1',
      concat(header, Uint8Array.of(0x60, 1)),
      'wire-undecodable',
    ),
    'R-0.5-field-order': notCanonical(
      'version after all other fields',
      concat(header.subarray(2), header.subarray(0, 2)),
    ),
    'R-0.5-overlong-varint': notCanonical(
      'the version as a varint of two bytes',
      concat(Uint8Array.of(8, 0x81, 0), header.subarray(2)),
    ),
    'R-0.5-written-default': notCanonical(
      'body_len 0, written out',
      concat(encode(EntryHeader, { ...fields, bodyLen: 0 }), Uint8Array.of(0x58, 0)),
    ),
    'R-0.5-truncated': second(
      'R-0.5',
      'an envelope without its last byte',
      envelope.subarray(0, -1),
      'wire-undecodable',
    ),
    'R-0.5-trailing-byte': second(
      'R-0.5',
      'an envelope with a byte after its end',
      concat(envelope, u8(0)),
      'wire-undecodable',
    ),
    'R-0.5-header-version-0': second(
      'R-0.5',
      'a header without a version',
      headerWith({ version: 0 }),
      'wire-field-range',
    ),
    'R-0.5-log-id-length': second(
      'R-0.5',
      'a log_id of 31 bytes',
      headerWith({ logId: log.identity.logId.subarray(1) }),
      'wire-field-length',
    ),
    'R-0.5-prev-length': second(
      'R-0.5',
      'a prev of 33 bytes',
      headerWith({ prev: new Uint8Array(33) }),
      'wire-field-length',
    ),
    'R-0.5-epoch-id-length': second(
      'R-0.5',
      'an epoch_id of 15 bytes',
      headerWith({ epochId: new Uint8Array(15).fill(7) }),
      'wire-field-length',
    ),
    'R-0.5-salt-length': second(
      'R-0.5',
      'a salt of 31 bytes',
      headerWith({ salt: new Uint8Array(31).fill(7) }),
      'wire-field-length',
    ),
    'R-0.5-signature-length': second(
      'R-0.5',
      'a signature of 63 bytes',
      encode(Envelope, { header: headerBytes, signature: signature.subarray(1), body }),
      'wire-field-length',
    ),
    'R-0.5-announced-body-too-long': second(
      'R-0.5',
      'a body_len of 65,537',
      headerWith({ bodyLen: 65_537 }, new Uint8Array(0)),
      'wire-too-large',
    ),
  }
}

function contentVectors(): NamedVectors {
  const { sealing, ...unsealed } = batch
  const epochOnly = rawEnvelope(
    encode(EntryHeader, { ...fields, salt: new Uint8Array(0), bodyHash: two.entries[1]!.header.bodyHash }),
    batch.body,
  )
  const closing = encode(Close, { successorLog: new Uint8Array(0), finalSize: 3 })
  const { signer, identity } = log
  const salted = signEntry(
    alliance,
    buildHeader(
      { logId: identity.logId, seq: 0, prev: parseHash(new Uint8Array(32)) },
      { ...bareDraft(KIND.GENESIS, log.entries[0]!.body), sealing: sealing! },
    ),
    log.entries[0]!.body,
    signer.sign,
  )
  const tombstone = buildTombstoneBody(log.identity.logId, 0, 1)
  return {
    'R-0.5-salt-on-genesis': entriesVector(
      'R-0.5',
      'a GENESIS with a salt is void in content; its log goes on',
      [salted, nextEntry({ ...log, entries: [salted] }, batch)],
      ['append', 'append'],
      { contents: ['void content-epoch-or-salt', 'batch'] },
    ),
    'R-0.5-batch-without-salt': second('R-0.5', 'a BATCH with an epoch_id and no salt', epochOnly, 'append', [
      'genesis',
      'void content-epoch-or-salt',
    ]),
    'R-0.5-batch-without-epoch': voided(
      'R-0.5',
      'a BATCH without epoch_id and salt',
      unsealed,
      'content-epoch-or-salt',
    ),
    'R-0.5-tombstone-with-salt': voided(
      'R-0.5',
      'a TOMBSTONE with a salt',
      { ...batch, kind: KIND.TOMBSTONE, body: tombstone },
      'content-epoch-or-salt',
    ),
    'R-0.5-empty-batch': voided(
      'R-0.5',
      'a BATCH without a body',
      { ...batch, body: new Uint8Array(0) },
      'content-body-malformed',
    ),
    'R-0.5-hash-of-no-body': second(
      'R-0.5',
      'body_len 0 with the hash of something',
      headerWith(
        { bodyLen: 0, kind: KIND.TOMBSTONE, epochId: new Uint8Array(0), salt: new Uint8Array(0) },
        new Uint8Array(0),
      ),
      'append',
      ['genesis', 'void content-body-malformed'],
    ),
    'R-0.5-malformed-tombstone': voided(
      'R-0.5',
      'a TOMBSTONE with a byte too many',
      bareDraft(KIND.TOMBSTONE, concat(tombstone, u8(0))),
      'content-body-malformed',
    ),
    'R-0.5-tombstone-reason': voided(
      'R-0.5',
      'a TOMBSTONE for reason 6',
      bareDraft(KIND.TOMBSTONE, buildTombstoneBody(log.identity.logId, 0, 6)),
      'content-body-malformed',
    ),
    'R-0.5-malformed-key-grant': voided(
      'R-0.5',
      'a KEY_GRANT that is no message',
      bareDraft(KIND.KEY_GRANT, bytesOf('no grant')),
      'content-body-malformed',
    ),
    'R-0.5-malformed-complaint': voided(
      'R-0.5',
      'a COMPLAINT that is empty',
      bareDraft(KIND.COMPLAINT, new Uint8Array(0)),
      'content-body-malformed',
    ),
    'R-0.5-late-genesis': voided(
      'R-0.5',
      'a GENESIS at seq 1',
      bareDraft(KIND.GENESIS, log.entries[0]!.body),
      'content-misplaced',
    ),
    'R-1.10-registry-version-falls': voided(
      'R-1.10',
      'registry_version below that of the entry before',
      { ...batch, registryVersion: 2 },
      'content-registry-falls',
    ),
    'R-2.10-body-to-come': second(
      'R-2.10',
      'the chain does not wait for a body',
      { ...two.entries[1]!, body: new Uint8Array(0) },
      'append',
      ['genesis', 'absent'],
    ),
    'R-2.12-close-with-wrong-final-size': entriesVector(
      'R-2.12',
      'a CLOSE at seq 1 with final_size 3 says nothing, and closes the log all the same',
      grow(log, bareDraft(KIND.CLOSE, closing), batch).entries,
      ['append', 'append', 'entry-after-close'],
      { contents: ['genesis', 'void content-misplaced'] },
    ),
  }
}

function placeVectors(): NamedVectors {
  const three = logOf(3)
  const fork = logOf(2, 'fork')
  const closed = grow(log, batch, bareDraft(KIND.CLOSE, buildCloseBody(2, undefined)))
  const whole = grow(
    log,
    batch,
    bareDraft(KIND.TOMBSTONE, buildTombstoneBody(log.identity.logId, 1, 3)),
    { ...batchOf('later'), registryVersion: 9, timeMs: TIME_MS + 1 },
    { ...bareDraft(KIND.CLOSE, buildCloseBody(4, parseLogId(bytesOf('successor')))), registryVersion: 9 },
  )
  const secret = openLog({ nation: 'ZZZ' })
  const claimed = openLog({ nation: 'BBB', signer: log.signer })
  const strangerPrev = buildEntry(
    alliance,
    { ...nextPlace(two), prev: fork.entries[1]!.leaf },
    batchOf('stray'),
    log.signer.sign,
  )
  return {
    'R-0.1-whole-log': entriesVector(
      'R-0.1',
      'a log from its GENESIS to its CLOSE',
      whole.entries,
      ['append', 'append', 'append', 'append', 'append'],
      {
        contents: ['genesis', 'batch', 'tombstone', 'batch', 'close'],
        logId: toHex(log.identity.logId),
        leaves: whole.entries.map(entry => toHex(entry.leaf)),
      },
    ),
    'R-0.1-unknown-genesis-key': entriesVector(
      'R-0.1',
      'the key of the GENESIS stands in no valid document',
      secret.entries,
      ['genesis-key-unknown'],
    ),
    'R-0.1-key-of-another-nation': entriesVector(
      'R-0.1',
      'the key of the GENESIS stands for another nation',
      claimed.entries,
      ['genesis-key-unknown'],
    ),
    'R-0.1-gap': entriesVector(
      'R-0.1',
      'seq 2 where seq 1 is next',
      [three.entries[0]!, three.entries[2]!],
      ['append', 'gap'],
    ),
    'R-0.1-duplicate': entriesVector(
      'R-0.1',
      'entries that are held already',
      [...two.entries, ...two.entries],
      ['append', 'append', 'duplicate', 'duplicate'],
    ),
    'R-0.1-clock-does-not-matter': second(
      'R-0.1',
      'an entry from the year 1970',
      nextEntry(log, { ...batch, timeMs: 1 }),
      'append',
      ['genesis', 'batch'],
    ),
    'R-0.3-time-from-the-future': second(
      'R-0.3',
      'an entry from the last millisecond that can be written',
      nextEntry(log, { ...batch, timeMs: Number.MAX_SAFE_INTEGER }),
      'append',
      ['genesis', 'batch'],
    ),
    'R-0.3-time-falls': entriesVector(
      'R-0.3',
      'an entry that is older than the one before it',
      [...two.entries, nextEntry(two, { ...batchOf('main 2'), timeMs: TIME_MS - 1 })],
      ['append', 'append', 'append'],
      { contents: ['genesis', 'batch', 'batch'] },
    ),
    'R-2.5-same-seq': entriesVector(
      'R-2.5',
      'another leaf at a seq that is held',
      [...two.entries, fork.entries[1]!],
      ['append', 'append', 'same-seq 1'],
    ),
    'R-2.5-equal-headers': entriesVector(
      'R-2.5',
      'two signatures that verify over one header are two leaves',
      [...two.entries, resigned(two.entries[1]!)],
      ['append', 'append', 'same-seq 1'],
    ),
    'R-2.5-broken-prev': entriesVector(
      'R-2.5',
      'an entry that follows another than the one held',
      [...two.entries, strangerPrev],
      ['append', 'append', 'broken-prev 1'],
    ),
    'R-2.12-entry-after-close': entriesVector(
      'R-2.12',
      'an entry after the CLOSE',
      grow(closed, batchOf('after')).entries,
      ['append', 'append', 'append', 'entry-after-close'],
    ),
    'R-2.12-gap-after-close': entriesVector(
      'R-2.12',
      'an entry further beyond the CLOSE is no gap',
      [...closed.entries, grow(closed, batchOf('after'), batchOf('more')).entries[4]!],
      ['append', 'append', 'append', 'entry-after-close'],
    ),
  }
}

/** A second valid signature over the same header: the key holder may choose another nonce than RFC 8032's. */
function resigned(entry: ParsedEntry): ParsedEntry {
  const signature = signWithOtherNonce('AAA', entrySignatureInput(alliance, entry.headerBytes))
  return { ...entry, signature, leaf: leafOf(entry.headerBytes, signature) }
}

function genesisVectors(): NamedVectors {
  const before = { predecessorLog: bytesOf('log'), predecessorSize: 5, predecessorRoot: bytesOf('root') }
  const none = new Uint8Array(0)
  const firstBatch = buildEntry(
    alliance,
    { logId: log.identity.logId, seq: 0, prev: parseHash(new Uint8Array(32)) },
    batch,
    log.signer.sign,
  )
  const renamed = buildEntry(
    alliance,
    { logId: parseLogId(bytesOf('some other log')), seq: 0, prev: parseHash(new Uint8Array(32)) },
    bareDraft(KIND.GENESIS, log.entries[0]!.body),
    log.signer.sign,
  )
  const linked = buildEntry(
    alliance,
    { logId: log.identity.logId, seq: 0, prev: bytesOf('prev') },
    bareDraft(KIND.GENESIS, log.entries[0]!.body),
    log.signer.sign,
  )
  const second = openLog({
    genesis: { incarnation: 2, predecessor: { logId: log.identity.logId, size: 2, root: bytesOf('root') } },
  })
  return {
    'R-2.1-second-incarnation': entriesVector(
      'R-2.1',
      'incarnation 2 names the log of incarnation 1',
      second.entries,
      ['append'],
      { contents: ['genesis'] },
    ),
    'R-2.1-second-incarnation-without-predecessor': genesisVector('incarnation 2 names no log', { incarnation: 2 }),
    'R-2.1-incarnation-0': genesisVector('incarnation 0', { incarnation: 0 }),
    'R-2.1-incarnation-65': genesisVector('incarnation 65', { ...before, incarnation: 65 }),
    'R-2.1-predecessor-without-root': genesisVector('a predecessor without its root', {
      ...before,
      predecessorRoot: none,
    }),
    'R-2.1-predecessor-without-size': genesisVector('a predecessor of no entries', { ...before, predecessorSize: 0 }),
    'R-2.1-predecessor-without-log': genesisVector('a size and root of no log', { ...before, predecessorLog: none }),
    'R-2.1-nonce-length': genesisVector('a nonce of 15 bytes', { nonce: bytesOf('nonce AAA').subarray(0, 15) }),
    'R-2.1-sign-key-length': genesisVector('a sign key of 33 bytes', { signPk: new Uint8Array(33) }),
    'R-2.1-nation-name': genesisVector('a nation in lower case', { nation: 'aaa' }),
    'R-2.1-log-id-of-another-body': entriesVector(
      'R-2.1',
      'a log_id that is not the hash of the GENESIS',
      [renamed],
      ['entry-wrong-log'],
    ),
    'R-2.1-first-entry-is-no-genesis': entriesVector('R-2.1', 'a BATCH at seq 0', [firstBatch], ['entry-not-genesis']),
    'R-2.2-genesis-with-prev': entriesVector('R-2.2', 'a GENESIS with a prev', [linked], ['entry-not-genesis']),
  }
}

function signatureVectors(): NamedVectors {
  const entry = two.entries[1]!
  const { headerBytes, body } = entry
  const stranger = signerOf('stranger')
  const by = (signature: Uint8Array) => encode(Envelope, { header: headerBytes, signature, body })
  const invalid = (title: string, signature: Uint8Array, rule = 'R-2.2') =>
    second(rule, title, by(signature), 'entry-signature-invalid')
  const otherBody = concat(body.subarray(0, -1), u8(body.at(-1)! ^ 1))
  return {
    'R-2.2-another-key': invalid('signed by another key', stranger.sign(entrySignatureInput(alliance, headerBytes))),
    'R-2.2-another-alliance': invalid(
      'signed for another alliance',
      log.signer.sign(entrySignatureInput(foreignAlliance, headerBytes)),
    ),
    'R-2.2-without-label': invalid(
      'signed without the label',
      log.signer.sign(entrySignatureInput(alliance, headerBytes).subarray(16)),
    ),
    'R-2.2-header-itself': invalid('the header signed, not its hash', log.signer.sign(headerBytes)),
    'R-2.2-signature-of-another-entry': invalid('the signature of the entry before', log.entries[0]!.signature),
    'R-2.2-body-exchanged': second(
      'R-2.2',
      'a body that the header does not name',
      encode(Envelope, { header: headerBytes, signature: entry.signature, body: otherBody }),
      'entry-body-mismatch',
    ),
    'R-2.3-s-not-below-L': invalid('s + L in place of s', withLargeS(entry.signature), 'R-2.3'),
    'R-2.3-zero-signature': invalid('64 zero bytes', new Uint8Array(64), 'R-2.3'),
  }
}

export function entryVectors(): NamedVectors {
  return { ...frameVectors(), ...contentVectors(), ...placeVectors(), ...genesisVectors(), ...signatureVectors() }
}
