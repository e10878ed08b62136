import { ProtocolError } from '../base/errors.ts'
import { logIdHex, parseLogId } from '../base/ids.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { initialPull, type PullEffect, type PullEvent, type PullLocal, stepPull } from '../sync/pull.ts'
import type { Bundle, EvidenceItem, Hello, LogHead } from '../wire/gen/tocsin.ts'
import { encodeSyncMessage, parseSyncMessage } from '../wire/sync-frame.ts'

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
   * Throws ProtocolError where the bundle is the peer's fault.
   */
  ingestBundle(bundle: Bundle, branch?: TreeHead): Promise<number>
  heads(heads: readonly LogHead[], hello: Hello): void
}

/** Bundles read and not yet committed, each at most 2 MiB: enough that a commit can take a thousand small entries. */
const IN_FLIGHT_MAX = 12

/** Pulls all that the peer has and this node lacks. Throws ProtocolError with the peer's fault or refusal. */
export async function pull(stream: FrameStream, local: PullLocal, port: PullPort): Promise<void> {
  const inFlight = new Set<Promise<PullEvent>>()
  let state = initialPull
  let fault: ProtocolError | undefined
  const events: PullEvent[] = [{ kind: 'start' }]
  let pendingRead: Promise<PullEvent> | undefined

  /** What is wrong with one log ends that log, and is told when the others are fetched. */
  const ingest = async (bundle: Bundle, branch?: TreeHead): Promise<PullEvent> => {
    const logId = logIdHex(parseLogId(bundle.logId))
    try {
      return { kind: 'bundle-ingested', logId, size: await port.ingestBundle(bundle, branch) }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      fault ??= error
      return { kind: 'bundle-ingested', logId, size: 0 }
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
      case 'ingest':
        inFlight.add(quiet(ingest(effect.bundle, effect.branch)))
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

  const nextEvent = async (): Promise<PullEvent> => {
    if (inFlight.size < IN_FLIGHT_MAX) pendingRead ??= quiet(readMessage(stream))
    const reading = inFlight.size < IN_FLIGHT_MAX ? pendingRead : undefined
    const candidates = [...inFlight].map(work => work.then(event => ({ event, work })))
    const first = await Promise.race([
      ...candidates,
      ...(reading ? [reading.then(event => ({ event, work: undefined }))] : []),
    ])
    if (first.work === undefined) pendingRead = undefined
    else inFlight.delete(first.work)
    return first.event
  }

  try {
    for (;;) {
      const [next, effects] = stepPull(state, events.shift() ?? (await nextEvent()), local)
      state = next
      for (const effect of effects) if (!(await carryOut(effect))) return
    }
  } finally {
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
