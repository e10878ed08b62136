import { openControlServer } from '../../api/control-server.ts'
import { assertSocketFree } from '../../api/control-socket.ts'
import { openTaxiiServer } from '../../api/taxii-server.ts'
import type { Logger } from '../../base/ports.ts'
import type { TaxiiListening } from '../../node/config/taxii-config.ts'
import type { Daemon } from '../../node/open-daemon.ts'
import type { NodeService } from '../../node/orders/node-service.ts'

export interface DaemonRun {
  readonly open: () => Promise<Daemon>
  readonly socketPath: string
  /** `host:port`, or empty. */
  readonly metricsListen: string
  readonly readListen: string
  readonly taxii: TaxiiListening | undefined
  readonly logger: Logger
  /** The node may sign and publish from now on. */
  readonly onReady: () => void
}

const STATE_POLL_MS = 200
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/** Runs a node until it is told to stop by a signal or through its API, then closes everything in order. */
export async function runDaemon(run: DaemonRun): Promise<void> {
  const { logger } = run
  await assertSocketFree(run.socketPath)
  await using opened = new AsyncDisposableStack()
  const { promise: toStop, resolve: stop } = Promise.withResolvers<string>()
  opened.use(stopOnSignals(stop))
  const daemon = opened.use(await run.open())
  daemon.onStop(() => stop('asked by the control API'))
  const { socketPath, metricsListen, readListen } = run
  const control = opened.use(await openControlServer(daemon.service, { socketPath, metricsListen, readListen, logger }))
  logger.info(
    { socket: socketPath, metrics: control.metricsAddress, readers: control.readAddress },
    'the control API is open',
  )
  if (run.taxii !== undefined) {
    const taxii = opened.use(await openTaxiiServer(daemon.service, run.taxii, logger))
    logger.info({ url: taxii.url }, 'TAXII is served')
  }
  opened.use(watchState(daemon.service, run))
  logger.info({ reason: await toStop }, 'stopping')
}

/** The first signal stops in order, the second ends at once: what is committed is safe at any moment. */
function stopOnSignals(stop: (reason: string) => void): Disposable {
  let told = false
  const listeners = Object.entries(SIGNALS).map(([signal, exitStatus]) => {
    const listener = () => {
      if (told) process.exit(exitStatus)
      told = true
      stop(signal)
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  return {
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) process.off(signal, listener)
    },
  }
}

/** Tells when the node is ready for the first time, and logs each change of its state. */
function watchState(service: NodeService, { logger, onReady }: DaemonRun): Disposable {
  let state = ''
  let wasReady = false

  function look(): void {
    const status = service.status()
    if (status.state !== state) logger.info({ state: status.state }, 'the state of the node has changed')
    state = status.state
    if (state !== 'ready' || wasReady) return
    wasReady = true
    onReady()
  }

  look()
  const timer = setInterval(look, STATE_POLL_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
