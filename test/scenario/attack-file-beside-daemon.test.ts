import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { silentLogger } from '../../src/base/ports.ts'
import { installAlliance, readHeldAlliance } from '../../src/node/home/founding-alliance.ts'
import { openDaemon } from '../../src/node/open-daemon.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { found, makeHome, signNation, temporaryDirectory } from '../support/nation-homes.ts'
import { until } from '../support/node-alliance.ts'

test('a document that a command wrote while the daemon was starting is not overwritten', async () => {
  await using folder = await temporaryDirectory()
  const home = await makeHome(folder.path, 'AAA', ['/ip4/127.0.0.1/tcp/0'])
  const founded = await found([home])
  const trust = trustOf(founded.directory.registry)
  await installAlliance(home, founded, trust)
  const signed = await signNation(founded, home)
  {
    await using daemon = await openDaemon({ home, environment: {}, logger: silentLogger })
    // Before the socket is there no command can tell that a daemon is about to be.
    await installAlliance(home, signed, trust)
    await until(() => daemon.service.documents().length === 2, 5000)
  }
  expect((await readHeldAlliance(home))?.directory.member(founded.directory.members()[0]!.nation)?.doc?.version).toBe(1)
}, 30_000)

test('an alliance file that was damaged under a running daemon is written anew', async () => {
  await using folder = await temporaryDirectory()
  const home = await makeHome(folder.path, 'AAA', ['/ip4/127.0.0.1/tcp/0'])
  const founded = await found([home])
  await installAlliance(home, founded, trustOf(founded.directory.registry))
  {
    await using _daemon = await openDaemon({ home, environment: {}, logger: silentLogger })
    await writeFile(home.alliance, '{ half')
  }
  expect((await readHeldAlliance(home))?.directory.registry.version).toBe(1)
}, 30_000)
