/** `tocsin start` without a node: `node fake-daemon.ts HOME [WAIT_MS]`. What the process does is real, what it serves is not. */
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { runDaemon } from '../../src/cli/daemon/run-daemon.ts'
import { homeAt } from '../../src/node/home/home.ts'
import { createTestNode } from './test-node.ts'

const [path, waitMs = '0'] = process.argv.slice(2)
const home = homeAt(path, {})
const listeners: (() => void)[] = []
const service = createTestNode(() => {
  for (const listener of listeners) listener()
})
service.state.status = { state: 'starting' }
setTimeout(() => {
  service.state.status = {}
}, 300)

await runDaemon({
  open: async () => ({
    service,
    onStop: listener => void listeners.push(listener),
    async [Symbol.asyncDispose]() {
      await delay(Number(waitMs))
      process.stdout.write('closed\n')
    },
  }),
  socketPath: home.socket,
  metricsListen: '',
  readListen: '',
  taxii: undefined,
  logger: pino(pino.destination(2)),
  onReady: () => process.stdout.write('ready\n'),
})
