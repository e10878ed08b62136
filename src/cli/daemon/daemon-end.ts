import { setTimeout as delay } from 'node:timers/promises'
import { TocsinError } from '../../base/errors.ts'
import type { ControlClient } from '../terminal/client.ts'

const POLL_MS = 100

/** What became of a daemon that was asked to end. */
export interface DaemonEnd {
  readonly pid: number
  readonly isGone: boolean
}

/**
 * Ends the daemon in order and waits until its process is gone, for it writes until then. Throws where none answers, or
 * it refuses.
 */
export async function endDaemon(client: ControlClient, withinMs: number): Promise<DaemonEnd> {
  const { pid } = await client.status()
  await client.stop()
  for (const untilMs = Date.now() + withinMs; Date.now() < untilMs; await delay(POLL_MS)) {
    if (!lives(pid) && !(await answers(client))) return { pid, isGone: true }
  }
  return { pid, isGone: false }
}

async function answers(client: ControlClient): Promise<boolean> {
  try {
    await client.status()
    return true
  } catch (error) {
    // Cut off while it closes, or slow because of it: not gone yet.
    return error instanceof TocsinError && (error.code === 'daemon-gone' || error.code === 'daemon-timeout')
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
