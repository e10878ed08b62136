import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { ExportContext } from '../../src/formats/exported.ts'
import { rpz } from '../../src/formats/out/rpz.ts'
import { unbound } from '../../src/formats/out/unbound.ts'
import { debianTool } from '../support/debian-tool.ts'
import { exported, exportedIndicator } from '../support/exported.ts'
import { ADDRESSES, type Resolver, startNamed, startUnbound } from '../support/resolver.ts'

const dig = debianTool('dig', 'bind9-dnsutils')
const checkZone = debianTool('named-checkzone', 'bind9-utils')
const named = dig && debianTool('named', 'bind9')
const unboundDaemon = dig && debianTool('unbound', 'unbound')

const FAR = 'x'.repeat(63)
/** Long enough for DNS alone, and too long below a zone. */
const TOO_LONG = `${FAR}.${FAR}.${FAR}.${'y'.repeat(50)}.example`

const LISTED = [
  ['cidr', '198.51.100.8/32'],
  ['cidr', '203.0.113.0/24'],
  ['cidr', '2001:db8:0:1::/64'],
  ['cidr', '0.0.0.0/0'],
  ['cidr', '::/0'],
  ['domain', 'a.b.c.deep.test'],
  ['domain', 'a.b.evil.test'],
  ['domain', 'evil.test'],
  ['domain', 'listed.fine.test'],
  ['domain', TOO_LONG],
  ['domain', 'under.evil.test'],
  ['domain', 'xn--bse-sna.test'],
  ['domain', '_dmarc.under-score.test'],
  ['ipv4', '198.51.100.8'],
  ['ipv6', '::ffff:203.0.113.5'],
  ['ipv6', '2001:db8::1:0:0:8'],
] as const

const ALLOWED: ExportContext['allowed'] = [
  { type: 'domain', value: 'fine.test' },
  { type: 'domain', value: 'very.ok.evil.test' },
  { type: 'ipv4', value: '203.0.113.9' },
  { type: 'cidr', value: '0.0.0.0/0' },
]

const indicators = LISTED.map(([type, value]) => exportedIndicator(type, value))
const allowed = ALLOWED.filter(({ value }) => value !== '0.0.0.0/0')

/** What a policy zone is to make of names; addresses of `test.` are listed as AAAA, those of `example.` as A. */
const ANSWERS: readonly (readonly [name: string, answer: string])[] = [
  ['evil.test', 'NXDOMAIN'],
  ['any.evil.test', 'NXDOMAIN'],
  ['under.evil.test', 'NXDOMAIN'],
  // Between a listed name and a listed one below it.
  ['b.evil.test', 'NXDOMAIN'],
  ['other.b.evil.test', 'NXDOMAIN'],
  ['a.b.evil.test', 'NXDOMAIN'],
  ['x.a.b.evil.test', 'NXDOMAIN'],
  // Between a listed name and one below it that is never blocked.
  ['ok.evil.test', 'NXDOMAIN'],
  ['other.ok.evil.test', 'NXDOMAIN'],
  ['very.ok.evil.test', `NOERROR ${ADDRESSES.test[0]}`],
  ['x.very.ok.evil.test', `NOERROR ${ADDRESSES.test[0]}`],
  ['a.b.c.deep.test', 'NXDOMAIN'],
  ['deep.test', `NOERROR ${ADDRESSES.test[0]}`],
  ['listed.fine.test', `NOERROR ${ADDRESSES.test[0]}`],
  ['xn--bse-sna.test', 'NXDOMAIN'],
  ['harmless.test', `NOERROR ${ADDRESSES.test[0]}`],
  // By its address alone.
  ['harmless.example', 'NXDOMAIN'],
]

function zoneOf(parameters: Record<string, string> = {}): string {
  return exported(rpz, indicators, { allowed, parameters }).files.get('')!
}

function answersOf(resolver: Resolver): [string, string][] {
  return ANSWERS.map(([name]) => [name, resolver.ask(name)])
}

describe.skipIf(named === undefined)('BIND, with the policy zone that is exported', { timeout: 60_000 }, () => {
  test('answers by it, and finds no fault in any of its records', async () => {
    await using resolver = await startNamed(named!, zoneOf())
    expect(answersOf(resolver)).toEqual(ANSWERS)
    expect(resolver.ask('harmless.test', 'AAAA')).toBe('NXDOMAIN')
    expect(resolver.ask('harmless.example', 'AAAA')).toBe('NXDOMAIN')
    expect(resolver.log()).toContain('zone tocsin.rpz/IN: loaded serial 7')
    expect(resolver.log()).not.toMatch(/not the canonical|invalid rpz|rpz.*(?:error|fail)/i)
  })

  test('finds no fault in the names of any address or range', async () => {
    const some = Array.from({ length: 2000 }, (_, i) => exportedIndicator('cidr', oddRange(i)))
    await using resolver = await startNamed(named!, exported(rpz, some).files.get('')!)
    expect(resolver.log()).toContain('zone tocsin.rpz/IN: loaded')
    expect(resolver.log()).not.toMatch(/not the canonical|invalid rpz/)
  })

  test.each([
    ['nodata', 'NOERROR'],
    ['garden.example', 'NOERROR garden.example. 198.51.100.8'],
    ['passthru', `NOERROR ${ADDRESSES.test[0]}`],
    ['drop', 'TIMEOUT'],
  ])('answers %s where that is the action', async (action, answer) => {
    const zone = exported(rpz, [exportedIndicator('domain', 'evil.test')], { parameters: { action } }).files.get('')!
    await using resolver = await startNamed(named!, zone)
    expect(resolver.ask('evil.test')).toBe(answer)
  })
})

describe.skipIf(checkZone === undefined)('named-checkzone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-zone-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function check(zone: string, text: string): string {
    const file = join(folder, 'zone')
    writeFileSync(file, text)
    return spawnSync(checkZone!, [zone, file], { encoding: 'utf8' }).stdout
  }

  test('takes the zone', () => {
    expect(check('tocsin.rpz', zoneOf())).toBe('zone tocsin.rpz/IN: loaded serial 7\nOK\n')
  })

  test('takes the longest name that goes below a zone of a long name, and the name one longer is left out', () => {
    const zone = `${'z'.repeat(60)}.rpz`
    const label = (length: number) => 'n'.repeat(length)
    const nameOf = (length: number) => `${label(63)}.${label(63)}.${label(length - 136)}.example`
    const longest = 250 - zone.length
    const { files, left } = exported(
      rpz,
      [longest, longest + 1].map(length => exportedIndicator('domain', nameOf(length))),
      { parameters: { zone } },
    )
    expect([...left]).toEqual([
      [nameOf(longest + 1), 'with the name of the zone the name is longer than the 255 octets that DNS allows'],
    ])
    expect(check(zone, files.get('')!)).toMatch(/OK\n$/)
    const broken = files.get('')!.replaceAll(nameOf(longest), nameOf(longest + 1))
    expect(check(zone, broken)).toMatch(/not loaded due to errors/)
  })
})

describe.skipIf(unboundDaemon === undefined)('Unbound', { timeout: 60_000 }, () => {
  test('answers by the policy zone', async () => {
    const configuration = 'rpz:\n  name: "tocsin.rpz"\n  zonefile: "@FOLDER@/rpz.zone"\n'
    await using resolver = await startUnbound(unboundDaemon!, configuration, zoneOf())
    expect(answersOf(resolver)).toEqual(ANSWERS)
    expect(resolver.log()).not.toMatch(/error|warn/)
  })

  test('answers by its local zones', async () => {
    const zones = exported(
      unbound,
      indicators.filter(({ type }) => type === 'domain'),
      { allowed },
    ).files.get('')!
    await using resolver = await startUnbound(unboundDaemon!, zones)
    // Addresses are for the policy zone alone.
    expect(answersOf(resolver)).toEqual([...ANSWERS.slice(0, -1), ['harmless.example', 'NOERROR 198.51.100.8']])
  })

  test.each([
    ['nodata', 'NOERROR'],
    ['refuse', 'REFUSED'],
    ['drop', 'TIMEOUT'],
  ])('answers %s where that is the action', async (action, answer) => {
    const zones = exported(unbound, [exportedIndicator('domain', 'evil.test')], { parameters: { action } }).files.get(
      '',
    )!
    await using resolver = await startUnbound(unboundDaemon!, zones)
    expect(resolver.ask('evil.test')).toBe(answer)
  })
})

/** Ranges with zeros in every place, of both families. */
function oddRange(i: number): string {
  if (i % 4 === 0) return `${1 + (i % 200)}.${i % 3}.0.0/${16 + (i % 17)}`
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((i * 2654435761) >>> (at * 2)) % 3 === 0 ? '0' : (at + i).toString(16),
  )
  return `2001:${groups.slice(1).join(':')}/${64 + (i % 65)}`
}
