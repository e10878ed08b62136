import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { publicAddresses } from '../../src/node/ceremonies/founding.ts'
import { parseConfig } from '../../src/node/config/config.ts'
import { installAlliance } from '../../src/node/home/founding-alliance.ts'
import { openDaemon } from '../../src/node/open-daemon.ts'
import { findAddressFault } from '../../src/node/problems/own-addresses.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { runCliHere } from '../support/cli.ts'
import { found, makeHome, PASSPHRASE, signNation, temporaryDirectory } from '../support/nation-homes.ts'
import { freePort, until } from '../support/node-alliance.ts'
import { expectOk } from '../support/typed-commands.ts'

const directory = await temporaryDirectory()
afterAll(() => directory[Symbol.asyncDispose]())

test('check, status and nation show say where config.yaml and the document name different addresses', async () => {
  const passphraseFile = join(directory.path, 'passphrase')
  writeFileSync(passphraseFile, PASSPHRASE, { mode: 0o600 })
  const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const home = await makeHome(directory.path, 'DEU', [address])
  const alliance = await signNation(await found([home]), home)
  await installAlliance(home, alliance, trustOf(alliance.directory.registry))
  const env = { TOCSIN_HOME: home.path, TOCSIN_PASSPHRASE_FILE: passphraseFile }
  const run = (args: string) => runCliHere(args.split(' '), { cwd: directory.path, env })
  const addressCheck = async () => {
    const rows: { check: string }[] = JSON.parse((await run('check -o json')).stdout)
    return rows.find(({ check }) => check === 'addresses')
  }
  expect(await addressCheck()).toMatchObject({ result: 'ok', detail: address })

  const config = readFileSync(home.config, 'utf8')
  writeFileSync(home.config, config.replace('# announce:', 'announce: [/dns4/deu.example/tcp/7117]\n  #'))
  await using daemon = await openDaemon({ home, environment: {}, logger: silentLogger })
  const control = { socketPath: home.socket, metricsListen: '', logger: silentLogger }
  await using _server = await openControlServer(daemon.service, control)
  await until(() => daemon.service.status().state === 'ready', 10_000)
  const isNamed = () => daemon.service.status().problems.some(({ code }) => code === 'nation-address-other')

  const problem = daemon.service.status().problems.find(({ code }) => code === 'nation-address-other')
  expect(problem).toMatchObject({ grade: 'warning', fix: expect.stringContaining('tocsin nation address') })
  expect(problem!.message).toContain('/dns4/deu.example/tcp/7117')
  expect((await run('status')).status).toBe(0)
  expect(await addressCheck()).toMatchObject({ result: 'FAIL', fix: expect.stringContaining('tocsin nation address') })
  expect((await run('nation show')).stderr).toContain('tocsin nation address')

  await expectOk(run('nation address --yes'))
  expect(isNamed()).toBe(false)
  expect(await addressCheck()).toMatchObject({ result: 'ok', detail: '/dns4/deu.example/tcp/7117' })
  expect((await run('nation show')).stderr).toBe('')
}, 60_000)

test('the order of addresses does not count, and where config.yaml names none there is nothing to compare', () => {
  expect(findAddressFault(['/ip4/192.0.2.1/tcp/1', '/ip4/192.0.2.2/tcp/1'], ['/ip4/192.0.2.2/tcp/1'])).toBeDefined()
  expect(findAddressFault(['a', 'b'], ['b', 'a'])).toBeUndefined()
  expect(findAddressFault([], ['a'])).toBeUndefined()
  expect(findAddressFault(['a'], [])?.message).toContain('no address')
})

test('a node behind edges tells others no address, unless it announces one', () => {
  const edge = '/ip4/192.0.2.9/tcp/7117/p2p/12D3KooWNg2pRXHpvnWfGVFMddzP2dYuweDg2RxJZp2EjsKzR3fX'
  const config = (more: string) =>
    parseConfig(`nation: DEU\nnet:\n  listen: [/ip4/192.0.2.10/tcp/7117]\n  edges: [${edge}]\n${more}`, {})
  expect(publicAddresses(config(''))).toEqual([])
  expect(publicAddresses(config('  announce: [/ip4/192.0.2.11/tcp/7117]\n'))).toEqual(['/ip4/192.0.2.11/tcp/7117'])
})
