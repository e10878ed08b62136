import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { build as prettyStream } from 'pino-pretty'
import type { Config } from '../../node/config/config.ts'

const STDERR = 2

/** JSON lines on standard error, or readable ones where somebody looks at it. */
export function createDaemonLog({ level, format }: Config['log'], terminal: boolean): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && terminal)
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, pretty ? prettyLines(terminal) : plainLines())
}

function plainLines(): DestinationStream {
  const stream = destination({ fd: STDERR, sync: true })
  // Whoever read the log is gone; the daemon goes on.
  stream.on('error', () => {})
  return stream
}

function prettyLines(colorize: boolean): DestinationStream {
  return prettyStream({
    destination: plainLines(),
    colorize,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  })
}
