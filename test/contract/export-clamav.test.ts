import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { clamav } from '../../src/formats/out/clamav.ts'
import { debianTool } from '../support/debian-tool.ts'
import { exported, exportedIndicator } from '../support/exported.ts'

const program = debianTool('clamscan', 'clamav')

describe.skipIf(program === undefined)('ClamAV, with the folder that is exported for it', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-clamav-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('finds files by each hash, under a name by which the indicator is shown', () => {
    const hashes = ['md5', 'sha1', 'sha256'] as const
    const contents = hashes.map(type => `to be found by its ${type}`)
    const indicators = hashes.map((type, i) =>
      exportedIndicator(type, createHash(type).update(contents[i]!).digest('hex')),
    )
    const { files } = exported(clamav, indicators)
    expect([...files.keys()]).toEqual(['live.hdb', 'live.hsb'])
    for (const name of ['signatures', 'scanned']) mkdirSync(join(folder, name))
    for (const [name, text] of files) writeFileSync(join(folder, 'signatures', name), text)
    for (const [i, text] of [...contents, 'harmless'].entries()) writeFileSync(join(folder, 'scanned', String(i)), text)
    const args = ['--no-summary', '--recursive', '-d', join(folder, 'signatures'), join(folder, 'scanned')]
    const { stdout, status } = spawnSync(program!, args, { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stdout.trim().split('\n').toSorted()).toEqual([
      ...indicators.map(({ id }, i) => `${join(folder, 'scanned', String(i))}: Tocsin.${id}.UNOFFICIAL FOUND`),
      `${join(folder, 'scanned', '3')}: OK`,
    ])
  })
})
