import { expect, test } from 'vitest'
import type { Clock } from '../../src/base/ports.ts'
import { converged, createTestAlliance, domainDraft, type RunningNode, ready, until } from '../support/node-alliance.ts'

/** whatever clocks say, no log stalls and no node stays behind. */

const DAY_MS = 86_400_000

function clockOff(byMs: number): Clock {
  return { now: () => Date.now() + byMs }
}

async function equal(nodes: readonly RunningNode[]): Promise<void> {
  await converged(nodes)
  await until(() => nodes.every(({ node }) => !node.store.viewStale), 10_000)
}

async function finds({ service }: RunningNode, name: string): Promise<boolean> {
  const [answer] = await service.lookup([name])
  return answer?.result === 'found'
}

test('a node that slept for a month and wakes with its clock a year back or ahead holds what all hold', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  const sleeper = await alliance.start(2)
  await ready([a, b, sleeper])
  for (const { service, member } of [a, b, sleeper])
    await service.publish([domainDraft(`${member.nation}-first.example`)])
  await equal([a, b, sleeper])
  await sleeper[Symbol.asyncDispose]()
  for (const { service, member } of [a, b]) {
    for (let i = 0; i < 5; i++) await service.publish([domainDraft(`${member.nation}-while-asleep-${i}.example`)])
  }
  for (const offMs of [30 * DAY_MS, -300 * DAY_MS]) {
    await using awake = await alliance.start(2, { clock: clockOff(offMs) })
    await ready([awake])
    const name = `awake-${offMs < 0 ? 'back' : 'ahead'}.example`
    const [outcome] = await awake.service.publish([domainDraft(name)])
    expect(outcome).toMatchObject({ outcome: 'new' })
    await equal([a, b, awake])
    expect(awake.node.store.log(a.node.ownLog.current()!.logId)!.head.size).toBe(a.node.ownLog.current()!.size)
  }
}, 60_000)

/** For a year from now nobody has keys made, so that what such a clock seals is for nobody else. */
for (const [days, isRead] of [
  [20, true],
  [365, false],
] as const) {
  test(`of an author whose clock is ${days} days ahead every entry is taken, and no other log waits`, async () => {
    await using alliance = await createTestAlliance(3)
    await using a = await alliance.start(0)
    await using ahead = await alliance.start(1, { clock: clockOff(days * DAY_MS) })
    await using c = await alliance.start(2)
    const nodes = [a, ahead, c]
    await ready(nodes)
    for (let i = 0; i < 3; i++) {
      await ahead.service.publish([domainDraft(`from-the-future-${i}.example`)])
      await a.service.publish([domainDraft(`of-today-${i}.example`)])
    }
    await equal(nodes)
    for (const { node } of [a, c]) {
      const log = node.store.log(ahead.node.ownLog.current()!.logId)!
      expect(log.standing.size).toBe(ahead.node.ownLog.current()!.size)
      expect(log.head.timeMs).toBeGreaterThan(Date.now() + (days - 1) * DAY_MS)
    }
    for (const each of nodes) expect(await finds(each, 'of-today-2.example')).toBe(true)
    for (const each of [a, c]) expect(await finds(each, 'from-the-future-2.example')).toBe(isRead)
  }, 60_000)
}
