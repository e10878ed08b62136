import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { homeAt, KEY_FILE_BYTES_MAX, makeHome, readConfig, readSecret, writeWhole } from '../../src/node/home/home.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-home-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

test('the flag wins over the environment, and that over the default', () => {
  const environment = { TOCSIN_HOME: '/from/environment' }
  expect(homeAt('/from/flag', environment).path).toBe('/from/flag')
  expect(homeAt(undefined, environment).path).toBe('/from/environment')
  expect(homeAt(undefined, {}).path).toBe(join(homedir(), '.tocsin'))
})

test('a home and what is written into it are for its owner alone, whatever the umask', async () => {
  const before = process.umask(0)
  try {
    const home = homeAt(join(folder, 'home'), {})
    await makeHome(home)
    await writeWhole(home.nodeKeys, 'secret')
    for (const path of [home.path, home.keys, home.data]) expect(await modeOf(path)).toBe(0o700)
    expect(await modeOf(home.nodeKeys)).toBe(0o600)
  } finally {
    process.umask(before)
  }
})

test.each([0o640, 0o604, 0o660, 0o644, 0o620])('refuses a secret with mode %o', async mode => {
  const path = join(folder, 'node.keys')
  await writeFile(path, 'secret', { mode: 0o600 })
  expect(await readSecret(path)).toEqual(new Uint8Array(Buffer.from('secret')))
  await chmod(path, mode)
  await expect(readSecret(path)).rejects.toMatchObject({ code: 'key-file-permissions' })
  await symlink(path, join(folder, 'link.keys'))
  await expect(readSecret(join(folder, 'link.keys'))).rejects.toMatchObject({ code: 'key-file-permissions' })
})

test('says which secret is missing, is a folder, or is too large', async () => {
  await expect(readSecret(join(folder, 'missing'))).rejects.toMatchObject({
    code: 'key-file-unreadable',
    message: expect.stringContaining('missing'),
  })
  await chmod(folder, 0o700)
  await expect(readSecret(folder)).rejects.toMatchObject({ code: expect.stringMatching(/^key-file-/) })
  const large = join(folder, 'large')
  await writeFile(large, new Uint8Array(KEY_FILE_BYTES_MAX + 1), { mode: 0o600 })
  await expect(readSecret(large)).rejects.toMatchObject({ code: 'file-too-large' })
})

test('a file appears whole, and is not overwritten unless told to', async () => {
  const path = join(folder, 'deep', 'er', 'file')
  await writeWhole(path, 'one')
  await expect(writeWhole(path, 'two')).rejects.toMatchObject({ code: 'file-exists' })
  expect(await readFile(path, 'utf8')).toBe('one')
  await writeWhole(path, 'two', { replace: true })
  expect(await readFile(path, 'utf8')).toBe('two')
  expect(await readdir(join(folder, 'deep', 'er'))).toEqual(['file'])
})

test('says that a home holds no node', async () => {
  await expect(readConfig(homeAt(folder, {}), {})).rejects.toMatchObject({ code: 'home-missing' })
  await writeFile(homeAt(folder, {}).config, 'nation: DEU\n')
  expect((await readConfig(homeAt(folder, {}), { TOCSIN_SYNC__GAP_MS: '300' })).sync.gapMs).toBe(300)
})
