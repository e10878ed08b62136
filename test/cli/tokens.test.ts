import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliHome, openCliHome } from '../support/cli.ts'

let home: CliHome
const run = (...args: string[]) => home.run(args)

beforeAll(async () => {
  home = await openCliHome()
  await home.node.publish([{ kind: 'claim', draft: { type: 'domain', value: 'a.example' } }])
})
afterAll(() => home[Symbol.asyncDispose]())

function tokenFile(name: string, text: string, mode = 0o600): string {
  const path = join(home.work, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe('token', () => {
  test('add prints the token alone on stdout, list never shows it, revoke ends it', async () => {
    const added = await run('token', 'add', 'siem', '--clearance', 'tlp=GREEN', '--expires', '90d')
    expect(added).toMatchObject({ status: 0, stdout: 'tocsin_secret\n' })
    expect(added.stderr).toContain('kept nowhere')
    const listed = await run('token', 'list')
    expect(listed.stdout).toMatch(/^NAME +CLEARANCE +CREATED +EXPIRES +USED\nsiem +tlp=GREEN +2026-11-21T12:00:00Z/)
    expect(listed.stdout).not.toContain('tocsin_secret')
    expect(await run('token', 'revoke', 'siem')).toMatchObject({ status: 0, stdout: '' })
    expect(JSON.parse((await run('token', 'list', '-o', 'json')).stdout)).toEqual([])
  })

  test.each([
    ['without a clearance', ['add', 'siem']],
    ['without a name', ['add', '--clearance', 'tlp=GREEN']],
    ['with a time that is none', ['add', 'siem', '--clearance', 'tlp=GREEN', '--expires', 'soon']],
  ])('add is refused %s', async (_, args) => {
    const { status, stdout, stderr } = await run('token', ...args)
    expect({ status, stdout }).toMatchObject({ stdout: '' })
    expect(status).not.toBe(0)
    expect(stderr).toContain('usage-invalid')
  })
})

describe('a command with the token of a file', () => {
  test('reads as its bearer, by option or environment', async () => {
    const path = tokenFile('right', 'right\n')
    expect(await run('--token-file', path, 'lookup', 'a.example')).toMatchObject({ status: 0 })
    const listed = await home.run(['indicator', 'list', '-o', 'csv'], { env: { TOCSIN_TOKEN_FILE: path } })
    expect(listed).toMatchObject({ status: 0, stdout: expect.stringContaining('a.example') })
  })

  test('tells the bearer that nothing was found as it tells anybody', async () => {
    const path = tokenFile('right', 'right\n')
    const { status, stderr } = await run('--token-file', path, 'lookup', 'nowhere.example')
    expect({ status, stderr }).toEqual({ status: 1, stderr: '0 of 1 found.\n' })
    const listed = await run('--token-file', path, 'indicator', 'list', '--type', 'url')
    expect(listed).toMatchObject({ status: 0, stderr: expect.not.stringContaining('token-forbidden') })
  })

  test('gets nothing that the token does not allow', async () => {
    const { status, stderr } = await run('--token-file', tokenFile('right', 'right'), 'peer', 'list')
    expect(status).not.toBe(0)
    expect(stderr).toContain('token-forbidden')
  })

  test.each([
    ['wrong', 'tocsin_wrong', 0o600, 'token-invalid'],
    ['empty', '', 0o600, 'token-invalid'],
    ['two-lines', 'one\ntwo', 0o600, 'token-invalid'],
    ['for-all', 'right', 0o644, 'key-file-permissions'],
  ])('is refused where the file is %s', async (name, text, mode, code) => {
    const { status, stdout, stderr } = await run('--token-file', tokenFile(name, text, mode), 'indicator', 'list')
    expect({ stdout, refused: status !== 0 }).toEqual({ stdout: '', refused: true })
    expect(stderr).toContain(code)
  })

  test('is refused where there is no file', async () => {
    const { stderr } = await run('--token-file', join(home.work, 'none'), 'indicator', 'list')
    expect(stderr).toContain('key-file-unreadable')
  })
})
