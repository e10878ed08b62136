import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { concat } from '../../src/base/bytes.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { fingerprint, trustOf } from '../../src/registry/trust-string.ts'
import { runCliHere } from '../support/cli.ts'
import { checkpointItem, exportedLog, exportFile, exportRegistry } from '../support/export-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-audit-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

const path = (name: string) => join(folder, name)
const report = (...args: string[]) => runCliHere(['audit', 'report', ...args])
const trust = fingerprint(trustOf(parseRegistryDoc(exportRegistry)))

const aaa = exportedLog('AAA', 8)
const logs = [aaa, exportedLog('BBB', 5)]
writeFileSync(path('good'), concat(...exportFile({ logs, evidence: [checkpointItem(aaa)] })))
const gap = { ...aaa, entries: aaa.entries.toSpliced(4, 1) }
writeFileSync(path('gap'), concat(...exportFile({ logs: [{ ...gap, size: 8 }] })))

test('tells in Markdown what an export proves', async () => {
  const { status, stdout } = await report(path('good'), '--trust', trust)
  expect(status).toBe(0)
  expect(stdout).toMatch(/^# Audit of Test Alliance\n\n\*\*Everything is proved\.\*\*\n/)
  expect(stdout).toContain('13 entries of 2 logs, 13 signatures verified')
  expect(stdout).toContain('Its author’s last checkpoint is of 8 entries.')
})

test('writes the same as JSON of its own form, whole or not at all', async () => {
  const target = path('report.json')
  expect((await report(path('good'), '--trust', trust, '-o', 'json', '-O', target)).status).toBe(0)
  const written: unknown = JSON.parse(readFileSync(target, 'utf8'))
  expect(written).toMatchObject({
    format: 'tocsin-audit-report/1',
    verdict: 'proved',
    nations: [{ nation: 'AAA', logs: [{ size: 8, gaps: [] }] }, { nation: 'BBB' }],
  })
  expect((await report(path('good'), '-O', target)).stderr).toContain('file-exists')
})

test('exits as audit verify does: 1 where something is false, 2 where something is missing', async () => {
  const unconfirmed = await report(path('good'))
  expect(unconfirmed).toMatchObject({ status: 2, stdout: expect.stringContaining('Undecided.') })
  const other = await report(path('good'), '--trust', 'abcd-efgh-ijkl-mnop-qrst-uvwx')
  expect(other).toMatchObject({ status: 1, stdout: expect.stringContaining('**Something is false.**') })
  const missing = await report(path('gap'), '--trust', trust, '-o', 'json')
  expect(missing.status).toBe(2)
  expect(JSON.parse(missing.stdout)).toMatchObject({
    answers: expect.arrayContaining([expect.objectContaining({ question: 'signed', answer: 'undecided' })]),
    nations: [{ logs: [{ gaps: [{ seq: 4, count: 1 }] }] }, { logs: [] }],
  })
})
