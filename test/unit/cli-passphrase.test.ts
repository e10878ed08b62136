import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UserError } from '../../src/base/errors.ts'
import type { CliContext } from '../../src/cli/terminal/context.ts'
import { askNewPassphrase, createPassphrasePrompt } from '../../src/cli/terminal/passphrase.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-passphrase-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A terminal at which `typed` is typed, a line whenever one is asked for. */
function terminal(typed: readonly string[], environment: Record<string, string> = {}, isTTY = true) {
  const lines = [...typed]
  const raw: boolean[] = []
  let shown = ''
  const stdin = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode(on: boolean) {
      raw.push(on)
      if (on) setImmediate(() => stdin.write(lines.shift() ?? ''))
    },
  })
  const stderr = Object.assign(new PassThrough(), { isTTY })
  stderr.setEncoding('utf8').on('data', text => {
    shown += text
  })
  const context = { environment, stdin, stderr } as unknown as CliContext
  return { context, raw, shown: () => shown, left: lines }
}

function secretFile(text: string, mode = 0o600): string {
  const path = join(folder, 'passphrase')
  writeFileSync(path, text, { mode })
  return path
}

describe('a new passphrase', () => {
  test('is asked for twice and never shown', async () => {
    const { context, shown, raw } = terminal(['correct horse\r', 'correct horse\r'])
    expect(await askNewPassphrase(context, {})).toBe('correct horse')
    await expect.poll(shown).toBe('New passphrase: \nThe same again: \n')
    expect(raw).toEqual([true, false, true, false])
  })

  test('may be corrected while it is typed', async () => {
    const { context } = terminal(['wrong\u0015coreect\b\b\b\u007frect ⚑\n', 'correct ⚑\n'])
    expect(await askNewPassphrase(context, {})).toBe('correct ⚑')
  })

  test('that is not the same twice, or empty, is asked for again, three times', async () => {
    const { context } = terminal(['a\r', 'b\r', '\r', 'c\r', 'd\r', 'never\r', 'never\r'])
    await expect(askNewPassphrase(context, {})).rejects.toMatchObject({ code: 'passphrase-mismatch' })
  })

  test('comes from the file named by the option, or else by the environment', async () => {
    const path = secretFile('from a file\n')
    const { context } = terminal([], { TOCSIN_PASSPHRASE_FILE: path }, false)
    expect(await askNewPassphrase(context, {})).toBe('from a file')
    expect(await askNewPassphrase(terminal([], {}, false).context, { passphraseFile: path })).toBe('from a file')
  })

  test.each([
    ['nothing', '\n'],
    ['two lines', 'one\ntwo\n'],
  ])('is not in a file that holds %s', async (_what, text) => {
    const asking = askNewPassphrase(terminal([]).context, { passphraseFile: secretFile(text) })
    await expect(asking).rejects.toMatchObject({ code: 'passphrase-missing' })
  })

  test('is not taken from a file that others may read', async () => {
    const asking = askNewPassphrase(terminal([]).context, { passphraseFile: secretFile('secret\n', 0o644) })
    await expect(asking).rejects.toMatchObject({ code: 'key-file-permissions' })
  })

  test('without a file or a terminal is missing', async () => {
    const asking = askNewPassphrase(terminal([], {}, false).context, {})
    await expect(asking).rejects.toMatchObject({
      code: 'passphrase-missing',
      fix: expect.stringMatching(/--passphrase-file/),
    })
  })
})

describe('the passphrase of a key file', () => {
  const rejection = new UserError('passphrase-wrong', 'the passphrase does not open the key file')

  test('may be typed wrong three times', async () => {
    const { context, shown } = terminal(['one\r', 'two\r', 'three\r', 'four\r'])
    const ask = createPassphrasePrompt(context, {})
    expect(await ask('root.age', undefined)).toBe('one')
    expect(await ask('root.age', rejection)).toBe('two')
    expect(await ask('root.age', rejection)).toBe('three')
    await expect(ask('root.age', rejection)).rejects.toBe(rejection)
    await expect.poll(shown).toMatch(/^Passphrase of root\.age: \nThat was not it\.\nPassphrase of root\.age: \n/)
  })

  test('that opened one key is tried on the next, and is no try there', async () => {
    const { context } = terminal(['one\r', 'two\r', 'three\r', 'four\r'])
    const ask = createPassphrasePrompt(context, {})
    expect(await ask('root.age', undefined)).toBe('one')
    expect(await ask('governor.age', undefined)).toBe('one')
    expect(await ask('governor.age', rejection)).toBe('two')
    expect(await ask('governor.age', rejection)).toBe('three')
    expect(await ask('governor.age', rejection)).toBe('four')
    await expect(ask('governor.age', rejection)).rejects.toBe(rejection)
  })

  test('that is wrong in a file is tried once', async () => {
    const ask = createPassphrasePrompt(terminal([]).context, { passphraseFile: secretFile('wrong\n') })
    expect(await ask('root.age', undefined)).toBe('wrong')
    await expect(ask('root.age', rejection)).rejects.toBe(rejection)
  })
})
