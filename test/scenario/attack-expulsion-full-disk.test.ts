import { expect, test } from 'vitest'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { fullLevel } from '../support/full-level.ts'
import { createTestAlliance, domainDraft, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { apply, expel, governing } from '../support/registry-changes.ts'

const isConnected = ({ service }: RunningNode, nation: string) =>
  service.peers().some(peer => peer.nation === nation && peer.state === 'connected')

test('a node whose disk is full hangs up on the expelled too', async () => {
  await using alliance = await createTestAlliance(3)
  const disk = fullLevel(memoryLevel())
  await using a = await alliance.start(0, { store: await openStore({ level: disk.level }) })
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  await ready([a, b, c])
  expect(isConnected(a, c.member.nation)).toBe(true)

  disk.full = true
  await expect(a.service.publish([domainDraft('refused.example')])).rejects.toMatchObject({ code: 'store-full' })
  await apply(b, governing(alliance).next(expel(c.member.nation, [])))
  await until(() => !isConnected(a, c.member.nation), 5000)
  await until(() => a.node.book.directory().registry.version === 2, 5000)

  disk.full = false
  await until(() => a.node.store.state === 'open' && a.service.status().problems.length === 0, 15_000)
  expect(isConnected(a, c.member.nation)).toBe(false)
}, 60_000)
