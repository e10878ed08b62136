import { concat, equalBytes, fromUtf8, toHex, u32be, utf8 } from '../../base/bytes.ts'
import { ProtocolError, TocsinError } from '../../base/errors.ts'
import { type LogIdHex, logIdHex, parseLogId } from '../../base/ids.ts'
import { FrameAssembler } from '../../wire/frame-assembler.ts'
import type { Hello, LogHead } from '../../wire/gen/tocsin.ts'
import { FRONTIER_HEADS_MAX, INDEX_HASHES_MAX, SYNC_FRAME_BYTES_MAX } from '../../wire/limits.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../../wire/sync-frame.ts'
import type { SyncSource } from '../network/sync-server.ts'

/**
 * What a node holds, for another to leave that out: a line that names the format, then frames as in
 * `/tocsin/sync/1`: Hello, the pages of the Index, the pages of the Frontier.
 */
const OPENING = utf8('tocsin-request/1\n')

/** An index and a frontier as long as one peer may send them. */
export const REQUEST_BYTES_MAX = 16 * 1024 * 1024

export interface BundleRequest {
  readonly hello: Hello
  /** Evidence that is held, by name in hex. */
  readonly evidence: ReadonlySet<string>
  /** How far logs are held: claims. */
  readonly heads: ReadonlyMap<LogIdHex, LogHead>
}

export function encodeBundleRequest(source: Pick<SyncSource, 'hello' | 'evidenceHashes' | 'heads'>): Uint8Array {
  const index = pagesOf(source.evidenceHashes(), INDEX_HASHES_MAX)
  const frontier = pagesOf(source.heads(), FRONTIER_HEADS_MAX)
  const messages: readonly SyncMessage[] = [
    { kind: 'hello', message: source.hello() },
    ...index.map(({ page, more }) => ({ kind: 'index', message: { hashes: page, more } }) as const),
    ...frontier.map(({ page, more }) => ({ kind: 'frontier', message: { heads: page, more } }) as const),
  ]
  const frames = messages.map(encodeSyncMessage)
  return concat(OPENING, ...frames.flatMap(frame => [u32be(frame.length), frame]))
}

/** At least one page, the last of which says that it is. */
function pagesOf<T>(all: readonly T[], pageMax: number): { readonly page: readonly T[]; readonly more: number }[] {
  const count = Math.max(1, Math.ceil(all.length / pageMax))
  return Array.from({ length: count }, (_, i) => ({
    page: all.slice(i * pageMax, (i + 1) * pageMax),
    more: i + 1 < count ? 1 : 0,
  }))
}

/** Throws ProtocolError `bundle-request-malformed`. */
export function parseBundleRequest(bytes: Uint8Array): BundleRequest {
  const messages = parseMessages(bytes)
  const [hello, ...pages] = messages
  if (hello?.kind !== 'hello') throw malformed('does not begin with a greeting')
  const evidence = new Set<string>()
  const heads = new Map<LogIdHex, LogHead>()
  const expected: ('index' | 'frontier')[] = ['index', 'frontier']
  for (const { kind, message } of pages) {
    if (kind !== expected[0]) throw malformed('is not in order')
    if (kind === 'index') for (const hash of message.hashes) evidence.add(toHex(hash))
    else if (kind === 'frontier') for (const head of message.heads) heads.set(logIdHex(parseLogId(head.logId)), head)
    if ('more' in message && message.more === 0) expected.shift()
  }
  if (expected.length > 0) throw malformed('is cut off')
  return { hello: hello.message, evidence, heads }
}

function parseMessages(bytes: Uint8Array): readonly SyncMessage[] {
  const opening = bytes.subarray(0, OPENING.length)
  if (!equalBytes(opening, OPENING)) throw malformed(`does not begin with ${fromUtf8(OPENING).trim()}`)
  const frames = new FrameAssembler(SYNC_FRAME_BYTES_MAX)
  const messages: SyncMessage[] = []
  try {
    frames.push(bytes.subarray(OPENING.length))
    for (let frame = frames.take(); frame !== null; frame = frames.take()) messages.push(parseSyncMessage(frame))
  } catch (cause) {
    if (!(cause instanceof TocsinError)) throw cause
    throw malformed(`holds what it cannot: ${cause.message}`, cause)
  }
  if (frames.within) throw malformed('is cut off')
  return messages
}

function malformed(fault: string, cause?: unknown): ProtocolError {
  return new ProtocolError('bundle-request-malformed', `the request ${fault}`, {
    fix: 'Give a file that "tocsin bundle request" wrote, as it was written.',
    cause,
  })
}
