import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger } from '../../src/base/ports.ts'
import { openDaemon } from '../../src/node/open-daemon.ts'
import { openStore } from '../../src/store/open.ts'
import { auditRecords } from '../support/audit-chain.ts'
import { temporaryDirectory } from '../support/nation-homes.ts'
import { createDesk, expectOk, expectRefusal } from '../support/typed-commands.ts'

test('a node that does not run is exported, verified and proved from its store, and says so in its audit log', async () => {
  await using folder = await temporaryDirectory()
  const desk = await createDesk(join(folder.path, 'desk'))
  await expectRefusal(desk.run('DEU', 'audit export -O before'), 'daemon-not-running', 69)
  {
    await using daemon = await openDaemon({ home: desk.deu, environment: {}, logger: silentLogger })
    for (const incarnation of [1, 2, 3]) expect((await daemon.service.incarnate()).incarnation).toBe(incarnation)
  }
  const { stderr } = await expectOk(desk.run('DEU', 'audit export -O whole'))
  // Three incarnations: a GENESIS each, and a CLOSE of the first two.
  expect(stderr).toContain('5 entries of 3 logs written to whole')
  const trust = readFileSync(desk.deu.trust, 'utf8').trim()
  await expectOk(desk.run('FRA', `audit verify whole --trust ${trust}`))

  const verified = await expectOk(desk.run('DEU', 'audit verify'))
  expect(verified.stdout).toContain('it contains what you confirmed')
  const { logs } = JSON.parse((await desk.run('DEU', 'audit verify -o json')).stdout)
  await expectOk(desk.run('DEU', `audit prove ${logs[0].log}/0 -O proof`))
  // Nobody has witnessed it.
  expect(await desk.run('FRA', `audit check proof --trust ${trust}`)).toMatchObject({ status: 2 })
  await expectRefusal(desk.run('DEU', 'audit prove some.example -O other'), 'daemon-not-running', 69)

  await using store = await openStore(desk.deu.data)
  await expectRefusal(desk.run('DEU', 'audit export -O locked'), 'store-locked', 69)
  const exported = await auditRecords(store, 'exported')
  expect(exported.map(({ name }) => name)).toEqual(['all logs for export', `proof of ${logs[0].log}/0`])
  await rm(join(desk.path, 'whole'))
}, 60_000)
