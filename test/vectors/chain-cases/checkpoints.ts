import { toHex, utf8 } from '../../../src/base/bytes.ts'
import type { Hash } from '../../../src/base/ids.ts'
import {
  buildCheckpointNote,
  buildCosignature,
  type VerifiedCheckpoint,
  verifyCosignature,
} from '../../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../../src/chain/checkpoint-evidence.ts'
import { checkpointOrigin, signCheckpoint } from '../../../src/crypto/checkpoint.ts'
import { encodeSignedNote, noteKeyId, parseSignedNote } from '../../../src/crypto/signed-note.ts'
import { buildOpenConsistency } from '../../../src/merkle/consistency.ts'
import { EMPTY_ROOT } from '../../../src/merkle/tree-hash.ts'
import { encode } from '../../../src/wire/codec.ts'
import { Checkpoint } from '../../../src/wire/gen/tocsin.ts'
import {
  alliance,
  bytesOf,
  checkpointOf,
  envelopeOf,
  foreignAlliance,
  hashAtOf,
  logOf,
  signerOf,
} from '../../support/chain-fixture.ts'
import type { ChainVector, NamedVectors } from './vector.ts'

const log = logOf(7)
const { signer, identity } = log
const genesis = envelopeOf(log.entries[0]!)
const checkpoint = checkpointOf(log)
const witnesses = [signerOf('witness BBB'), signerOf('witness CCC')]
const COSIGNED_SECONDS = 1_790_000_100

function cosignature(by: number, over: VerifiedCheckpoint = checkpoint, seconds = COSIGNED_SECONDS): Uint8Array {
  return buildCosignature(alliance, over, witnesses[by]!, seconds)
}

function checkpointVector(
  rule: string,
  title: string,
  message: Uint8Array,
  expect: Record<string, unknown>,
  known: readonly number[] = [0, 1],
): ChainVector {
  return {
    rule,
    title,
    input: {
      kind: 'checkpoint',
      allianceId: toHex(alliance),
      keys: [{ nation: identity.nation, signPk: toHex(identity.signPk) }],
      witnesses: known.map(i => toHex(witnesses[i]!.publicKey)),
      checkpoint: toHex(message),
    },
    expect,
  }
}

interface Message {
  readonly note: Uint8Array
  readonly cosignatures: readonly Uint8Array[]
  readonly fromSize: number
  readonly consistency: readonly Uint8Array[]
  readonly withGenesis: boolean
}

function messageOf(change: Partial<Message>): Uint8Array {
  const { withGenesis, ...rest } = {
    note: checkpoint.note,
    cosignatures: [],
    fromSize: 0,
    consistency: [],
    withGenesis: true,
    ...change,
  }
  return encode(Checkpoint, { ...rest, genesis: withGenesis ? genesis : undefined })
}

function holds(title: string, message: Uint8Array, cosigners: readonly number[], fromSize?: number, known?: number[]) {
  const continues = fromSize === undefined ? null : { size: fromSize, root: toHex(checkpointOf(log, fromSize).root) }
  const keys = cosigners.map(i => toHex(witnesses[i]!.publicKey)).sort()
  const expect = { size: 7, root: toHex(checkpoint.root), cosigners: keys, continues }
  return checkpointVector(fromSize === undefined ? 'R-2.8' : 'R-2.7', title, message, expect, known)
}

function fails(title: string, change: Partial<Message>, code: string, rule = 'R-2.8'): ChainVector {
  return checkpointVector(rule, title, messageOf(change), { code })
}

export function checkpointVectors(): NamedVectors {
  const both = [cosignature(0), cosignature(1)].map(line => verifyCosignature(line, checkpoint, alliance))
  const continues = { fromSize: 4, path: buildOpenConsistency(hashAtOf(log), 4, 7) }
  const whole = buildCheckpointEvidence({ checkpoint, cosignatures: both, genesis, continues })
  const reversed = buildCheckpointEvidence({ checkpoint, cosignatures: both.toReversed(), genesis, continues })
  if (toHex(whole) !== toHex(reversed)) throw new Error('the order of cosignatures shows in the message')
  return {
    'R-2.8-checkpoint': holds('a checkpoint and nothing else', messageOf({}), []),
    'R-2.8-checkpoint-with-cosignatures': holds(
      'a checkpoint with two cosignatures',
      messageOf({ cosignatures: both.map(({ line }) => line) }),
      [0, 1],
    ),
    'R-2.8-cosignature-of-an-unknown-witness': holds(
      'a cosignature by a key that never stood is passed over',
      messageOf({ cosignatures: both.map(({ line }) => line) }),
      [1],
      undefined,
      [1],
    ),
    'R-2.7-checkpoint-that-continues': holds(
      'a checkpoint with the proof that it continues the tree of 4',
      whole,
      [0, 1],
      4,
    ),
    ...noteFaults(),
    ...cosignatureFaults(),
    ...consistencyFaults(continues.path),
  }
}

function noteFaults(): NamedVectors {
  const head = { size: 7, root: checkpoint.root }
  const origin = checkpointOrigin(alliance, identity.logId)
  const { text, signatures } = parseSignedNote(checkpoint.note)
  const signed = (body: string) =>
    encodeSignedNote({
      text: body,
      signatures: [{ name: origin, keyId: noteKeyId(origin, 1, signer.publicKey), signature: signer.sign(utf8(body)) }],
    })
  return {
    'R-2.8-origin-of-another-alliance': fails(
      'the origin of another alliance',
      { note: buildCheckpointNote(foreignAlliance, identity.logId, head, signer) },
      'checkpoint-malformed',
    ),
    'R-2.8-origin-of-another-log': fails(
      'the origin of another log',
      { note: checkpointOf(logOf(2, 'x', 0, { nation: 'BBB' })).note },
      'checkpoint-malformed',
    ),
    'R-2.8-signed-by-another-key': fails(
      'signed by another key',
      { note: buildCheckpointNote(alliance, identity.logId, head, signerOf('stranger')) },
      'signature-invalid',
    ),
    'R-2.8-signature-of-another-text': fails(
      'the signature of another size',
      { note: encodeSignedNote({ text: text.replace('\n7\n', '\n6\n'), signatures }) },
      'signature-invalid',
    ),
    'R-2.8-two-lines': fails(
      'a checkpoint that carries a cosignature in its note',
      {
        note: encodeSignedNote({
          text,
          signatures: [
            ...signatures,
            ...parseSignedNote(withLine(checkpoint.note, cosignature(0))).signatures.slice(1),
          ],
        }),
      },
      'checkpoint-malformed',
    ),
    'R-2.8-extension-line': fails('an extension line', { note: signed(`${text}extension\n`) }, 'checkpoint-malformed'),
    'R-2.8-leading-zero': fails(
      'a size with a leading zero',
      { note: signed(text.replace('\n7\n', '\n07\n')) },
      'checkpoint-malformed',
    ),
    'R-2.8-size-0': fails(
      'a checkpoint of no entries',
      { note: signCheckpoint({ origin, size: 0, root: EMPTY_ROOT }, signer) },
      'checkpoint-malformed',
    ),
    'R-2.8-without-newline': fails(
      'a note without its last newline',
      { note: checkpoint.note.subarray(0, -1) },
      'note-malformed',
    ),
    'R-2.8-without-genesis': fails(
      'a checkpoint without the GENESIS that makes it checkable',
      { withGenesis: false },
      'checkpoint-malformed',
    ),
  }
}

function withLine(note: Uint8Array, line: Uint8Array): Uint8Array {
  return Uint8Array.of(...note, ...line, 10)
}

function cosignatureFaults(): NamedVectors {
  const otherTree = cosignature(0, checkpointOf(log, 6))
  const turned = cosignature(0)
  turned[turned.length - 20]! ^= 1
  const elsewhere = buildCosignature(foreignAlliance, checkpoint, witnesses[0]!, COSIGNED_SECONDS)
  return {
    'R-2.8-cosignature-over-another-tree': fails(
      'a cosignature over a smaller tree',
      { cosignatures: [otherTree] },
      'cosignature-invalid',
    ),
    'R-2.8-cosignature-forged': fails(
      'a cosignature with a character exchanged',
      { cosignatures: [turned] },
      'cosignature-invalid',
    ),
    'R-2.8-cosignature-for-another-alliance': fails(
      'a witness’s name of another alliance',
      { cosignatures: [elsewhere] },
      'cosignature-invalid',
    ),
    'R-2.8-cosignature-is-no-line': fails(
      'a cosignature that is no signature line',
      { cosignatures: [utf8('witness')] },
      'note-malformed',
    ),
  }
}

function consistencyFaults(path: readonly Hash[]): NamedVectors {
  const inconsistent = (title: string, fromSize: number, consistency: readonly Uint8Array[]) =>
    fails(title, { fromSize, consistency }, 'checkpoint-inconsistent', 'R-2.7')
  return {
    'R-2.7-consistency-a-step-short': inconsistent('a consistency proof without its last step', 4, path.slice(0, -1)),
    'R-2.7-consistency-a-step-long': inconsistent('a consistency proof with a step too many', 4, [
      ...path,
      bytesOf('step'),
    ]),
    'R-2.7-consistency-from-another-size': inconsistent('the consistency proof of another size', 5, path),
    'R-2.7-consistency-without-its-first-node': inconsistent(
      'the form of RFC 6962, which leaves out the first node of a power of two',
      4,
      path.slice(1),
    ),
    'R-2.7-consistency-from-the-same-size': inconsistent('a proof from the size itself', 7, [checkpoint.root]),
    'R-2.7-consistency-from-nothing': inconsistent('a path from size 0', 0, path),
  }
}
