import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { converged, createTestAlliance, ready, until } from '../support/node-alliance.ts'

const MIB = 1024 * 1024
const OBJECTS = 160

async function bytesOnDisk(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true })
  const sizes = await Promise.all(names.map(name => stat(join(folder, name)).catch(() => undefined)))
  return sizes.reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0)
}

test('what is pruned is given back to the disk, and a newcomer wants no body that nobody need have', async () => {
  await using alliance = await createTestAlliance(3)
  const daysOn = { ms: 0 }
  const clock = { now: () => Date.now() + daysOn.ms }
  await using a = await alliance.start(0, { clock })
  await using b = await alliance.start(1, { clock })
  {
    await using c = await alliance.start(2, { clock })
    await ready([a, b, c])
  }
  const objects = Array.from({ length: OBJECTS }, (_, i): PublishItem => {
    const id = `note--00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
    return { kind: 'context', json: JSON.stringify({ type: 'note', id, content: 'x'.repeat(62_000) }) }
  })
  await a.service.publish(objects)
  await converged([a, b])

  await b.node.store.compact(a.node.ownLog.current()!.logId, 0, OBJECTS + 2)
  const before = await bytesOnDisk(b.member.home)
  daysOn.ms = 731 * 86_400_000
  await b.node.retention.look()
  const after = await bytesOnDisk(b.member.home)
  expect(before - after).toBeGreaterThan(8 * MIB)
  expect(b.node.store.counts().items).toBe(OBJECTS)
  await a.node.retention.look()

  await using late = await alliance.start(2, { clock, home: join(alliance.members[2]!.home, '..', 'late') })
  await until(() => late.service.status().frontier === b.service.status().frontier, 20_000)
  expect(late.service.status()).toMatchObject({ bodiesWanted: 0, indicators: 0 })
  expect(late.service.status().entries).toBe(b.service.status().entries)
}, 60_000)
