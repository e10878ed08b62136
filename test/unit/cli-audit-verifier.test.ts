import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { writeVerifier } from '../../src/cli/audit/audit-verifier.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-verifier-'))
afterAll(() => rmSync(folder, { recursive: true }))

const built = join(folder, 'built.html')
writeFileSync(built, '<!doctype html>')

function run(outputFile: string, page = built, force = false) {
  const said = { data: '', talk: '' }
  const context = {
    out: {
      terminal: false,
      async write(text: string) {
        said.data += text
      },
    },
    say(text: string) {
      said.talk += text
    },
  }
  return writeVerifier(context, { outputFile, force }, pathToFileURL(page)).then(() => said)
}

it('writes the page for everybody to read, and its SHA-256 as data', async () => {
  const target = join(folder, 'given.html')
  const { data, talk } = await run(target)
  expect(readFileSync(target, 'utf8')).toBe('<!doctype html>')
  expect(statSync(target).mode & 0o777).toBe(0o644)
  expect(data).toBe(`${createHash('sha256').update('<!doctype html>').digest('hex')}  ${target}\n`)
  expect(talk).toContain('on another way')
})

it('replaces a file only where it is told to', async () => {
  const target = join(folder, 'there.html')
  writeFileSync(target, 'mine')
  await expect(run(target)).rejects.toMatchObject({ code: 'file-exists' })
  expect(readFileSync(target, 'utf8')).toBe('mine')
  await run(target, built, true)
  expect(readFileSync(target, 'utf8')).toBe('<!doctype html>')
})

it('says how the page is made where it is not there, and writes nothing', async () => {
  const target = join(folder, 'none.html')
  const refused = run(target, join(folder, 'missing.html'))
  await expect(refused).rejects.toMatchObject({
    code: 'file-unreadable',
    fix: expect.stringContaining('build:verifier'),
  })
  expect(existsSync(target)).toBe(false)
})
