/** A member node in a process of its own, with a control socket: tells its parent how long its start took, and how large it is. */
import { openControlServer } from '../../../src/api/control-server.ts'
import { silentLogger } from '../../../src/base/ports.ts'
import { type SerialisedAlliance, startFrom } from '../../../test/support/node-alliance.ts'

export interface Started {
  readonly startMs: number
  /** Of the process, once the store is open and the view is in use. */
  readonly residentBytes: number
}

process.on('message', async ({ alliance, socketPath }: { alliance: SerialisedAlliance; socketPath: string }) => {
  const started = performance.now()
  const { service } = await startFrom(alliance, 0)
  await openControlServer(service, { socketPath, metricsListen: '', logger: silentLogger })
  await service.list({ limit: 100 })
  const startMs = performance.now() - started
  process.send?.({ startMs, residentBytes: process.memoryUsage.rss() } satisfies Started)
})
process.on('disconnect', () => process.exit())
