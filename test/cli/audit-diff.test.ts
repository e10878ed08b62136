import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readAuditFile } from '../../src/audit/file.ts'
import { concat } from '../../src/base/bytes.ts'
import { parseProof, verifyProof } from '../../src/chain/proof.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { runCliHere } from '../support/cli.ts'
import { exportAlliance, exportedLog, exportFile } from '../support/export-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-audit-diff-'))
afterAll(() => rmSync(folder, { recursive: true }))

const path = (name: string) => join(folder, name)
const diff = (...args: string[]) => runCliHere(['audit', 'diff', ...args])

const aaa = exportedLog('AAA', 8)
const bbb = exportedLog('BBB', 5)
writeFileSync(path('whole'), concat(...exportFile({ logs: [aaa, bbb] })))
writeFileSync(path('short'), concat(...exportFile({ logs: [{ ...aaa, entries: aaa.entries.slice(0, 6) }, bbb] })))
writeFileSync(path('forked'), concat(...exportFile({ logs: [exportedLog('AAA', 8, 'other', 4), bbb] })))

test('says of two exports that they tell one history, and who has more of it', async () => {
  expect(await diff(path('whole'), path('whole'))).toMatchObject({ status: 0, stderr: expect.stringContaining('same') })
  const ahead = await diff(path('short'), path('whole'), '-o', 'json')
  expect(ahead.status).toBe(0)
  expect(JSON.parse(ahead.stdout)).toContainEqual(
    expect.objectContaining({ what: 'log', nation: 'AAA', result: 'ahead', ahead: 2, by: 2 }),
  )
})

test('names the first difference, and writes the proof that the author signed both', async () => {
  const proof = path('proof')
  const { status, stdout } = await diff(path('whole'), path('forked'), '-o', 'json', '-O', proof)
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toContainEqual(
    expect.objectContaining({
      nation: 'AAA',
      result: 'different',
      at: 4,
      says: 'AAA signed two different entries 4 of one log.',
    }),
  )
  const context = { allianceId: exportAlliance, verify: verifyEd25519, keyStands: () => true }
  const proofs = []
  for await (const { part } of readAuditFile(chunks(readFileSync(proof)), 'audit')) {
    if (part.kind === 'evidence') proofs.push(verifyProof(parseProof(part.item.body), context))
  }
  expect(proofs).toMatchObject([{ effect: { kind: 'conflict', at: 4 } }])
  expect(await diff(path('whole'), path('forked'), '-O', proof)).toMatchObject({
    status: 64,
    stderr: expect.stringContaining('file-exists'),
  })
})

test('cannot decide about a file that is cut, is no export, or does not lead to what was confirmed', async () => {
  writeFileSync(path('cut'), readFileSync(path('whole')).subarray(0, -50))
  expect((await diff(path('whole'), path('cut'))).status).toBe(2)
  writeFileSync(path('text'), 'no export')
  const text = await diff(path('whole'), path('text'), '-O', path('none'))
  expect(text).toMatchObject({ status: 2, stdout: expect.stringContaining('does not begin with tocsin-audit/1') })
  expect(existsSync(path('none'))).toBe(false)
  const trust = await diff(path('whole'), path('whole'), '--trust', 'abcd-efgh-ijkl-mnop-qrst-uvwx')
  expect(trust).toMatchObject({ status: 2, stdout: expect.stringContaining('does not prove its keys') })
})

test('refuses what cannot be compared at all', async () => {
  expect((await diff(path('whole'), path('absent'))).stderr).toContain('file-unreadable')
  expect((await diff(path('whole'), folder)).stderr).toContain('it is a folder')
  expect((await diff(path('whole'), path('whole'), '--trust', 'hm')).stderr).toContain('trust-string-malformed')
})

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
