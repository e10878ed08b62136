import { describe, expect, it } from 'vitest'
import { LINE_BYTES_MAX, type Line, readLines } from '../../src/formats/in/text-decoding.ts'
import { chunksOf, utf8 } from '../support/import-bytes.ts'

async function linesOf(bytes: Uint8Array, chunkSize?: number): Promise<readonly Line[]> {
  const out: Line[] = []
  for await (const lines of readLines(chunksOf(bytes, chunkSize))) out.push(...lines)
  return out
}

async function textsOf(bytes: Uint8Array, chunkSize?: number): Promise<readonly string[]> {
  return (await linesOf(bytes, chunkSize)).map(line => (line.kind === 'text' ? line.text : line.code))
}

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(2 + text.length * 2)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0xfeff, littleEndian)
  for (let i = 0; i < text.length; i++) view.setUint16(2 + i * 2, text.charCodeAt(i), littleEndian)
  return bytes
}

describe('lines of a text', () => {
  it.each([1, 2, 3, 7, 65_536])('end with LF, CRLF or CR, mixed, in chunks of %i bytes', async size => {
    expect(await textsOf(utf8('a\nb\r\nc\rd\r\n\r\n\ne'), size)).toEqual(['a', 'b', 'c', 'd', '', '', 'e'])
  })

  it('need no end after the last one', async () => {
    expect(await textsOf(utf8('a\nb'))).toEqual(['a', 'b'])
    expect(await textsOf(utf8('a\nb\n'))).toEqual(['a', 'b'])
    expect(await textsOf(utf8('a\rb\r'))).toEqual(['a', 'b'])
    expect(await textsOf(utf8(''))).toEqual([])
  })

  it.each([1, 2, 65_536])('lose a byte order mark, in chunks of %i bytes', async size => {
    expect(await textsOf(utf8('\ufeffa\nb'), size)).toEqual(['a', 'b'])
  })

  it.each([1, 3, 65_536])('may be UTF-16 of either order, in chunks of %i bytes', async size => {
    expect(await textsOf(utf16('häfen\r\n\u{1f40d}x', true), size)).toEqual(['häfen', '\u{1f40d}x'])
    expect(await textsOf(utf16('häfen\r\n\u{1f40d}x', false), size)).toEqual(['häfen', '\u{1f40d}x'])
  })

  it('show half a UTF-16 character as U+FFFD', async () => {
    expect(await textsOf(utf16('a\ud83d', true))).toEqual(['a\ufffd'])
    expect(await textsOf(utf16('ab', true).subarray(0, 5))).toEqual(['a\ufffd'])
  })

  it.each([1, 65_536])('that are not UTF-8 are read as Windows-1252 and say so, in chunks of %i bytes', async size => {
    const bytes = Uint8Array.from([...utf8('häfen\n'), 0x61, 0xa0, 0x0d, 0x0a, 0x62, 0x80, 0x0a, ...utf8('c')])
    expect(await linesOf(bytes, size)).toEqual([
      { kind: 'text', number: 1, text: 'häfen', guessed: false },
      { kind: 'text', number: 2, text: 'a\u00a0', guessed: true },
      { kind: 'text', number: 3, text: 'b€', guessed: true },
      { kind: 'text', number: 4, text: 'c', guessed: false },
    ])
  })

  it('with a NUL are refused alone', async () => {
    expect(await textsOf(utf8('a\nb\0\nc'))).toEqual(['a', 'import-not-text', 'c'])
  })

  it.each([1000, 65_536, 200_000])('over the cap are refused alone, in chunks of %i bytes', async size => {
    const fits = 'x'.repeat(LINE_BYTES_MAX)
    const long = 'y'.repeat(LINE_BYTES_MAX + 1)
    const endless = 'z'.repeat(5 * LINE_BYTES_MAX)
    const wide = 'ä'.repeat(LINE_BYTES_MAX / 2 + 1)
    const text = `a\n${fits}\r\n${long}\rb\n${endless}\r\nc\n${wide}\n${endless}`
    const lines = await linesOf(utf8(text), size)
    expect(lines.map(line => line.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(lines.map(line => (line.kind === 'text' ? line.text.slice(0, 1) : line.code))).toEqual([
      'a',
      'x',
      'import-line-too-long',
      'b',
      'import-line-too-long',
      'c',
      'import-line-too-long',
      'import-line-too-long',
    ])
  })

  it('of any length keep memory flat', async () => {
    async function* endlessLine(): AsyncGenerator<Uint8Array> {
      const chunk = new Uint8Array(65_536).fill(0x61)
      for (let i = 0; i < 4096; i++) yield chunk
      yield utf8('\nevil.example\n')
    }
    globalThis.gc?.()
    const before = process.memoryUsage()
    const lines: Line[] = []
    for await (const batch of readLines(endlessLine())) lines.push(...batch)
    const after = process.memoryUsage()
    expect(lines.map(line => line.kind)).toEqual(['refused', 'text'])
    // 256 MiB went through; what stays is garbage of a few pieces.
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(64 * 1024 * 1024)
  })

  it.each(['utf-16le', 'utf-16be'])('are read from %s without a mark, whole', async encoding => {
    const bytes = Buffer.from('a.example\nb.example', 'utf16le')
    const read = await textsOf(new Uint8Array(encoding === 'utf-16le' ? bytes : bytes.swap16()), 3)
    expect(read).toEqual(['a.example', 'b.example'])
  })
})
