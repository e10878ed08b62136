import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../base/errors.ts'
import type { NodeStatus } from '../../node/orders/node-service.ts'
import { endDaemon } from '../daemon/daemon-end.ts'
import { type ControlClient, createControlClient } from '../terminal/client.ts'
import type { SandboxNation } from './sandbox-alliance.ts'

/** A nation's daemon: a process of its own, which may die and be started anew by somebody else. */
export interface SandboxDaemon extends SandboxNation {
  readonly pid: number
  readonly client: ControlClient
  /** How it ended; settles when it has. */
  readonly ended: Promise<string>
  /** Undefined while nothing answers at its home. */
  status(): Promise<NodeStatus | undefined>
  /** Ends whichever daemon answers at its home, in order if it can. */
  stop(): Promise<void>
  kill(): void
}

/** The program itself, as it runs here: compiled or not. */
export const DAEMON_ENTRY = join(import.meta.dirname, '..', `tocsin${extname(import.meta.filename)}`)
const LOG_FILE = 'daemon.log'
const POLL_MS = 100
const STOP_WITHIN_MS = 15_000
/** A daemon that takes longer to say how it does has not answered. */
const STATUS_WITHIN_MS = 5_000
const LOG_LINES_SHOWN = 5

export function startDaemon(
  { nation, home }: SandboxNation,
  environment: Readonly<Record<string, string | undefined>>,
): SandboxDaemon {
  const log = openSync(join(home.path, LOG_FILE), 'a', 0o600)
  // A group of its own: an interrupt of the terminal is for the sandbox, which then ends its daemons in order.
  const child = spawn(process.execPath, [DAEMON_ENTRY, '--home', home.path, 'start'], {
    detached: true,
    env: withoutOwnVariables(environment),
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const client = createControlClient(home)
  const hurried = createControlClient(home, STATUS_WITHIN_MS)
  const ended = endOf(child)
  const status = () => hurried.status().catch(() => undefined)
  return {
    nation,
    home,
    pid: child.pid ?? 0,
    client,
    ended,
    status,
    async stop() {
      // Whoever answers need not be the process that was started here.
      await endDaemon(hurried, STOP_WITHIN_MS).catch(() => child.kill('SIGTERM'))
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await ended
      clearTimeout(cut)
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Waits until the daemon may publish. Throws UserError `sandbox-daemon-ended` with the last lines of its log. */
export async function awaitReady(daemon: SandboxDaemon, untilMs: number, signal: AbortSignal): Promise<void> {
  let end: string | undefined
  void daemon.ended.then(how => {
    end = how
  })
  while ((await daemon.status())?.state !== 'ready') {
    if (end !== undefined) throw await endedEarly(daemon, end)
    if (Date.now() > untilMs) throw await endedEarly(daemon, 'not becoming ready in time')
    await delay(POLL_MS, undefined, { signal })
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (status, signal) => resolve(signal ?? `exit status ${status}`))
  })
}

/** What is set for the sandbox is not meant for each of its nodes. */
function withoutOwnVariables(environment: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TOCSIN_')))
}

async function endedEarly({ nation, home }: SandboxDaemon, how: string): Promise<UserError> {
  const path = join(home.path, LOG_FILE)
  const lines = (await readFile(path, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-LOG_LINES_SHOWN)
  return new UserError('sandbox-daemon-ended', `the daemon of ${nation} failed to start: ${how}\n${lines.join('\n')}`, {
    fix: `Look at ${path}, which --keep leaves there.`,
  })
}
