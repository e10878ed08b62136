import { describe, expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.ts'
import { parseLogId, parseNationId } from '../../src/base/ids.ts'
import { buildCosignature } from '../../src/chain/checkpoint.ts'
import { buildPurgeReceipt, verifyPurgeReceipt } from '../../src/chain/purge-receipt.ts'
import { buildRegistryHead, verifyRegistryHead } from '../../src/chain/registry-head.ts'
import { buildWitnessNote } from '../../src/chain/witness-note.ts'
import { alliance, bytesOf, checkpointOf, foreignAlliance, logOf, signerOf } from '../support/chain-fixture.ts'

const witness = signerOf('witness BBB')
const receipt = {
  target: { logId: parseLogId(bytesOf('log')), seq: 7 },
  bodyHash: bytesOf('body'),
  tombstone: { logId: parseLogId(bytesOf('other log')), seq: 12 },
  timeSeconds: 1_790_000_000,
}
const head = { nation: parseNationId('BBB'), version: 4, hash: bytesOf('registry'), timeMs: 1_790_000_000_000 }

test('a purge receipt says what it was built with, under the key that its name holds', () => {
  const note = buildPurgeReceipt(alliance, receipt, witness)
  expect(verifyPurgeReceipt(note, alliance)).toEqual({ ...receipt, witnessPk: witness.publicKey, note })
  expect(buildPurgeReceipt(alliance, receipt, witness)).toEqual(note)
})

test('a registry head says what it was built with, under the key that its name holds', () => {
  const note = buildRegistryHead(alliance, head, witness)
  expect(verifyRegistryHead(note, alliance)).toEqual({ ...head, witnessPk: witness.publicKey, note })
})

describe('a statement is refused', () => {
  const receiptNote = fromUtf8(buildPurgeReceipt(alliance, receipt, witness))
  const headNote = fromUtf8(buildRegistryHead(alliance, head, witness))
  const resigned = (note: string, change: (text: string) => string) =>
    buildWitnessNote(alliance, change(note.slice(0, note.indexOf('\n\n') + 1)), witness)

  test.each([
    ['of another alliance', () => verifyPurgeReceipt(utf8(receiptNote), foreignAlliance)],
    ['with a changed number', () => verifyPurgeReceipt(utf8(receiptNote.replace('\n7\n', '\n8\n')), alliance)],
    ['that is another kind of statement', () => verifyPurgeReceipt(utf8(headNote), alliance)],
    ['that is the other kind of statement', () => verifyRegistryHead(utf8(receiptNote), alliance)],
    [
      'with a line more',
      () =>
        verifyPurgeReceipt(
          resigned(receiptNote, text => `${text}more\n`),
          alliance,
        ),
    ],
    [
      'with a line less',
      () =>
        verifyRegistryHead(
          resigned(headNote, text => text.split('\n').slice(1).join('\n')),
          alliance,
        ),
    ],
    [
      'with a number of two spellings',
      () =>
        verifyPurgeReceipt(
          resigned(receiptNote, text => text.replace('\n7\n', '\n07\n')),
          alliance,
        ),
    ],
    [
      'with a number too large',
      () =>
        verifyRegistryHead(
          resigned(headNote, text => text.replace('\n4\n', '\n9007199254740992\n')),
          alliance,
        ),
    ],
    [
      'with a hash too short',
      () =>
        verifyRegistryHead(
          resigned(headNote, text => text.replace(/\n[^\n]*=\n/, '\nAAAA\n')),
          alliance,
        ),
    ],
    [
      'of a log whose id is no hex',
      () =>
        verifyPurgeReceipt(
          resigned(receiptNote, text => text.replace(/erased\/../, 'erased/XX')),
          alliance,
        ),
    ],
    [
      'of a nation that cannot be',
      () =>
        verifyRegistryHead(
          resigned(headNote, text => text.replace('/BBB', '/bbb')),
          alliance,
        ),
    ],
    [
      'with two lines of signatures',
      () => verifyRegistryHead(utf8(`${headNote}${headNote.split('\n\n')[1]}`), alliance),
    ],
    [
      'that is a cosignature',
      () => {
        const checkpoint = checkpointOf(logOf(3))
        const line = fromUtf8(buildCosignature(alliance, checkpoint, witness, 1))
        return verifyRegistryHead(utf8(`${checkpoint.text}\n${line}\n`), alliance)
      },
    ],
  ] as const)('%s', (_, verify) => {
    expect(verify).toThrow(expect.objectContaining({ name: 'ProtocolError' }))
  })
})
