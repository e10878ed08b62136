import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { UserError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { type Alliance, installAlliance } from '../../src/node/home/founding-alliance.ts'
import type { Home } from '../../src/node/home/home.ts'
import { type DiagnosisCheck, failed, passed } from '../../src/node/orders/diagnosis-check.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { runCli } from '../support/cli.ts'
import { found, makeHome, signNation, type TemporaryDirectory, temporaryDirectory } from '../support/nation-homes.ts'
import { freePort } from '../support/node-alliance.ts'
import { createTestNode, type TestNode } from '../support/test-node.ts'

let directory: TemporaryDirectory
let home: Home
let alliance: Alliance

beforeAll(async () => {
  directory = await temporaryDirectory()
  home = await makeHome(directory.path, 'AAA', [`/ip4/127.0.0.1/tcp/${await freePort()}`])
  const other = await makeHome(directory.path, 'BBB', [`/ip4/127.0.0.1/tcp/${await freePort()}`])
  alliance = await signNation(await signNation(await found([home, other]), home), other)
  await install()
})

afterAll(() => directory[Symbol.asyncDispose]())

async function install(): Promise<void> {
  await installAlliance(home, alliance, trustOf(alliance.directory.registry))
}

const doctor = (...args: readonly string[]) => runCli(['--home', home.path, 'doctor', ...args])

function rowsOf(stdout: string): DiagnosisCheck[] {
  return JSON.parse(stdout)
}

async function serve(node: TestNode) {
  return openControlServer(node, { socketPath: home.socket, metricsListen: '', logger: silentLogger })
}

const PEER = { nation: 'BBB', peer: 'ab'.repeat(32), address: '' }

test('exits 0 where the home, the daemon and every connection are well', async () => {
  const node = createTestNode()
  node.state.diagnosis = [passed(PEER, 'admission', 'it lets this node in')]
  await using _server = await serve(node)
  const { status, stdout, stderr } = await doctor('-o', 'json')
  expect(stderr).toBe('All is well.\n')
  expect(status).toBe(0)
  expect(rowsOf(stdout).map(({ check }) => check)).toEqual([
    ...[
      'node',
      'cryptography',
      'home',
      'configuration',
      'key files',
      'node keys',
      'KEM keys',
      'policy',
      'clock',
      'disk',
    ],
    ...['daemon', 'admission'],
  ])
})

test('exits 1 where a check fails, and says the first and what to do', async () => {
  const node = createTestNode()
  const fault = { code: 'net-nothing-listens', message: 'nothing listens there', fix: 'Start it' } as const
  node.state.diagnosis = [passed(PEER, 'name', 'no name'), failed(PEER, 'tcp', fault)]
  await using _server = await serve(node)
  const { status, stdout, stderr } = await doctor()
  expect(status).toBe(1)
  expect(stderr).toBe('1 of 13 checks failed; the first: nothing listens there.\n→ Start it\n')
  expect(stdout).toMatch(/^FAIL +BBB abababab +- +tcp +net-nothing-listens +nothing listens there +Start it$/m)
})

test('goes on without a daemon, as far as that can be told', async () => {
  const { status, stdout, stderr } = await doctor('BBB', '-o', 'json')
  expect(status).toBe(1)
  expect(stderr).toMatch(/^2 of \d+ checks failed; the first: no daemon is running/)
  const told = rowsOf(stdout).slice(10)
  expect(told.map(({ check, result, code }) => `${check}: ${code || result}`)).toEqual([
    'daemon: daemon-not-running',
    'own registry: ok',
    'own nation: ok',
    'own document: ok',
    'own peer key: ok',
    'own addresses: ok',
    'other nodes: ok',
    'name: ok',
    'tcp: net-nothing-listens',
    ...['noise', 'peer key', 'admission', 'protocol', 'alliance', 'registry', 'clock'].map(name => `${name}: skipped`),
  ])
})

test.each(['ZZZ', 'ab'.repeat(32), 'no peer'])('refuses a peer that nobody knows, %s', async target => {
  const { status, stdout, stderr } = await doctor(target)
  expect([status, stdout]).toEqual([66, ''])
  expect(stderr).toMatch(/^error net-peer-absent: .*\n→ /)
})

test('passes on what the daemon refuses', async () => {
  const node = createTestNode()
  const refusing = {
    ...node,
    diagnose: async () => {
      throw new UserError('net-peer-absent', 'registry version 1 names no nation ZZZ', { fix: 'Look.' })
    },
  }
  await using _server = await serve(refusing)
  expect(await doctor('ZZZ')).toMatchObject({ status: 66, stdout: '' })
  expect(await doctor('x'.repeat(65))).toMatchObject({ status: 64, stdout: '' })
})

test('says that the home belongs to no alliance', async () => {
  await rm(home.alliance)
  const { status, stdout } = await doctor('-o', 'json')
  await install()
  expect(status).toBe(1)
  expect(rowsOf(stdout).at(-1)).toMatchObject({ check: 'own registry', result: 'failed', code: 'registry-missing' })
})
