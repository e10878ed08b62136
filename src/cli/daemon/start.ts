import type { Command } from 'commander'
import type { Logger } from 'pino'
import { taxiiListening } from '../../node/config/taxii-config.ts'
import { readConfig } from '../../node/home/home.ts'
import type { CliContext } from '../terminal/context.ts'
import { exitStatusOf } from '../terminal/exit.ts'

export function addStartCommand(program: Command, context: CliContext): void {
  program
    .command('start')
    .description('run the node in the foreground; prints "ready" once it is')
    .action(() => start(context))
}

async function start(context: CliContext): Promise<void> {
  const { environment } = context
  const home = context.home()
  const config = await readConfig(home, environment)
  // What only a daemon needs takes long to load.
  const [{ createDaemonLog }, { openDaemon }, { runDaemon }] = await Promise.all([
    import('./daemon-log.ts'),
    import('../../node/open-daemon.ts'),
    import('./run-daemon.ts'),
  ])
  const logger = createDaemonLog(config.log, context.stderr.isTTY === true)
  context.outliveReaders()
  endOnOwnFaults(logger)
  await runDaemon({
    open: () => openDaemon({ home, environment, logger }),
    socketPath: home.socket,
    metricsListen: config.metrics.listen,
    readListen: config.api.listen,
    taxii: taxiiListening(config.taxii, home.path),
    logger,
    onReady() {
      logger.info({ nation: config.nation }, 'ready')
      void context.out.write('ready\n')
    },
  })
}

/**
 * A state that nobody foresaw must not sign anything, and starting anew is the normal path. A rejection that nobody
 * waits for is only a result that nobody relies on: no peer may end the daemon with one.
 */
function endOnOwnFaults(logger: Logger): void {
  process.on('uncaughtException', error => {
    logger.fatal({ err: error }, 'an unexpected error ends the daemon; please report it')
    process.exit(exitStatusOf('internal'))
  })
  process.on('unhandledRejection', reason => {
    logger.error({ err: reason }, 'an unexpected error was not handled; please report it')
  })
}
