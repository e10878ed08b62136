import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditFile } from '../../src/audit/auditor.ts'
import { readAuditFile } from '../../src/audit/file.ts'
import type { AuditPart } from '../../src/audit/part.ts'
import { createResumedCheck } from '../../src/audit/resumed-check.ts'
import { toHex } from '../../src/base/bytes.ts'
import { verifyEd25519Async } from '../../src/crypto/ed25519-native.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { KIND, parseEnvelope } from '../../src/wire/entry.ts'
import { auditRecords } from '../support/audit-chain.ts'
import { inChunks } from '../support/audit-world.ts'
import { type AuditedAlliance, openAuditedAlliance } from '../support/audited-alliance.ts'
import { domainDraft, until } from '../support/node-alliance.ts'

const NO_MARK = { count: 0, hash: new Uint8Array(32) }
const SECRET = 'published-3.example'
let world: AuditedAlliance
beforeAll(async () => {
  world = await openAuditedAlliance(6)
}, 60_000)
afterAll(() => world?.[Symbol.asyncDispose]())

const file = (name: string) => join(world.work, name)
const ownLog = () => world.author.service.status().logs.find(({ own }) => own)!

async function partsOf(name: string): Promise<AuditPart[]> {
  const parts: AuditPart[] = []
  for await (const { part } of readAuditFile(inChunks(await readFile(file(name)), 65_536), 'audit')) parts.push(part)
  return parts
}

function entriesOf(parts: readonly AuditPart[]) {
  return parts.flatMap(part => (part.kind === 'entries' ? part.envelopes.map(parseEnvelope) : []))
}

describe('audit export', () => {
  test('writes what everybody can verify and nobody can read', async () => {
    const { run, trust } = world
    expect(await run('audit', 'export', '-O', 'whole')).toMatchObject({ status: 0, stdout: '' })
    expect(statSync(file('whole')).mode & 0o777).toBe(0o600)
    const bytes = readFileSync(file('whole'))
    expect(bytes.includes(SECRET)).toBe(false)
    const parts = await partsOf('whole')
    expect(parts.map(({ kind }) => kind)).toEqual([
      'header',
      ...Array(5).fill('document'),
      ...parts.filter(({ kind }) => kind === 'evidence').map(() => 'evidence'),
      'log',
      'entries',
      'end',
    ])
    expect(entriesOf(parts).map(({ header }) => header.seq)).toEqual([...Array(ownLog().size).keys()])
    expect(await run('audit', 'verify', 'whole', '--trust', trust)).toMatchObject({ status: 0 })
  })

  test('does not replace a file unless told to, and leaves nothing of what was refused', async () => {
    const { run } = world
    writeFileSync(file('mine'), 'mine')
    const refused = await run('audit', 'export', '-O', 'mine')
    expect(refused).toMatchObject({ status: 64, stderr: expect.stringContaining('error file-exists') })
    expect(readFileSync(file('mine'), 'utf8')).toBe('mine')
    expect(await run('audit', 'export', '-O', 'mine', '--force')).toMatchObject({ status: 0 })
    expect(readFileSync(file('mine')).length).toBeGreaterThan(1000)
    const unknown = await run('audit', 'export', '-O', 'none', '--log', '0123456789')
    expect(unknown).toMatchObject({ status: 66, stderr: expect.stringContaining('error log-unknown') })
    expect(readdirSync(world.work).filter(name => name.startsWith('none'))).toEqual([])
  })

  test('leaves out what is asked for, and what is left can be verified', async () => {
    const { run, trust } = world
    const { logId, size } = ownLog()
    const args = ['--log', logId.slice(0, 8), '--since', '4', '--without-bodies']
    expect(await run('audit', 'export', '-O', 'part', ...args)).toMatchObject({ status: 0 })
    const parts = await partsOf('part')
    const entries = entriesOf(parts)
    expect(entries.map(({ header }) => header.seq)).toEqual([...Array(size).keys()].slice(4))
    for (const { header, body } of entries) if (header.kind === KIND.BATCH) expect(body.length).toBe(0)
    expect(parts.find(({ kind }) => kind === 'header')).toMatchObject({ withBodies: false, exporter: 'AAA' })
    expect((await run('audit', 'verify', 'part', '--trust', trust)).stdout).toContain('proved')

    const future = await run('audit', 'export', '-O', 'future', '--since', '2999-01-01')
    expect(future).toMatchObject({ status: 0, stderr: expect.stringContaining('0 entries of 1 log ') })
    const past = await run('audit', 'export', '-O', 'past', '--since', '1d')
    expect(past.stderr).toContain(`${size} entries of 1 log `)
    expect(await run('audit', 'export', '-O', 'x', '--since', 'soon')).toMatchObject({ status: 64 })
  })

  test('notes in the audit log of the node that it was made, before it is made', async () => {
    const { run, author } = world
    await run('audit', 'export', '-O', 'noted')
    await run('audit', 'prove', `${ownLog().logId}/2`, '-O', 'noted-proof')
    const records = await auditRecords(author.node.store, 'exported')
    expect(records.map(({ name, by }) => [name, by])).toEqual(
      expect.arrayContaining([
        ['all logs for export', 'local'],
        [`proof of ${ownLog().logId}/2`, 'local'],
      ]),
    )
  })

  test('is of one moment, whatever is signed while it is read', async () => {
    const { author } = world
    const query = { logs: [], withBodies: true, purpose: 'export' } as const
    const before = ownLog().size
    const stream = await author.service.exportHistory(query)
    const chunks: Uint8Array[] = []
    for await (const chunk of stream) {
      chunks.push(chunk)
      if (chunks.length <= 2) await author.service.publish([domainDraft(`meanwhile-${chunks.length}.example`)])
    }
    await writeFile(file('moment'), Buffer.concat(chunks))
    expect(entriesOf(await partsOf('moment'))).toHaveLength(before)
    expect(ownLog().size).toBeGreaterThan(before)
  })
})

describe('audit verify without a file', () => {
  const verify = (...args: string[]) => world.run('audit', 'verify', '--trust', world.trust, ...args)

  test('verifies what the daemon holds', async () => {
    expect(await verify()).toMatchObject({ status: 0, stderr: 'Everything in it is proved.\n' })
    const json = JSON.parse((await verify('-o', 'json')).stdout)
    expect(json).toMatchObject({ verdict: 'proved', counts: { entries: ownLog().size, signatures: ownLog().size } })
  })

  test('says what is missing where no trust was confirmed here, and refuses what cannot be meant', async () => {
    const { run } = world
    const unconfirmed = await run('audit', 'verify')
    expect(unconfirmed).toMatchObject({ status: 2, stdout: expect.stringContaining('trust-unconfirmed') })
    expect(await run('audit', 'verify', '--trust', 'nonsense')).toMatchObject({ status: 64 })
    expect((await run('audit', 'verify', 'whole')).stderr).toContain('error usage-invalid')
    expect((await verify('whole', '--full')).stderr).toContain('error usage-invalid')
  })

  test('goes on where a run was ended, and begins anew where that was of something else', async () => {
    const marks = file('home/audit-verify.json')
    const check = createResumedCheck(verifyEd25519Async, new Map())
    const stream = await world.author.service.exportHistory({ logs: [], withBodies: true, purpose: 'verify' })
    await auditFile(stream, { trust: parseTrustClaim(world.trust), verify: check.verify })
    await new Promise(resolve => setImmediate(resolve))
    const [[key, { count, hash }] = ['', NO_MARK]] = [...check.marks()]
    expect(count).toBe(ownLog().size)
    const write = (hash: Uint8Array) =>
      writeFileSync(marks, JSON.stringify({ version: 1, marks: [{ key, count, hash: toHex(hash) }] }))

    write(hash)
    expect(await verify()).toMatchObject({ status: 0, stderr: 'Everything in it is proved.\n' })
    expect(readdirSync(file('home'))).not.toContain('audit-verify.json')

    write(new Uint8Array(32))
    const other = await verify()
    expect(other).toMatchObject({ status: 0, stderr: expect.stringContaining('all of it is checked again') })
    write(new Uint8Array(32))
    expect((await verify('--full')).stderr).toBe('Everything in it is proved.\n')
    writeFileSync(marks, 'no marks')
    expect((await verify()).stderr).toBe('Everything in it is proved.\n')
  })
})

describe('audit prove and audit check', () => {
  test('prove an indicator by its id, to somebody who has neither node nor keys', async () => {
    const { run, trust } = world
    expect(await run('audit', 'prove', SECRET, '-O', 'proof')).toMatchObject({ status: 0 })
    const bytes = readFileSync(file('proof'))
    expect(bytes.includes(SECRET)).toBe(false)
    const checked = await run('audit', 'check', 'proof', '--trust', trust)
    expect(checked).toMatchObject({ status: 0, stderr: 'Everything that is said here is proved.\n' })
    expect(checked.stdout).toMatch(/^signed_by +AAA$/m)
    expect(checked.stdout).toMatch(/^held_by +[BCD]{3} since .*, [BCD]{3} since .*, [BCD]{3} since /m)
    expect(checked.stdout).toMatch(/^quorum +reached with 3; 2 are needed now$/m)
    expect(checked.stdout).toMatch(/^body +\d+ bytes of ciphertext/m)
    const json = JSON.parse((await run('audit', 'check', 'proof', '--trust', trust, '-o', 'json')).stdout)
    expect(json).toMatchObject({ verdict: 'proved', alliance: { trust }, entry: { nation: 'AAA', kind: 'batch' } })
  })

  test('say which of two, or that it is not there', async () => {
    const { run } = world
    const { logId, size } = ownLog()
    const absent = await run('audit', 'prove', `${logId.slice(0, 12)}/${size + 100}`)
    expect(absent).toMatchObject({ status: 66, stderr: expect.stringContaining('error entry-absent') })
    expect(await run('audit', 'prove', `00000000/1`)).toMatchObject({ status: 66 })
    expect(await run('audit', 'prove', 'never-published.example')).toMatchObject({ status: 66 })
    await run('audit', 'prove', `${logId}/1`)
    expect(await run('audit', 'prove', `${logId}/1`)).toMatchObject({ status: 64 })
    await world.nodes[1]!.service.publish([domainDraft(SECRET)])
    await until(() => world.author.service.status().logs.some(({ nation, size }) => nation === 'BBB' && size > 2), 5000)
    await until(() => world.author.service.status().backlog === 0, 5000)
    const two = await run('audit', 'prove', SECRET)
    expect(two).toMatchObject({ status: 64, stderr: expect.stringContaining('error entry-ambiguous') })
  })

  test('decide nothing of an entry that nobody has witnessed yet', async () => {
    const { run, trust } = world
    const { logId, size } = ownLog()
    await run('audit', 'prove', `${logId}/${size - 1}`, '-O', 'fresh', '--without-body')
    const checked = await run('audit', 'check', 'fresh', '--trust', trust)
    expect(checked).toMatchObject({ status: 2, stderr: expect.stringContaining('audit-quorum-missing') })
  })

  test('refuse a file that was changed, another kind of file, and another alliance', async () => {
    const { run, trust } = world
    const bytes = readFileSync(file('proof'))
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(file('changed'), bytes)
    expect((await run('audit', 'check', 'changed', '--trust', trust)).status).toBe(1)
    writeFileSync(file('cut'), readFileSync(file('proof')).subarray(0, -30))
    expect((await run('audit', 'check', 'cut', '--trust', trust)).status).toBe(2)
    expect((await run('audit', 'check', 'whole', '--trust', trust)).stderr).toContain('audit verify whole')
    expect((await run('audit', 'verify', 'proof', '--trust', trust)).stderr).toContain('audit check proof')
    expect(await run('audit', 'check', 'proof', '--trust', 'aaaa-bbbb-cccc-dddd-eeee-ffff')).toMatchObject({
      status: 1,
    })
    expect((await run('audit', 'check', 'not-there', '--trust', trust)).stderr).toContain('error file-unreadable')
  })
})
