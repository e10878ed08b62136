import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { toBase64 } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { openKeyFile } from '../../src/node/ceremonies/founding-keys.ts'
import { encodeAllianceFile } from '../../src/node/home/alliance-file.ts'
import { installAlliance, readHeldAlliance } from '../../src/node/home/founding-alliance.ts'
import type { Home } from '../../src/node/home/home.ts'
import { openDaemon } from '../../src/node/open-daemon.ts'
import { documentsOf } from '../../src/registry/evidence.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { runCli } from '../support/cli.ts'
import { ask, found, makeHome, signNation, temporaryDirectory } from '../support/nation-homes.ts'
import { freePort } from '../support/node-alliance.ts'
import { nextRegistry } from '../support/node-rotation.ts'

async function startDaemon(home: Home) {
  const daemon = await openDaemon({ home, environment: {}, logger: silentLogger })
  const { service } = daemon
  const server = await openControlServer(service, { socketPath: home.socket, metricsListen: '', logger: silentLogger })
  return {
    service,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await daemon[Symbol.asyncDispose]()
    },
  }
}

test('documents take effect in the running daemon at once, or else in the home, and either knows what the other took', async () => {
  await using directory = await temporaryDirectory()
  const home = await makeHome(directory.path, 'AAA', [`/ip4/127.0.0.1/tcp/${await freePort()}`])
  const founded = await signNation(await found([home]), home)
  const trust = trustOf(founded.directory.registry)
  await installAlliance(home, founded, trust)
  const governor = await openKeyFile(home.governorKey, ask)
  const versions = documentsOf(founded.evidence).slice(0, 1).map(encodeSignedDoc)
  while (versions.length < 4) {
    versions.push(nextRegistry(trust.allianceId, versions.at(-1)!, [governor.signer], Date.now()))
  }
  const nation = documentsOf(founded.evidence).slice(1).map(encodeSignedDoc)
  const file = join(directory.path, 'next.tocsin')
  const applyUpTo = async (version: number) => {
    await writeFile(file, encodeAllianceFile({ documents: [...versions.slice(0, version), ...nation] }))
    return runCli(['--home', home.path, 'alliance', 'apply', file])
  }
  const versionInFile = async () => (await readHeldAlliance(home))!.directory.registry.version

  const first = await startDaemon(home)
  const live = await applyUpTo(2)
  expect(live).toMatchObject({ status: 0, stderr: expect.stringContaining('The running daemon has it in force.') })
  expect(first.service.status().registryVersion).toBe(2)
  await expect.poll(versionInFile, { timeout: 5000 }).toBe(2)
  expect(await applyUpTo(2)).toMatchObject({ status: 0, stderr: expect.stringContaining('known here already') })

  // A pin lasts beyond the run, and so does what came just before its end.
  await first.service.pin(first.service.registry().trust)
  expect(await readFile(home.trust, 'utf8')).toBe(`${first.service.registry().trust}\n`)
  await first.service.applyDocuments([toBase64(versions[2]!)])
  await first[Symbol.asyncDispose]()
  expect(await versionInFile()).toBe(3)

  const installed = await applyUpTo(4)
  expect(installed).toMatchObject({ status: 0, stderr: expect.stringContaining('when the daemon starts') })
  expect(await versionInFile()).toBe(4)
  const second = await startDaemon(home)
  expect(second.service.status().registryVersion).toBe(4)

  // A file that is older than the store is brought up to it.
  await second[Symbol.asyncDispose]()
  await installAlliance(home, founded, trust)
  await using third = await startDaemon(home)
  expect(third.service.status().registryVersion).toBe(4)
  await expect.poll(versionInFile, { timeout: 5000 }).toBe(4)
}, 60_000)
