import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { crc32c } from '../../src/store/crc32c.ts'
import { checkLevelFiles } from '../../src/store/level-files.ts'
import { diskLevel } from '../../src/store/open.ts'
import { unpackSnappy } from '../../src/store/snappy.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-level-files-'))
const whole = join(root, 'whole')
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Tables, some of them packed, and a log: what is written, closed, opened and written again. */
beforeAll(async () => {
  for (const round of [0, 1, 2]) {
    const level = diskLevel(whole, { writeBufferBytes: 64 * 1024 })
    for (let i = 0; i < 400; i++) {
      const noise = Array.from({ length: 40 }, (_, j) => String.fromCharCode(33 + ((i * j * 7919 + round) % 90))).join(
        '',
      )
      await level.put(utf8(`key ${round} ${i}`), utf8(`${'packs well '.repeat(10)}${noise}`))
    }
    await level.close()
  }
})

let copies = 0
function copy(): string {
  const at = join(root, `copy-${copies++}`)
  cpSync(whole, at, { recursive: true })
  return at
}

function flip(path: string, position: number): void {
  const bytes = readFileSync(path)
  bytes[position]! ^= 1
  writeFileSync(path, bytes)
}

const filesOf = (at: string) => readdirSync(at).filter(name => /\.ldb$|\.log$|^MANIFEST-|^CURRENT$/.test(name))

describe('the files of a LevelDB', () => {
  it('are whole when they were left whole', async () => {
    expect(filesOf(whole).filter(name => name.endsWith('.ldb')).length).toBeGreaterThan(0)
    expect(await checkLevelFiles(whole, 'all')).toEqual([])
  })

  it('are found damaged wherever one bit of them is another', async () => {
    for (const name of filesOf(whole)) {
      const { length } = readFileSync(join(whole, name))
      const step = Math.max(1, Math.floor(length / 60))
      for (let position = 0; position < length; position += step) {
        const at = copy()
        flip(join(at, name), position)
        const faults = await checkLevelFiles(at, 'all')
        expect(faults.length, `${name} at ${position}`).toBeGreaterThan(0)
        rmSync(at, { recursive: true })
      }
    }
  })

  it('are found damaged where a table or the manifest is cut short, or CURRENT is missing or names another', async () => {
    const table = filesOf(whole).find(name => name.endsWith('.ldb'))!
    const cut = copy()
    truncateSync(join(cut, table), 2000)
    expect(await checkLevelFiles(cut, 'all')).toMatchObject([{ file: table }])
    expect(await checkLevelFiles(cut, 'tables')).toMatchObject([{ file: table }])
    const headless = copy()
    rmSync(join(headless, 'CURRENT'))
    expect(await checkLevelFiles(headless, 'all')).toEqual([{ file: 'CURRENT', sentence: 'it is missing' }])
    const elsewhere = copy()
    writeFileSync(join(elsewhere, 'CURRENT'), 'MANIFEST-999999\n')
    expect(await checkLevelFiles(elsewhere, 'all')).toMatchObject([{ file: 'CURRENT' }])
  })

  it('may end amid a record, as a crash leaves them', async () => {
    const at = copy()
    const log = filesOf(at).find(name => name.endsWith('.log'))!
    const { length } = readFileSync(join(at, log))
    truncateSync(join(at, log), Math.max(0, length - 20))
    expect(await checkLevelFiles(at, 'all')).toEqual([])
    writeFileSync(join(at, log), new Uint8Array(100))
    expect(await checkLevelFiles(at, 'logs')).toEqual([])
  })
})

describe('CRC-32C', () => {
  it('gives the values of RFC 3720, appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
    expect(crc32c(utf8('6789'), crc32c(utf8('12345')))).toBe(crc32c(utf8('123456789')))
    expect(crc32c(utf8('123456789'))).toBe(0xe3069283)
  })
})

describe('Snappy', () => {
  it('unpacks literals and copies, overlapping ones too', () => {
    expect(unpackSnappy(new Uint8Array([5, 0b10000, 1, 2, 3, 4, 5]))).toEqual(new Uint8Array([1, 2, 3, 4, 5]))
    expect(unpackSnappy(new Uint8Array([6, 0, 7, 0b0000_0101, 1]))).toEqual(new Uint8Array(6).fill(7))
  })

  it('refuses what does not fit', () => {
    for (const bytes of [
      [],
      [5],
      [5, 0b10000, 1],
      [6, 0, 7, 0b0000_0101, 2],
      [1, 0, 7, 0, 7],
      [0xff, 0xff, 0xff, 0xff, 0xff],
    ]) {
      expect(unpackSnappy(new Uint8Array(bytes))).toBeUndefined()
    }
  })
})
