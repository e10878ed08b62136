import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { homeAt } from '../../src/node/home/home.ts'
import { type CliRun, runCliHere } from '../support/cli.ts'
import { startIsland } from '../support/islands.ts'
import { createTestAlliance, domainDraft, type TestAlliance } from '../support/node-alliance.ts'

/** Two nodes, each behind its own control socket, and the folder of files that somebody carries between them. */

let folder: string
let alliance: TestAlliance
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tcs-'))
  alliance = await createTestAlliance(2)
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  owned.use(alliance)
  for (const [i, name] of ['here', 'there'].entries()) {
    const island = owned.use(await startIsland(alliance, i))
    await island.service.publish([domainDraft(`of-${name}.example`)])
    const home = homeAt(join(folder, name), {})
    await mkdir(home.path)
    owned.use(
      await openControlServer(island.service, { socketPath: home.socket, metricsListen: '', logger: silentLogger }),
    )
  }
}, 60_000)

afterAll(() => owned.disposeAsync())

function tocsin(name: string, ...args: readonly string[]): Promise<CliRun> {
  return runCliHere(['--home', join(folder, name), ...args], { cwd: folder })
}

test('a request, a file for it, a look at it, and its import bring one node what the other has', async () => {
  expect(await tocsin('there', 'bundle', 'request', '-O', 'want')).toMatchObject({ status: 0 })
  const wrote = await tocsin('here', 'bundle', 'export', '--for', 'BBB', '--request', 'want', '-O', 'file')
  expect(wrote, wrote.stderr).toMatchObject({ status: 0 })
  expect(wrote.stderr).toMatch(/entries of 1 log written to file/)
  const looked = await tocsin('there', 'bundle', 'import', 'file', '--dry-run')
  expect(looked.stderr).toMatch(/Entries: \d+ would be added/)
  expect((await tocsin('there', 'lookup', 'of-here.example')).status).toBe(1)

  const took = await tocsin('there', 'bundle', 'import', 'file')
  expect(took, took.stderr).toMatchObject({ status: 0 })
  expect(took.stdout).toMatch(/AAA .* added/)
  expect((await tocsin('there', 'lookup', 'of-here.example')).status).toBe(0)
  const again = JSON.parse((await tocsin('there', 'bundle', 'import', 'file', '-o', 'json')).stdout)
  expect(again).toMatchObject({ evidence: { added: 0 }, logs: [{ outcome: 'known' }] })
  expect(again.evidence.known).toBe(again.evidence.offered)
  const input = await readFile(join(folder, 'file'))
  const piped = await runCliHere(['--home', join(folder, 'there'), 'bundle', 'import', '-'], { input })
  expect(piped, piped.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(/AAA .* known/) })
})

test('what is refused says why, exits as it should, and leaves no file behind', async () => {
  await tocsin('here', 'bundle', 'export', '-O', 'whole')
  const whole = await readFile(join(folder, 'whole'))
  await writeFile(join(folder, 'cut'), whole.subarray(0, -9))
  await writeFile(join(folder, 'export'), 'tocsin-audit/1\n')
  const refusals: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['import', 'cut'], 66, /audit-file-cut.*\n→ Copy it again/],
    [['import', 'export'], 64, /is an export, and no bundle\n→ Verify it/],
    [['export', '-O', '-'], 64, /standard output is none/],
    [['import', 'want'], 65, /audit-file-malformed/],
    [['import', 'absent'], 64, /file-unreadable/],
    [['export', '-O', 'whole'], 64, /file-exists/],
    [['export', '-O', 'new', '--for', 'ZZZ'], 77, /registry-not-member/],
    [['export', '-O', 'new', '--for', 'x'], 65, /nation/],
    [['export', '-O', 'new', '--request', 'whole'], 65, /bundle-request-malformed/],
    [['export', '-O', 'new', '--request', 'want', '--since', '7d'], 64, /usage-invalid/],
    [['export', '-O', 'new', '--since', 'yesterday'], 64, /usage-invalid/],
  ]
  for (const [args, status, said] of refusals) {
    const ran = await tocsin('here', 'bundle', ...args)
    expect({ args, status: ran.status }, ran.stderr).toEqual({ args, status })
    expect(ran.stderr).toMatch(said)
  }
  await expect(readFile(join(folder, 'new'))).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(readFile(join(folder, 'here', 'bundle.spool'))).rejects.toMatchObject({ code: 'ENOENT' })
  expect((await tocsin('none', 'bundle', 'request', '-O', 'other')).status).toBe(64)
  const nobody = await tocsin('none', 'bundle', 'import', 'whole')
  expect(nobody, nobody.stderr).toMatchObject({ status: 64, stderr: expect.stringMatching(/^error home-missing/) })
})
