import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openImportSource } from '../../src/node/inlets/import-source.ts'
import { expandFeeds } from '../../src/node/inlets/misp-feed-folder.ts'

let folder: string
const at = (name: string) => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-import-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function bytesOf(path: string): Promise<number> {
  await using source = await openImportSource(path, Readable.from([]), { bytesMax: 1e12, onRead() {} })
  let bytes = 0
  for await (const chunk of source.chunks) bytes += chunk.length
  return bytes
}

describe('a packed file', () => {
  test('that is a trap ends where it shows, with little read', async () => {
    writeFileSync(at('bomb.gz'), gzipSync(Buffer.alloc(48 * 1024 * 1024)))
    await expect(bytesOf(at('bomb.gz'))).rejects.toMatchObject({ code: 'import-gzip-bomb' })
  })

  test('that is dense and small is none', async () => {
    writeFileSync(at('dense.gz'), gzipSync(Buffer.alloc(4 * 1024 * 1024, 'evil.example\n')))
    expect(await bytesOf(at('dense.gz'))).toBe(4 * 1024 * 1024)
  })
})

describe('a folder', () => {
  const ID = '5b646415-7b48-40d5-86b4-c0070acd0835'

  function feed(name: string, manifest: string): string {
    mkdirSync(at(name))
    writeFileSync(join(at(name), 'manifest.json'), manifest)
    return at(name)
  }

  test('that is a MISP feed stands for the events of its manifest, among other files', async () => {
    const path = feed('feed', JSON.stringify({ [ID]: { info: 'x' } }))
    expect(await expandFeeds(['a.csv', path, '-'])).toEqual(['a.csv', join(path, `${ID}.json`), '-'])
  })

  test('that is none is refused', async () => {
    mkdirSync(at('empty'))
    await expect(expandFeeds([at('empty')])).rejects.toMatchObject({ code: 'file-unreadable' })
  })

  test.each([
    ['leaves its folder', '{"../../etc/passwd": {}}'],
    ['is a list', '[]'],
    ['is no JSON', '{'],
  ])('whose manifest %s is refused', async (what, manifest) => {
    await expect(expandFeeds([feed(what.replaceAll(' ', '-'), manifest)])).rejects.toMatchObject({
      code: 'import-misp-invalid',
    })
  })
})
