import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nftables } from '../../src/formats/out/nftables.ts'
import { debianTool } from '../support/debian-tool.ts'
import { exported, exportedIndicator } from '../support/exported.ts'

const program = debianTool('nft', 'nftables')

/** Why nft cannot change rules here; undefined where it can, in a network of its own. */
function whyNoTables(): string | undefined {
  if (program === undefined) return 'nft is not here'
  const { status, stderr } = spawnSync('unshare', ['--net', program, 'add', 'table', 'inet', 'probe'], {
    encoding: 'utf8',
  })
  return status === 0 ? undefined : `no tables in a network of its own: ${stderr}`
}

const missing = whyNoTables()
if (missing !== undefined) console.warn(`skipped: ${missing}`)

const address = (value: string) =>
  exportedIndicator(value.includes('/') ? 'cidr' : value.includes(':') ? 'ipv6' : 'ipv4', value)
const fileOf = (values: readonly string[], context: Parameters<typeof exported>[2] = {}) =>
  exported(nftables, values.map(address), context).files.get('')!

const FIRST = [
  '127.0.0.2',
  '192.0.2.0/24',
  '192.0.2.7',
  '192.0.3.0/24',
  '203.0.113.0/24',
  '2001:db8::/32',
  '2001:db8::1',
  '::ffff:198.51.100.1',
]
const SECOND = ['192.0.2.0/25', '192.0.2.200', '2001:db8::1']

describe.skipIf(missing !== undefined)('nft, with the file that is exported', { timeout: 60_000 }, () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-nft-'))
    writeFileSync(join(folder, 'first'), fileOf(FIRST, { allowed: [{ type: 'ipv4', value: '203.0.113.9' }] }))
    writeFileSync(join(folder, 'second'), fileOf(SECOND))
    writeFileSync(join(folder, 'dropping'), fileOf(FIRST, { parameters: { rules: 'drop', table: 'own_table' } }))
    writeFileSync(join(folder, 'logging'), fileOf(FIRST, { parameters: { rules: 'log' } }))
    writeFileSync(join(folder, 'empty'), fileOf([]))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Of a network of its own, what `nft` says in the end. */
  const inNetwork = (script: string): string =>
    execFileSync('unshare', ['--net', 'sh', '-ec', `PATH="$PATH:/usr/sbin:/sbin"; cd "${folder}"; ${script}`], {
      encoding: 'utf8',
    })
  const elementsOf = (listing: string): readonly (readonly unknown[])[] =>
    JSON.parse(listing)
      .nftables.filter((part: object) => 'set' in part)
      .map(({ set }: { set: { elem?: readonly unknown[] } }) => set.elem ?? [])

  test('takes it with a check alone, and refuses an address that is none', () => {
    for (const file of ['first', 'second', 'dropping', 'logging', 'empty']) inNetwork(`nft -c -f ${file}`)
    expect(() => inNetwork('sed s/192.0.2.0/192.0.2.999/ first > bad; nft -c -f bad 2>/dev/null')).toThrow()
  })

  test('holds ranges merged, without what is never blocked', () => {
    expect(elementsOf(inNetwork('nft -f first; nft --json list ruleset'))).toEqual([
      [
        '127.0.0.2',
        { prefix: { addr: '192.0.2.0', len: 23 } },
        '198.51.100.1',
        { range: ['203.0.113.0', '203.0.113.8'] },
        { range: ['203.0.113.10', '203.0.113.255'] },
      ],
      [{ prefix: { addr: '2001:db8::', len: 32 } }],
    ])
  })

  test('replaces what was there, again and again, and leaves rules of the operator alone', () => {
    const chain =
      'nft "add chain inet tocsin mine { type filter hook input priority 0; }; add rule inet tocsin mine ip saddr @blocked4 drop"'
    const listing = inNetwork(
      `nft -f first; ${chain}; nft -f second; nft -f first; nft -f second; nft --json list ruleset`,
    )
    expect(elementsOf(listing)).toEqual([[{ prefix: { addr: '192.0.2.0', len: 25 } }, '192.0.2.200'], ['2001:db8::1']])
    expect(listing).toContain('"right": "@blocked4"')
    expect(elementsOf(inNetwork('nft -f first; nft -f empty; nft --json list ruleset'))).toEqual([[], []])
  })

  test('drops traffic to what is listed where rules are asked for', () => {
    const listing = inNetwork(
      `ip link set lo up; nft -f dropping; nft -f dropping; bash -c 'echo > /dev/udp/127.0.0.2/9 || true; echo > /dev/udp/127.0.0.3/9 || true' 2>/dev/null; nft list chain inet own_table output`,
    )
    expect(listing).toMatch(/ip daddr @blocked4 counter packets 1 bytes \d+ drop/)
  })
})
