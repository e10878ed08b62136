import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type Logger, silentLogger } from '../../src/base/ports.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { fullLevel } from '../support/full-level.ts'
import { converged, createTestAlliance, domainDraft, ready, until } from '../support/node-alliance.ts'

const run = promisify(execFile)

test('a node with a full disk refuses to publish, keeps answering, and goes on by itself', async () => {
  await using alliance = await createTestAlliance(3)
  const disk = fullLevel(memoryLevel())
  await using a = await alliance.start(0, { store: await openStore({ level: disk.level }) })
  await using b = await alliance.start(1)
  const c = await alliance.start(2)
  await ready([a, b, c])
  await a.service.publish([domainDraft('before.example')])
  await b.service.publish([domainDraft('of-b.example')])
  await converged([a, b, c])
  await c[Symbol.asyncDispose]()

  disk.full = true
  await expect(a.service.publish([domainDraft('refused.example')])).rejects.toMatchObject({ code: 'store-full' })
  await expect(a.service.publish([domainDraft('refused-too.example')])).rejects.toMatchObject({
    code: expect.stringMatching(/^store-/),
  })
  expect(a.service.status()).toMatchObject({ state: 'degraded', problems: [{ code: 'store-failed' }] })
  await b.service.publish([domainDraft('meanwhile.example')])
  expect((await a.service.lookup(['before.example']))[0]).toMatchObject({ result: 'found' })
  await b[Symbol.asyncDispose]()
  {
    // Only A is there to answer.
    await using fresh = await alliance.start(2, { store: await openStore({ memory: true }) })
    await until(() => fresh.service.status().indicators === 2, 10_000)
  }
  // Attempts to go on while there is no room change nothing.
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect((await a.service.lookup(['before.example']))[0]).toMatchObject({ result: 'found' })
  expect(a.service.status().state).toBe('degraded')

  disk.full = false
  await until(() => a.node.store.state === 'open', 10_000)
  await using again = await alliance.start(1)
  await converged([a, again], 15_000)
  const outcomes = await a.service.publish([domainDraft('refused.example'), domainDraft('refused-too.example')])
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['new', 'new'])
  await converged([a, again])
  expect(again.service.status()).toMatchObject({ indicators: 5, claims: 5 })
  expect(a.service.status()).toMatchObject({ state: 'ready', problems: [] })
}, 60_000)

test('what is queued waits for the disk, without trying all the time', async () => {
  await using alliance = await createTestAlliance(2)
  const disk = fullLevel(memoryLevel())
  const errors: string[] = []
  const logger: Logger = { ...silentLogger, error: (_, message) => errors.push(message) }
  await using a = await alliance.start(0, { store: await openStore({ level: disk.level }), logger })
  const drafts = Array.from({ length: 50 }, (_, i) => domainDraft(`queued-${i}.example`))
  const outcomes = await a.service.publish(drafts)
  expect(outcomes.every(({ outcome }) => outcome === 'queued')).toBe(true)
  disk.full = true
  await using b = await alliance.start(1)
  await until(() => a.node.guard.state().kind === 'open', 10_000)
  await until(() => a.node.store.state === 'failed', 5000)
  await new Promise(resolve => setTimeout(resolve, 500))
  expect(errors.length).toBeLessThan(20)
  expect(a.service.status().queued).toBe(50)

  disk.full = false
  await until(() => b.service.status().indicators === 50, 10_000)
  await converged([a, b])
  expect(b.service.status().claims).toBe(50)
}, 40_000)

const MIB = 1024 * 1024

/** A file system of its own with next to no room, or nothing where this process may not mount one. */
async function smallDisk(path: string): Promise<AsyncDisposable | undefined> {
  await mkdir(path, { recursive: true })
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path]).catch(() => undefined)
  if (mounted === undefined) return undefined
  return { [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', path])) }
}

test('a disk that is really full holds up nothing but what is new', async context => {
  await using alliance = await createTestAlliance(2)
  const path = join(alliance.members[0]!.home, 'disk')
  await using disk = await smallDisk(path)
  if (disk === undefined) return context.skip('no file system can be mounted here')
  await writeFile(join(path, 'ballast'), new Uint8Array(20 * MIB))
  await using a = await alliance.start(0, { home: join(path, 'data') })
  await using b = await alliance.start(1)
  await ready([a, b])
  await a.service.publish([domainDraft('before.example')])
  const objects = Array.from({ length: 120 }, (_, i): PublishItem => {
    const id = `note--00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
    return { kind: 'context', json: JSON.stringify({ type: 'note', id, content: 'x'.repeat(60_000) }) }
  })
  await b.service.publish(objects)
  await until(() => a.node.store.state === 'failed', 15_000)
  await new Promise(resolve => setTimeout(resolve, 2500))
  expect(a.service.status().state).toBe('degraded')
  expect((await a.service.lookup(['before.example']))[0]).toMatchObject({ result: 'found' })
  await expect(a.service.publish([domainDraft('more.example')])).rejects.toMatchObject({ code: 'store-failed' })

  await rm(join(path, 'ballast'))
  await until(() => a.node.store.state === 'open', 20_000)
  await converged([a, b], 20_000)
  const digests = await Promise.all([a, b].map(({ service }) => service.digest()))
  expect(digests[0]!.view).toBe(digests[1]!.view)
  expect(await a.service.publish([domainDraft('more.example')])).toMatchObject([{ outcome: 'new' }])
}, 90_000)
