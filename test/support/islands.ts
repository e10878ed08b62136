import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat } from '../../src/base/bytes.ts'
import type { BundleOrder } from '../../src/node/bundles/bundle-commands.ts'
import type { BundleReport } from '../../src/node/bundles/bundle-report.ts'
import type { RunningNode, StartOptions, TestAlliance } from './node-alliance.ts'

/** Nodes that no network joins: each listens where no document says. */

const onIsland: NonNullable<StartOptions['config']> = each => ({
  ...each,
  net: { ...each.net, listen: ['/ip4/127.0.0.1/tcp/0'] },
  sync: { ...each.sync, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

/** Signs at once, as its operator says so. */
export async function startIsland(
  alliance: TestAlliance,
  index: number,
  options: StartOptions = {},
): Promise<RunningNode> {
  const island = await alliance.start(index, { config: onIsland, ...options })
  await island.node.publisher.incarnate(true)
  return island
}

export async function exported({ service }: RunningNode, order: BundleOrder = {}): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of await service.exportBundle(order)) pieces.push(piece)
  return concat(...pieces)
}

/** From the stick. */
export async function imported({ service }: RunningNode, bytes: Uint8Array, dryRun = false): Promise<BundleReport> {
  const path = join(tmpdir(), `tocsin-bundle-${randomBytes(8).toString('hex')}`)
  await writeFile(path, bytes)
  try {
    return await service.importBundle(path, dryRun)
  } finally {
    await rm(path)
  }
}

/** There is asked for, here is written, there is read. */
export async function carried(here: RunningNode, there: RunningNode): Promise<BundleReport> {
  return imported(there, await exported(here, { request: there.service.requestBundle() }))
}
