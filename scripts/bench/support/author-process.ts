/** An author node in a process of its own, for benchmarks: fills its log as it is told, then serves it until it is ended. */
import { type SerialisedAlliance, startFrom } from '../../../test/support/node-alliance.ts'
import { fillAuthorLog, type LogShape } from './author-log.ts'

process.on('message', async ({ alliance, shape }: { alliance: SerialisedAlliance; shape: LogShape }) => {
  const author = await startFrom(alliance, 0)
  await fillAuthorLog(author, shape)
  process.send?.('ready')
})
process.on('disconnect', () => process.exit())
