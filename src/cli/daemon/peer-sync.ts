import { setTimeout as delay } from 'node:timers/promises'
import { SingleBar } from 'cli-progress'
import type { SyncPeer, SyncState } from '../../node/network/sync-state.ts'
import { countOf, listOf } from '../../registry/phrase.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK } from '../terminal/exit.ts'
import { createRowWriter, type OutputFormat, printRows, type Shape, timeCell } from '../terminal/output.ts'

export interface PeerSyncOptions {
  readonly follow?: true
  readonly output: OutputFormat
}

interface Asked extends SyncPeer {
  readonly result: 'asked' | 'fetching' | 'equal' | 'failed' | 'gone'
}

/** How far it is at one moment. */
interface Progress {
  readonly timeMs: number
  readonly left: number
  readonly perSecond: number
  /** 0: not known. */
  readonly leftMs: number
  readonly bodies: number
  readonly equal: number
  readonly asked: number
}

const ASKED: Shape<Asked> = {
  columns: [
    { name: 'nation', cell: asked => asked.nation },
    { name: 'peer', cell: asked => asked.peer },
    { name: 'result', cell: asked => asked.result },
    { name: 'equal_since', cell: asked => timeCell(asked.wholeMs) },
    { name: 'error', cell: asked => (asked.result === 'failed' ? asked.errorCode : '') },
    { name: 'reason', cell: asked => (asked.result === 'failed' ? asked.error : '') },
  ],
}

const PROGRESS: Shape<Progress> = {
  columns: [
    { name: 'time', cell: progress => timeCell(progress.timeMs) },
    { name: 'entries_left', cell: progress => progress.left },
    { name: 'per_second', cell: progress => progress.perSecond },
    { name: 'seconds_left', cell: progress => Math.ceil(progress.leftMs / 1000) },
    { name: 'bodies_wanted', cell: progress => progress.bodies },
    { name: 'equal', cell: progress => progress.equal },
    { name: 'asked', cell: progress => progress.asked },
  ],
}

const LOOK_MS = 300

/**
 * Asks peers for what is missing. With --follow it tells how far that is, and ends when all that they have is here: 0;
 * or 1 where one of them did not give it, or bodies are still wanted.
 */
export async function runPeerSync(context: CliContext, target: string | undefined, options: PeerSyncOptions) {
  const client = context.client()
  const started = await client.startSync(target)
  const resultOf = judge(started)
  if (options.follow === undefined) {
    context.say('Follow it with "tocsin peer sync --follow", or look at "tocsin status".')
    const rows = started.peers.map((peer): Asked => ({ ...peer, result: 'asked' }))
    return printRows(context.out, options.output, rows, ASKED)
  }
  const asked = new Set(started.peers.map(({ peer }) => peer))
  using shown = showProgress(context, options.output)
  for (let state = started; ; state = await client.syncState()) {
    const now = new Map(state.peers.map(peer => [peer.peer, peer]))
    const rows = started.peers.map(
      (peer): Asked => ({ ...(now.get(peer.peer) ?? peer), result: resultOf(now.get(peer.peer)) }),
    )
    const equal = rows.filter(({ result }) => result === 'equal').length
    await shown.at(progressOf(state, equal, asked.size))
    const waits = waitsForQuota(state)
    if (!waits && rows.some(({ result }) => result === 'fetching')) {
      await delay(LOOK_MS)
      continue
    }
    shown[Symbol.dispose]()
    if (options.output !== 'ndjson') await printRows(context.out, options.output, rows, ASKED)
    if (waits) context.say(sayWaiting(state))
    if (state.bodies > 0) context.say(`${state.bodies} bodies are missing here; no peer that was asked has them.`)
    return context.setExitStatus(equal === rows.length && state.bodies === 0 ? EXIT_OK : EXIT_NO)
  }
}

/** All that is missing is of nations that published more than their quota: it comes in hours, by itself. */
function waitsForQuota({ left }: SyncState): boolean {
  return left.length > 0 && left.every(({ perSecond, waitsUntilMs }) => perSecond === 0 && waitsUntilMs !== null)
}

function sayWaiting({ left }: SyncState): string {
  const what = left.map(each => `${countOf(each.left, 'entry', 'entries')} of ${each.nation}`)
  return `Still to come, by itself, at the rate of the quota: ${listOf(what)}. See "tocsin status".`
}

/** What has become of a peer since it was asked. */
function judge({ nowMs, peers }: SyncState): (peer: SyncPeer | undefined) => Asked['result'] {
  const before = new Map(peers.map(each => [each.peer, each]))
  return now => {
    if (now === undefined) return 'gone'
    if (now.wholeMs >= nowMs) return 'equal'
    return !now.asking && now.failedMs >= nowMs && now.failedMs > (before.get(now.peer)?.failedMs ?? 0)
      ? 'failed'
      : 'fetching'
  }
}

function progressOf({ nowMs, left, bodies }: SyncState, equal: number, asked: number): Progress {
  const entries = left.reduce((sum, each) => sum + each.left, 0)
  const perSecond = left.reduce((sum, each) => sum + each.perSecond, 0)
  const leftMs = Math.max(0, ...left.map(each => each.leftMs ?? 0))
  return { timeMs: nowMs, left: entries, perSecond, leftMs, bodies, equal, asked }
}

interface Shown extends Disposable {
  at(progress: Progress): Promise<void>
}

/** A bar on a terminal where somebody waits; a line a look for programs; else nothing. */
function showProgress(context: CliContext, output: OutputFormat): Shown {
  if (output === 'ndjson') {
    const rows = createRowWriter(context.out, output, PROGRESS)
    return { at: progress => rows.write([progress]), [Symbol.dispose]() {} }
  }
  const { stderr } = context
  if (stderr.isTTY !== true || context.quiet()) return { async at() {}, [Symbol.dispose]() {} }
  const format = 'fetching {bar} {percentage}%, {left} entries left, {rate}/s, {seconds} s'
  const bar = new SingleBar({ stream: stderr, format, clearOnComplete: true, gracefulExit: false })
  let most = 0
  bar.start(1, 0, { left: 0, rate: 0, seconds: '?' })
  return {
    async at({ left, perSecond, leftMs }) {
      most = Math.max(most, left)
      bar.setTotal(Math.max(1, most))
      bar.update(most - left, { left, rate: perSecond, seconds: leftMs === 0 ? '?' : Math.ceil(leftMs / 1000) })
    },
    [Symbol.dispose]: () => bar.stop(),
  }
}
