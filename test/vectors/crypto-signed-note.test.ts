import { ed25519 } from '@noble/curves/ed25519.js'
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import { describe, expect, it } from 'vitest'
import { concat, fromBase64, fromHex, fromUtf8, toBase64, toHex, u8, u64be, utf8 } from '../../src/base/bytes.ts'
import { parseAllianceId, parseHash, parseLogId } from '../../src/base/ids.ts'
import {
  buildCheckpoint,
  checkpointOrigin,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type TreeHead,
} from '../../src/crypto/checkpoint.ts'
import {
  checkEd25519Cosignature,
  checkMlDsa44Cosignature,
  cosignEd25519,
  cosignMlDsa44,
} from '../../src/crypto/cosignature.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import {
  encodeSignatureLine,
  encodeSignedNote,
  type NoteSignature,
  noteKeyId,
  parseSignatureLine,
  parseSignedNote,
} from '../../src/crypto/signed-note.ts'

const coded = (code: string) => expect.objectContaining({ code })
const signer = createEd25519Signer(new Uint8Array(32).fill(1))
const head: TreeHead = {
  origin: checkpointOrigin(parseAllianceId(new Uint8Array(32).fill(0xa1)), parseLogId(new Uint8Array(32).fill(0x10))),
  size: 20_852_163,
  root: parseHash(fromBase64('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=')),
}

describe('signed notes: the example of golang.org/x/mod/sumdb/note', () => {
  const note = utf8(
    'If you think cryptography is the answer to your problem,\n' +
      "then you don't know what your problem is.\n\n" +
      '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
  )
  const vkey = fromBase64('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')

  it('parses, has the published key id, verifies, and is encoded to the same bytes', () => {
    const parsed = parseSignedNote(note)
    const [signature] = parsed.signatures as [NoteSignature]
    expect(noteKeyId('PeterNeumann', vkey[0]!, vkey.subarray(1)).toString(16)).toBe('c74f20a3')
    expect([signature.name, signature.keyId.toString(16)]).toEqual(['PeterNeumann', 'c74f20a3'])
    expect(verifyEd25519(vkey.subarray(1), utf8(parsed.text), signature.signature)).toBe(true)
    expect(encodeSignedNote(parsed)).toEqual(note)
  })
})

describe('signed notes: the examples of C2SP', () => {
  it('reads text with empty lines up to the last one', () => {
    const parsed = parseSignedNote(
      utf8(
        'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n' +
          '\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n',
      ),
    )
    expect(parsed.text.endsWith('\n\ned è subito sera.\n')).toBe(true)
    expect(parsed.signatures[0]!.keyId.toString(16)).toBe('367ba04b')
  })

  it('reads a cosigned checkpoint, its size and its root', () => {
    const parsed = parseSignedNote(
      utf8(
        'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
          '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
          '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n',
      ),
    )
    expect(parseCheckpoint(parsed.text)).toEqual({ ...head, origin: 'example.com/behind-the-sofa' })
    expect(parsed.signatures.map(({ signature }) => signature.length)).toEqual([64, 72])
    expect(toHex(parsed.signatures[1]!.signature.subarray(0, 8))).toBe(toHex(u64be(1679315147)))
  })
})

describe('signed notes that are none', () => {
  const line = '\u2014 a AAAAAAA=\n'
  it.each([
    ['without an empty line', `text\n${line}`],
    ['without a signature', 'text\n\n'],
    ['without the last newline', `text\n\n${line.trimEnd()}`],
    ['with a hyphen for the dash', 'text\n\n- a AAAAAAA=\n'],
    ['with a tab in the text', `te\txt\n\n${line}`],
    ['with a carriage return', `text\r\n\n${line}`],
    ['with a nul', `te\0xt\n\n${line}`],
    ['with a plus in the name', 'text\n\n\u2014 a+b AAAAAAA=\n'],
    ['with a Unicode space in the name', 'text\n\n\u2014 a\u00a0b AAAAAAA=\n'],
    ['with the space of U+0085 in the name', 'text\n\n\u2014 a\u0085b AAAAAAA=\n'],
    ['without a name', 'text\n\n\u2014  AAAAAAA=\n'],
    ['with three words in a line', 'text\n\n\u2014 a AAAAAAA= b\n'],
    ['with base64 that is not canonical', 'text\n\n\u2014 a AAAAAAB=\n'],
    ['with base64 that is not padded', 'text\n\n\u2014 a AAAAAAA\n'],
    ['with no more than a key id', 'text\n\n\u2014 a AAAAAA==\n'],
    ['with too long a text', `${'x'.repeat(4096)}\n\n${line}`],
    ['with 101 signatures', `text\n\n${line.repeat(101)}`],
  ])('are refused %s', (_fault, text) => {
    expect(() => parseSignedNote(utf8(text))).toThrow(coded('note-malformed'))
  })

  it('are refused where they are not UTF-8, or too large to look at', () => {
    expect(() => parseSignedNote(concat(utf8('te'), u8(0xff), utf8(`xt\n\n${line}`)))).toThrow(coded('note-malformed'))
    expect(() => parseSignedNote(new Uint8Array(1_000_000).fill(0x0a))).toThrow(coded('note-malformed'))
  })

  it('are not written, nor more than 64 lines', () => {
    const signature = { name: 'a', keyId: 1, signature: new Uint8Array(64) }
    const written = [
      { text: 'no newline', signatures: [signature] },
      { text: 'text\n', signatures: [] },
      { text: 'te\txt\n', signatures: [signature] },
      { text: 'text\n', signatures: Array(65).fill(signature) },
      { text: 'text\n', signatures: [{ ...signature, name: 'a b' }] },
    ]
    for (const note of written) expect(() => encodeSignedNote(note)).toThrow(coded('note-malformed'))
    const largest = { text: 'text\n', signatures: Array<NoteSignature>(64).fill(signature) }
    expect(parseSignedNote(encodeSignedNote(largest))).toEqual(largest)
  })

  it('carry single lines in the same form', () => {
    const signature = { name: 'a/b', keyId: 0xff00_00ff, signature: new Uint8Array(72).fill(3) }
    const encoded = encodeSignatureLine(signature)
    expect(parseSignatureLine(encoded)).toEqual(signature)
    expect(() => parseSignatureLine(concat(encoded, utf8('\n')))).toThrow(coded('note-malformed'))
    expect(() => parseSignatureLine(new Uint8Array(5000).fill(0x41))).toThrow(coded('note-malformed'))
  })
})

describe('R-2.8: checkpoints', () => {
  it('have the origin of the rule', () => {
    expect(head.origin).toBe(`tocsin/${'a1'.repeat(8)}/log/${'10'.repeat(32)}`)
  })

  it('are three lines, signed by the log under its origin', () => {
    const note = signCheckpoint(head, signer)
    const [origin, size, root, empty, line] = fromUtf8(note).split('\n')
    expect([origin, size, root, empty]).toEqual([head.origin, '20852163', toBase64(head.root), ''])
    expect(line!.startsWith(`\u2014 ${head.origin} `)).toBe(true)
    expect(openCheckpoint(note, head.origin, signer.publicKey).head).toEqual(head)
  })

  it('open for no other log, key or text', () => {
    const note = signCheckpoint(head, signer)
    const stranger = createEd25519Signer(new Uint8Array(32).fill(2))
    const grown = utf8(fromUtf8(note).replace('\n20852163\n', '\n20852164\n'))
    expect(() => openCheckpoint(note, 'another/log', signer.publicKey)).toThrow(coded('checkpoint-malformed'))
    expect(() => openCheckpoint(note, head.origin, stranger.publicKey)).toThrow(coded('signature-invalid'))
    expect(() => openCheckpoint(grown, head.origin, signer.publicKey)).toThrow(coded('signature-invalid'))
  })

  it('are refused whole where one line under the key of the log is bad', () => {
    const { text, signatures } = openCheckpoint(signCheckpoint(head, signer), head.origin, signer.publicKey)
    const [good] = signatures as [NoteSignature]
    const bad = { ...good, signature: good.signature.with(0, good.signature[0]! ^ 1) }
    const unknown = { ...bad, keyId: (good.keyId ^ 1) >>> 0 }
    const open = (...lines: NoteSignature[]) =>
      openCheckpoint(encodeSignedNote({ text, signatures: lines }), head.origin, signer.publicKey)
    expect(open(unknown, good).head).toEqual(head)
    expect(() => open(good, bad)).toThrow(coded('signature-invalid'))
    expect(() => open(unknown)).toThrow(coded('signature-invalid'))
  })

  const root = toBase64(head.root)
  it.each([
    ['a leading zero', `o\n01\n${root}\n`],
    ['a plus sign', `o\n+1\n${root}\n`],
    ['a negative size', `o\n-1\n${root}\n`],
    ['a hexadecimal size', `o\n0x1\n${root}\n`],
    ['an empty size', `o\n\n${root}\n`],
    ['a size beyond 2^53', `o\n9007199254740992\n${root}\n`],
    ['a size in other digits', `o\n\u0661\n${root}\n`],
    ['an empty origin', `\n1\n${root}\n`],
    ['an origin too long', `${'o'.repeat(256)}\n1\n${root}\n`],
    ['a short root', `o\n1\nAAAA\n`],
    ['a root that is not canonical', `o\n1\n${root.slice(0, 42)}J=\n`],
    ['an extension line', `o\n1\n${root}\nmore\n`],
    ['two lines', `o\n1\n`],
    ['no newline at the end', `o\n1\n${root}`],
  ])('are refused with %s', (_fault, text) => {
    expect(() => parseCheckpoint(text)).toThrow(coded('checkpoint-malformed'))
  })

  it.each([0, 1, Number.MAX_SAFE_INTEGER])('take a size of %i', size => {
    expect(parseCheckpoint(buildCheckpoint({ ...head, size }))).toEqual({ ...head, size })
  })
})

describe('R-2.8: cosignatures', () => {
  const text = buildCheckpoint(head)
  const witness = { name: 'witness.example/w1', publicKey: signer.publicKey }
  const time = 1_679_315_147

  it('of type 0x04 sign the lines of the specification', () => {
    const line = cosignEd25519(text, witness.name, signer, time)
    const message = utf8(`cosignature/v1\ntime 1679315147\n${text}`)
    expect(line.keyId).toBe(noteKeyId(witness.name, 4, witness.publicKey))
    expect(line.signature.subarray(0, 8)).toEqual(u64be(time))
    expect(ed25519.verify(line.signature.subarray(8), message, witness.publicKey)).toBe(true)
    expect(checkEd25519Cosignature(text, witness, line)).toEqual({ kind: 'valid', timeSeconds: time })
  })

  it('of type 0x06 sign the structure of the specification', () => {
    const key = createMlDsa44Signer(new Uint8Array(32).fill(3))
    const author = { name: head.origin, publicKey: key.publicKey }
    const line = cosignMlDsa44(head, author.name, key, time)
    const name = concat(u8(head.origin.length), utf8(head.origin))
    const message = concat(utf8('subtree/v1\n\0'), name, u64be(time), name, u64be(0), u64be(head.size), head.root)
    expect(line.keyId).toBe(noteKeyId(author.name, 6, author.publicKey))
    expect(ml_dsa44.verify(line.signature.subarray(8), message, author.publicKey)).toBe(true)
    expect(checkMlDsa44Cosignature(head, author, line)).toEqual({ kind: 'valid', timeSeconds: time })
    expect(checkMlDsa44Cosignature({ ...head, size: 5 }, author, line)).toEqual({ kind: 'invalid' })
    expect(parseSignatureLine(encodeSignatureLine(line))).toEqual(line)
  })

  it('fail over another text, time or name', () => {
    const line = cosignEd25519(text, witness.name, signer, time)
    const later = concat(u64be(time + 1), line.signature.subarray(8))
    const beyond = concat(fromHex('ffffffffffffffff'), line.signature.subarray(8))
    const check = (other: Partial<NoteSignature>) => checkEd25519Cosignature(text, witness, { ...line, ...other }).kind
    expect(checkEd25519Cosignature(buildCheckpoint({ ...head, size: 5 }), witness, line).kind).toBe('invalid')
    expect(check({ signature: later })).toBe('invalid')
    expect(check({ signature: beyond })).toBe('invalid')
    expect(check({ signature: new Uint8Array(8) })).toBe('invalid')
    expect(check({ signature: new Uint8Array(0) })).toBe('invalid')
    expect(check({ name: 'witness.example/w2' })).toBe('other-key')
    expect(check({ keyId: 0 })).toBe('other-key')
  })

  it('of one type do not pass for the other, nor for the signature of the log', () => {
    const asLog = noteKeyId(witness.name, 1, witness.publicKey)
    const line = cosignEd25519(text, witness.name, signer, time)
    expect(line.keyId).not.toBe(asLog)
    expect(checkEd25519Cosignature(text, witness, { ...line, signature: signer.sign(utf8(text)) }).kind).toBe('invalid')
  })
})
