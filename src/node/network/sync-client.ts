import { ProtocolError } from '../../base/errors.ts'
import { type LogIdHex, logIdHex, parseLogId } from '../../base/ids.ts'
import type { TreeHead } from '../../chain/tree-head.ts'
import { initialPull, type PullEffect, type PullEvent, type PullLocal, stepPull } from '../../sync/pull.ts'
import { type Choice, createShares } from '../../sync/shares.ts'
import { fetchMode, type Wanted } from '../../sync/wanted.ts'
import type { Bodies, Bundle, EvidenceItem, Hello, LogHead } from '../../wire/gen/tocsin.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../wire/sync-frame.ts'

/** The stream to the peer: one frame a call; `read` gives null at its end. */
export interface FrameStream {
  read(): Promise<Uint8Array | null>
  write(frame: Uint8Array): Promise<void>
}

/** What a pull does to this node. Each resolves when it is durable enough to go on. */
export interface PullPort {
  applyEvidence(items: readonly EvidenceItem[]): Promise<void>
  /**
   * Resolves with how far the log is held afterwards. `branch`: the entries were shown to be of the tree that stands.
   * Throws ProtocolError where the bundle is wrong.
   */
  ingestBundle(bundle: Bundle, branch?: TreeHead): Promise<number>
  /** Throws ProtocolError where one of them is not the one that its header names. */
  storeBodies(bodies: Bodies): Promise<void>
  heads(heads: readonly LogHead[], hello: Hello): void
}

/** What a pull has to do with others that go on meanwhile. */
export interface ShareTaker {
  choose(wanted: readonly Wanted[]): Choice
  /** Resolves when there may be another choice. */
  changed(): Promise<void>
  arrived(logId: LogIdHex, to: number): void
  /** `isShort`: the peer has less of it than it said. */
  giveUp(logId: LogIdHex, isShort: boolean): void
  /** The pull is over: what it read waits for nothing more that it was to bring. */
  leave(): void
}

/** What became of a pull. */
export interface PullResult {
  /** All that the peer has and that stands is here. */
  readonly isWhole: boolean
  /** The same, but for what a quota of others lets in later. */
  readonly isWholeToQuota: boolean
}

/** Bundles read and not yet committed, each at most 2 MiB: enough that a commit can take a thousand small entries. */
const IN_FLIGHT_MAX = 12
/** Waited for what others fetch; a stream on which nothing is said ends soon after. */
const WAIT_MS = 15_000

/** Pulls all that the peer has and this node lacks. Throws ProtocolError with the peer's fault or refusal. */
export async function pull(
  stream: FrameStream,
  local: PullLocal,
  port: PullPort,
  taker: ShareTaker = takeAll(local),
): Promise<PullResult> {
  const inFlight = new Set<Promise<PullEvent>>()
  const events: PullEvent[] = [{ kind: 'start' }]
  let state = initialPull
  let fault: ProtocolError | undefined
  let isWhole = true
  let isWholeToQuota = true
  let offered: readonly Wanted[] = []
  let waitUntilMs = 0
  let pendingRead: Promise<PullEvent> | undefined

  /** What is wrong with one log ends that log, and is told when the others are fetched. */
  const ingest = async (bundle: Bundle, branch?: TreeHead): Promise<PullEvent> => {
    const logId = logIdHex(parseLogId(bundle.logId))
    const { from } = bundle
    const to = from + bundle.entries.length
    taker.arrived(logId, to)
    try {
      return { kind: 'bundle-ingested', logId, from, to, size: await port.ingestBundle(bundle, branch) }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      fault ??= error
      return { kind: 'bundle-refused', logId }
    }
  }

  const carryOut = async (effect: PullEffect): Promise<boolean> => {
    switch (effect.kind) {
      case 'send':
        await stream.write(encodeSyncMessage(effect.message))
        return true
      case 'apply-evidence':
        await port.applyEvidence(effect.items)
        events.push({ kind: 'evidence-applied' })
        return true
      case 'choose':
        offered = effect.wanted
        waitUntilMs = performance.now() + WAIT_MS
        return true
      case 'ingest':
        inFlight.add(quiet(ingest(effect.bundle, effect.branch)))
        return true
      case 'give-up':
        taker.giveUp(effect.logId, effect.isShort)
        offered = offered.filter(({ logId }) => logIdHex(logId) !== effect.logId)
        return true
      case 'store-bodies':
        await port.storeBodies(effect.bodies)
        events.push({ kind: 'bodies-stored' })
        return true
      case 'heads':
        port.heads(effect.heads, effect.hello)
        return true
      case 'finish':
        if (fault !== undefined) throw fault
        return false
      case 'fail':
        throw new ProtocolError(effect.code, effect.reason)
    }
  }

  /** What can be told without waiting. */
  const chosen = (): PullEvent | undefined => {
    const choice = taker.choose(offered)
    if (choice.kind === 'share') return { kind: 'chosen', share: choice.share }
    if (choice.kind === 'wait' && performance.now() < waitUntilMs) return undefined
    isWholeToQuota &&= choice.kind === 'none'
    isWhole &&= choice.kind === 'none' && !choice.delayed
    return inFlight.size > 0 ? undefined : { kind: 'chosen', share: undefined }
  }

  const nextEvent = async (): Promise<PullEvent> => {
    for (;;) {
      const isChoosing = state.phase === 'choosing'
      const choice = isChoosing ? chosen() : undefined
      if (choice !== undefined) return choice
      const isReading = !isChoosing && inFlight.size < IN_FLIGHT_MAX
      if (isReading) pendingRead ??= quiet(readMessage(stream))
      const working = [...inFlight].map(work => work.then(event => ({ event, work })))
      const reading = isReading ? [pendingRead!.then(event => ({ event, work: undefined }))] : []
      const first = await Promise.race([...working, ...reading, ...(isChoosing ? [taker.changed()] : [])])
      if (first === undefined) continue
      if (first.work === undefined) pendingRead = undefined
      else inFlight.delete(first.work)
      return first.event
    }
  }

  try {
    for (;;) {
      const [next, effects] = stepPull(state, events.shift() ?? (await nextEvent()), local)
      state = next
      for (const effect of effects) if (!(await carryOut(effect))) return { isWhole, isWholeToQuota }
    }
  } finally {
    taker.leave()
    await Promise.allSettled(inFlight)
  }
}

async function readMessage(stream: FrameStream): Promise<PullEvent> {
  const frame = await stream.read()
  if (frame === null)
    throw new ProtocolError('sync-refused', 'the peer ended the stream before the answer was complete')
  return { kind: 'message', message: parseSyncMessage(frame) }
}

/** A rejection is seen by whoever waits for it in turn; until then it is not an unhandled one. */
function quiet<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {})
  return work
}

/** For a pull with no other beside it. */
function takeAll(local: PullLocal): ShareTaker {
  const shares = createShares()
  return {
    choose: wanted =>
      shares.choose(
        '',
        wanted.map(each => {
          const logId = logIdHex(each.logId)
          const held = local.log(logId)?.size ?? 0
          return { logId, author: logId, held, to: each.to, allowedTo: each.to, mode: fetchMode(each) }
        }),
        0,
      ),
    changed: () => new Promise(() => {}),
    arrived() {},
    giveUp: logId => shares.giveUp('', logId),
    leave() {},
  }
}
