import { createReadStream, existsSync, globSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createGunzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { applyRow, EMPTY_TALLY, type ImportRow, type Tally } from '../../src/formats/import-row.ts'
import { readImport } from '../../src/formats/in/import.ts'

const DATA = join(import.meta.dirname, '../../../shared/data')
const present = existsSync(DATA)
if (!present) console.warn(`skipped: the published indicator data is not at ${DATA}`)

function open(path: string): AsyncIterable<Uint8Array> {
  const file = createReadStream(path)
  return path.endsWith('.gz') ? file.pipe(createGunzip()) : file
}

/** The unpacked file again and again, as one longer file. */
async function* repeated(path: string, times: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < times; i++) yield* open(path)
}

async function tallyOf(rows: AsyncIterable<ImportRow>): Promise<Tally> {
  let tally = EMPTY_TALLY
  for await (const row of rows) {
    tally = applyRow(tally, row)
    if (row.kind !== 'refused') continue
    expect(row.reason).not.toBe('')
    expect(row.place).not.toBe('')
  }
  return tally
}

function importFile(name: string): Promise<Tally> {
  return tallyOf(readImport(open(join(DATA, name)), { name: name.replace(/\.gz$/, '') }))
}

const files = present
  ? globSync(['csv/**/*.*', 'lists/**/*.*', 'stix/**/*.*', 'misp/**/*.*'], { cwd: DATA })

      .filter(name => statSync(join(DATA, name)).isFile())
      .sort()
  : []

describe.skipIf(!present)('published indicator files', () => {
  it('all go in without a fault, and every row is accounted for', { timeout: 120_000 }, async () => {
    expect(files.length).toBeGreaterThan(130)
    for (const name of files) {
      const tally = await importFile(name)
      expect(tally.values, name).toBe(tally.claims + tally.context + tally.refused)
      expect(tally.values, name).toBeGreaterThan(0)
    }
  })

  it.each([
    ['csv/unit42/squirtdanger-squirtdanger_samples.csv', { values: 3972, claims: 3972, context: 0, refused: 0 }],
    ['csv/unit42/prince_of_persia-hashes.csv', { values: 242, claims: 242, context: 0, refused: 0 }],
    ['csv/unit42/silverterrier-domains18.csv.gz', { values: 18_623, claims: 18_623, context: 0, refused: 0 }],
    ['csv/unit42/ewind-apps.csv', { values: 2324, claims: 0, context: 0, refused: 2324 }],
    ['csv/unit42/dearjoohn-dearjoohn_iocs.csv', { values: 43, claims: 43, context: 0, refused: 0 }],
    ['lists/ipsum.txt.gz', { values: 120_430, claims: 120_430, context: 0, refused: 0 }],
    ['lists/maltrail/onion.txt', { values: 56, claims: 55, context: 0, refused: 1 }],
    ['lists/unit42/cryptocurrency_miners-xmr_wallets.txt', { values: 2341, claims: 2339, context: 0, refused: 2 }],
    ['lists/unit42/keybase-keybase_panels.txt.gz', { values: 5242, claims: 5241, context: 0, refused: 1 }],
    ['stix/2.1/amnesty/pegasus.stix2', { values: 3099, claims: 1549, context: 1550, refused: 0 }],
    ['stix/2.1/oasis-examples/poisonivy.json', { values: 197, claims: 66, context: 130, refused: 1 }],
    ['stix/2.1/attack/ics-attack-18.1.json.gz', { values: 1826, claims: 0, context: 1825, refused: 1 }],
    ['stix/2.0/unit42/2024-04-12-MidnightEclipse.json', { values: 31, claims: 30, context: 1, refused: 0 }],
    ['misp/eset/glupteba.misp-event.json', { values: 325, claims: 0, context: 0, refused: 325 }],
    ['misp/eset/misp-dukes-operation-ghost-event.json', { values: 101, claims: 87, context: 0, refused: 14 }],
    ['misp/pymisp/sighting_1.json', { values: 5, claims: 5, context: 0, refused: 0 }],
    ['misp/eset/rqz-dnsduvel_blocklist.json', { values: 1, claims: 0, context: 0, refused: 1 }],
  ])('%s gives what it holds', { timeout: 60_000 }, async (name, tally) => {
    expect(await importFile(name)).toEqual(tally)
  })

  it('of one list in six formats name the same domains', async () => {
    const namesOf = async (format: string): Promise<string> => {
      const names = new Set<string>()
      const name = `lists/formats/adaway.${format}`
      for await (const row of readImport(open(join(DATA, name)), { name }))
        if (row.kind === 'claim') names.add(row.draft.value)
      return [...names].sort().join('\n')
    }
    const short = await namesOf('adblock.txt')
    expect(short.split('\n').length).toBe(4456)
    for (const format of ['dnsmasq.txt', 'wildcard.txt', 'unbound.conf']) expect(await namesOf(format)).toBe(short)
    expect(await namesOf('hosts.txt')).toBe(await namesOf('domains.txt'))
  })

  it.each([
    ['stix/2.1/amnesty/pegasus.stix2', 40],
    ['csv/unit42/silverterrier-domains17.csv', 20],
    ['lists/maltrail/apt_lazarus.txt', 20],
  ])('of any length keep memory flat: %s, %i times over', { timeout: 60_000 }, async (name, times) => {
    let peak = 0
    let rows = 0
    const before = process.memoryUsage().heapUsed
    for await (const _ of readImport(repeated(join(DATA, name), times), { name })) {
      if (++rows % 5000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed - before)
    }
    expect(rows).toBeGreaterThan(100_000)
    expect(peak, relative(DATA, name)).toBeLessThan(192 * 1024 * 1024)
  })
})
