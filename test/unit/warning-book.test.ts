import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/base/ports.ts'
import { type WarninglistsConfig, warninglistsSection } from '../../src/node/config/warninglists-config.ts'
import { openWarningBook } from '../../src/node/rules/warning-book.ts'
import { changesBetween } from '../../src/node/rules/warninglist-changes.ts'
import { findWarninglists, readWarninglist } from '../../src/node/rules/warninglist-files.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-lists-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const list = (name: string, entries: readonly string[], more: object = {}) =>
  JSON.stringify({ name, type: 'hostname', version: 1, matching_attributes: ['domain', 'url'], list: entries, ...more })

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), content)
}

const open = (config: Partial<WarninglistsConfig> = {}) =>
  openWarningBook({
    config: { ...warninglistsSection.parse({}), builtin: false, ...config },
    paths: () => [folder],
    logger: silentLogger,
  })

const domain = (value: string) => ({ type: 'domain', value })

describe('the book of warninglists', () => {
  it('has what lies in a folder, packed or not, however deep a checkout of MISP has it', async () => {
    put('top.json', list('Top', ['top.com']))
    put('lists/banks/list.json', list('Banks', ['bank.com']))
    put('packed.json.gz', gzipSync(list('Packed', ['packed.com'])))
    put('schema.json', '{}')
    put('.git/x.json', '{}')
    const book = await open()
    expect(book.lists().map(({ list }) => list.name)).toEqual(['Banks', 'Packed', 'Top'])
    expect(book.check(domain('www.packed.com'))).toEqual([{ list: 'Packed', action: 'warn', entry: 'packed.com' }])
    expect(book.problems()).toEqual([])
  })

  it('opens with a broken list, says so, and has the others', async () => {
    put('good.json', list('Good', ['good.com']))
    put('broken.json', '{"name": "Br')
    put('latin1.json', Buffer.from(list('Caf\u00e9', ['a.com']), 'latin1'))
    put('cut.json.gz', gzipSync(list('Cut', ['cut.com'])).subarray(0, 40))
    const book = await open()
    expect(book.check(domain('good.com'))).toHaveLength(1)
    expect(book.problems().map(({ code, occasion }) => `${code} ${occasion.slice(folder.length + 1)}`)).toEqual([
      'warninglist-broken broken.json',
      'warninglist-broken cut.json.gz',
      'warninglist-broken latin1.json',
    ])
  })

  it('does not unpack a bomb', async () => {
    put('bomb.json.gz', gzipSync(Buffer.alloc(300 * 1024 * 1024, 0x20)))
    const book = await open()
    expect(book.problems()[0]?.message).toMatch(/cannot be unpacked/)
  })

  it('does with each list what the configuration says, by its name in any case', async () => {
    put('a.json', list('Top 10K', ['a.com']))
    put('b.json', list('Shorteners', ['b.com']))
    const book = await open({ perList: { 'top 10k': 'block', SHORTENERS: 'off', Typo: 'warn' } })
    expect(book.check(domain('a.com'))).toEqual([{ list: 'Top 10K', action: 'block', entry: 'a.com' }])
    expect(book.blockedBy(domain('a.com'))).toBe('a.com is on the warninglist "Top 10K"')
    expect(book.check(domain('b.com'))).toEqual([])
    expect(book.lists().map(({ action }) => action)).toEqual(['block', 'off'])
    expect(book.problems()).toMatchObject([{ code: 'warninglist-unknown', occasion: 'Typo' }])
  })

  it('has built-in lists, each with its own action unless it is said otherwise', async () => {
    const address = { type: 'ipv4', value: '10.0.0.1' }
    expect((await open({ builtin: true })).blockedBy(address)).toMatch(/private-addresses/)
    const lenient = await open({ builtin: true, perList: { 'private-addresses': 'warn' } })
    expect(lenient.blockedBy(address)).toBeUndefined()
    expect(lenient.check(address)).toMatchObject([{ list: 'private-addresses', action: 'warn' }])
    expect((await open({ perList: { 'private-addresses': 'off' } })).problems()).toEqual([])
  })

  it('takes up what changed at once, and keeps the last good list of what has broken', async () => {
    put('a.json', list('A', ['a.com', 'old.com']))
    put('b.json', list('B', ['b.com']))
    const book = await open()
    let told = 0
    book.onChange(() => told++)
    put('a.json', list('A', ['a.com', 'new.com', 'newer.com'], { version: 2 }))
    put('b.json', '{"list": ["b.com"')
    put('c.json', list('C', ['c.com']))
    const { before, after, broken } = await book.reload()
    expect(told).toBe(1)
    expect(broken).toMatchObject([{ path: join(folder, 'b.json'), kept: true }])
    expect(changesBetween(before, after)).toMatchObject([
      { name: 'A', change: 'changed', versionBefore: 1, version: 2, added: 2, removed: 1 },
      { name: 'B', change: 'same', added: 0, removed: 0 },
      { name: 'C', change: 'new', added: 1 },
    ])
    expect(book.check(domain('old.com'))).toEqual([])
    expect(book.check(domain('b.com'))).toHaveLength(1)
    rmSync(join(folder, 'c.json'))
    const next = await book.reload()
    expect(changesBetween(next.before, next.after).at(-1)).toMatchObject({ name: 'C', change: 'gone', removed: 1 })
  })

  it('keeps what it has where the folder itself cannot be read', async () => {
    put('a.json', list('A', ['a.com']))
    const book = await open()
    rmSync(folder, { recursive: true })
    expect((await book.reload()).broken).toMatchObject([{ path: folder, kept: true }])
    expect(book.check(domain('a.com'))).toHaveLength(1)
  })

  it('takes the newer of two files with one list', async () => {
    put('a.json', list('Top', ['new.com'], { version: 7 }))
    put('b.json', list('TOP', ['old.com'], { version: 6 }))
    const book = await open()
    expect(book.lists()).toHaveLength(1)
    expect(book.check(domain('new.com'))).toHaveLength(1)
  })
})

const REAL = join(import.meta.dirname, '../../../shared/data/warninglists')

describe.skipIf(!existsSync(REAL))('the real lists (skipped where they are not installed)', () => {
  it('are all taken, without one entry left out', async () => {
    const files = await findWarninglists([REAL])
    expect(files).toHaveLength(readdirSync(REAL).length)
    for (const { path } of files) {
      const { list } = await readWarninglist(path)
      expect(list.left, path).toEqual({ count: 0, first: [] })
      expect(list.entries.length, path).toBeGreaterThan(0)
    }
  })

  it('know what everybody knows', async () => {
    const book = await openWarningBook({
      config: { ...warninglistsSection.parse({}), builtin: false },
      paths: () => [REAL],
      logger: silentLogger,
    })
    const listsOf = (type: string, value: string) => book.check({ type, value }).map(({ list }) => list)
    expect(listsOf('domain', 'mail.google.com')).toContain('List of known google domains')
    expect(listsOf('domain', 'google.com')).toContain('Top 10K most-used sites from Tranco')
    expect(listsOf('url', 'https://bit.ly/abc')).toContain('List of known URL Shorteners domains')
    expect(listsOf('cidr', '8.8.8.0/24')).toContain('List of known IPv4 public DNS resolvers')
    expect(listsOf('ipv4', '192.168.1.1')).toContain('List of RFC 1918 CIDR blocks')
    expect(listsOf('email', 'abuse@isp.com')).toContain('Common contact e-mail addresses')
    expect(listsOf('domain', 'com.ng')).toContain('Second level TLDs as known by Mozilla Foundation')
    expect(listsOf('md5', '44d88612fea8a8f36de82e1278abb02f')).toContain('List of hashes for EICAR test virus')
    expect(listsOf('domain', 'nobody-knows-this-one.com')).toEqual([])
  })
})
