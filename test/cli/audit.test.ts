import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromBase64, toBase64, toHex } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { recordLine } from '../../src/cli/audit/audit-export-file.ts'
import { createAuditLog } from '../../src/node/audit/audit-log.ts'
import { type AuditQuery, readAuditPage } from '../../src/node/audit/audit-page.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { auditHash } from '../../src/policy/audit-record.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { AuditRecord } from '../../src/wire/gen/store.ts'
import { type CliHome, openCliHome } from '../support/cli.ts'

const DAY_MS = 86_400_000
const RECORDS = 10
let home: CliHome
let store: Store
let asked: AuditQuery[] = []
const run = (...args: string[]) => home.run(['audit', 'node', ...args])
const file = (name: string) => join(home.work, name)

beforeAll(async () => {
  home = await openCliHome()
  store = await openStore({ memory: true })
  let nowMs = Date.now() - RECORDS * DAY_MS
  const audit = createAuditLog({ store, clock: { now: () => nowMs }, random: systemRandom, logger: silentLogger })
  await audit.record({ kind: 'started', by: 'node', name: 'tocsin' })
  const run = { by: 'anna', changedBy: ['rule 2 "less" (line 9)'], approver: new Uint8Array(32).fill(5), code: '' }
  await audit.record({
    kind: 'released',
    by: 'anna',
    audience: 'alliance',
    entry: { logId: new Uint8Array(32).fill(0xab) as never, seq: 4 },
    count: 3,
    runs: [{ ...run, count: 3, rule: 'rule 1 "own" (line 4)' }],
  })
  while (store.audit().next < RECORDS) {
    nowMs += DAY_MS
    await audit.record({ kind: 'read', by: 'local', name: 'lookup of 2', count: 1 })
  }
  // Pages of a few records, so that there are several.
  home.node.audit = async query => {
    asked.push(query)
    return readAuditPage(store, { ...query, limit: Math.min(query.limit, 4) })
  }
})
afterAll(async () => {
  await home[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
})

describe('audit node list', () => {
  test('shows who did what, how much, and why', async () => {
    const { status, stdout, stderr } = await run('list')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^NUMBER +TIME +KIND +BY +COUNT +ABOUT +WHY +READERS$/m)
    expect(stdout).toMatch(
      /^1 +\S+Z +released +anna +3 +entry abababababab\/4 +3 × rule 1 "own" \(line 4\) changed by rule 2 "less" \(line 9\) approved by key 050505050505 +alliance$/m,
    )
    expect(stdout.trimEnd().split('\n')).toHaveLength(RECORDS + 1)
  })

  test('shows the newest, those since a time, of a kind, or about something', async () => {
    const numbers = async (...args: string[]) => {
      const { stdout } = await run('list', '-o', 'json', ...args)
      return JSON.parse(stdout).map((view: { number: number }) => view.number)
    }
    expect(await numbers('--limit', '2')).toEqual([8, 9])
    expect(await numbers('--since', '84h')).toEqual([8, 9])
    expect(await numbers('--kind', 'released')).toEqual([1])
    expect(await numbers('--about', `${'ab'.repeat(32)}/4`)).toEqual([1])
    expect(await numbers('--about', '0505')).toEqual([1])
    expect(await numbers('--kind', 'exported')).toEqual([])
  })

  test('refuses a kind that does not exist', async () => {
    expect((await run('list', '--kind', 'deleted')).status).toBe(64)
  })
})

describe('audit node verify', () => {
  test('recomputes the log of the running node', async () => {
    asked = []
    const { status, stdout } = await run('verify', '-o', 'json')
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      {
        ...{ result: 'good', records: RECORDS, first: 0, last: RECORDS - 1, brokenAt: null, reason: '' },
        hash: toHex(store.audit().hash),
      },
    ])
    expect(asked.map(({ from, purpose }) => [from, purpose])).toEqual([0, 4, 8].map(from => [from, 'verify']))
  })

  test('from a record on, and up to none', async () => {
    expect(JSON.parse((await run('verify', '--from', '7', '-o', 'json')).stdout)).toMatchObject({
      result: 'good',
      first: 7,
      records: 3,
    })
    expect((await run('verify', '--from', '99')).status).toBe(1)
  })

  test('is 1 where syslog has noted what is not there, 0 where it is', async () => {
    const [line] = await store.auditRecords(3, 1)
    expect((await run('verify', '--head', toHex(auditHash(line!.bytes)))).status).toBe(0)
    const { status, stdout } = await run('verify', '--head', 'cd'.repeat(32))
    expect(status).toBe(1)
    expect(stdout).toMatch(/^reason +no record has the hash cdcd/m)
    expect((await run('verify', '--head', 'cd')).status).toBe(64)
  })

  test('is not possible without a daemon', async () => {
    await using silent = await openCliHome(false)
    expect((await silent.run(['audit', 'node', 'verify'])).status).toBe(69)
  })
})

describe('an export', () => {
  let lines: string[] = []

  beforeAll(async () => {
    const { status, stderr } = await run('export', '-O', file('audit.ndjson'))
    expect(status).toBe(0)
    expect(stderr).toContain(`the log ends with the hash ${toHex(store.audit().hash)}.`)
    lines = readFileSync(file('audit.ndjson'), 'utf8').trimEnd().split('\n')
  })

  const verify = async (name: string, text: readonly string[], ...args: string[]) => {
    writeFileSync(file(name), `${text.join('\n')}\n`)
    const { status, stdout } = await run('verify', file(name), '-o', 'json', ...args)
    return { status, report: stdout === '' ? undefined : JSON.parse(stdout) }
  }

  test('holds the bytes of every record, and is asked for as one', async () => {
    expect(asked.at(-1)?.purpose).toBe('export')
    const kept = (await store.auditRecords(0, 100)).map(({ bytes }) => toBase64(bytes))
    expect(lines.slice(1).map(line => JSON.parse(line).record)).toEqual(kept)
    expect(JSON.parse(lines[2]!)).toMatchObject({ number: 1, kind: 'released', by: 'anna', count: 3 })
  })

  test('is verified without a daemon', async () => {
    await using silent = await openCliHome(false)
    const { status, stdout } = await silent.run(['audit', 'node', 'verify', file('audit.ndjson')])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^result +good$/m)
  })

  test('shows one changed byte, a record gone, and an end cut off', async () => {
    const record = decodeLoose(AuditRecord, fromBase64(JSON.parse(lines[2]!).record), false)
    const forged = recordLine({ number: 1, bytes: encode(AuditRecord, { ...record, by: 'bert' }) }).trimEnd()
    const cases = [
      [lines.with(2, forged), 2],
      [lines.toSpliced(5, 1), 5],
      [lines.slice(0, -1), RECORDS - 1],
      [lines.toSpliced(1, 1), 0],
      [lines.slice(0, 1), 0],
      [lines.with(2, lines[2]!.replace('"by":"anna"', '"by":"bert"')), 1],
      [lines.with(4, 'no JSON'), 3],
      [lines.with(4, '{"number":3,"record":"!"}'), 3],
    ] as const
    for (const [text, brokenAt] of cases) {
      expect(await verify('tampered.ndjson', text)).toMatchObject({ status: 1, report: { result: 'broken', brokenAt } })
    }
  })

  test('of a part is good from there on', async () => {
    expect((await run('export', '--from', '6', '-O', file('part.ndjson'))).status).toBe(0)
    const part = readFileSync(file('part.ndjson'), 'utf8').trimEnd().split('\n')
    expect(await verify('part-again.ndjson', part)).toMatchObject({ status: 0, report: { first: 6, records: 4 } })
    expect(await verify('part-cut.ndjson', part.toSpliced(1, 1))).toMatchObject({ status: 1 })
    expect(await verify('part-head.ndjson', part, '--head', 'cd'.repeat(32))).toMatchObject({ status: 2 })
  })

  test('is no other file, and overwrites none', async () => {
    expect((await verify('other.ndjson', ['{"format":"another"}'])).status).toBe(64)
    expect((await verify('empty.ndjson', [])).status).toBe(64)
    expect((await run('verify', file('absent.ndjson'))).status).toBe(64)
    expect((await run('export', '-O', file('audit.ndjson'))).status).toBe(64)
    expect((await run('export', '-O', file('no/such/folder'))).status).toBe(64)
  })
})
