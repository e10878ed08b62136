import { ProtocolError } from '../../base/errors.ts'
import { type LogId, parseLogId } from '../../base/ids.ts'
import { nextBundle } from '../../sync/bundle-plan.ts'
import type {
  Bodies,
  BodyRequest,
  Bundle,
  Envelope,
  EvidenceItem,
  Hello,
  LogHead,
  RangeRequest,
} from '../../wire/gen/tocsin.ts'
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_ENTRIES_MAX,
  FRONTIER_HEADS_MAX,
  INDEX_HASHES_MAX,
  SIGNED_DOC_BYTES_MAX,
} from '../../wire/limits.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../../wire/sync-frame.ts'
import type { FrameStream } from './sync-client.ts'

/** A tree of a log that is held, and how to prove a subtree of it. */
export interface ProvenTree {
  /** The checkpoint of its author; empty where the asker knows its root. */
  readonly note: Uint8Array
  readonly size: number
  prove(from: number, count: number): Promise<readonly Uint8Array[]>
}

/** What answering needs; it reads committed state only, signs nothing and is never held back. */
export interface SyncSource {
  hello(): Hello
  /** Hashes of all evidence held, in a stable order. */
  evidenceHashes(): readonly Uint8Array[]
  evidence(hash: Uint8Array): Promise<EvidenceItem | undefined>
  /** Standing logs in ascending order of their id. */
  heads(): readonly LogHead[]
  /** Entries in `[from, from+count)` that are held and stand. */
  entries(logId: LogId, from: number, count: number): Promise<readonly Envelope[]>
  /** That of `size` entries, where it is held; else, or for 0, the largest checkpoint of which it is. */
  provenTree(logId: LogId, size: number): Promise<ProvenTree | undefined>
}

/** A peer that asks for more than this in one stream has to open another. */
const REQUESTS_PER_STREAM_MAX = 100_000

/** Answers requests until the peer closes its side. Throws ProtocolError where the peer breaks the rules. */
export async function serveSync(
  stream: FrameStream,
  source: SyncSource,
  greeted: (hello: Hello) => void = () => {},
): Promise<void> {
  let hasGreeted = false
  for (let requests = 0; requests < REQUESTS_PER_STREAM_MAX; requests++) {
    const frame = await stream.read()
    if (frame === null) return
    const request = parseSyncMessage(frame)
    // A greeting costs a digest over all that is held.
    if (request.kind === 'hello' && hasGreeted) throw new ProtocolError('sync-unexpected-frame', 'a second greeting')
    hasGreeted ||= request.kind === 'hello'
    for await (const answer of answers(request, source)) await stream.write(encodeSyncMessage(answer))
    if (request.kind === 'hello') greeted(request.message)
  }
}

async function* answers(request: SyncMessage, source: SyncSource): AsyncGenerator<SyncMessage> {
  switch (request.kind) {
    case 'hello':
      yield { kind: 'hello', message: source.hello() }
      return
    case 'index-request': {
      const all = source.evidenceHashes()
      const hashes = all.slice(request.message.after, request.message.after + INDEX_HASHES_MAX)
      const more = request.message.after + hashes.length < all.length ? 1 : 0
      yield { kind: 'index', message: { hashes, more } }
      return
    }
    case 'evidence-request':
      yield { kind: 'evidence', message: { items: await evidenceFor(request.message.hashes, source) } }
      return
    case 'frontier-request':
      yield { kind: 'frontier', message: frontierAfter(request.message.after, source.heads()) }
      return
    case 'range-request':
      yield* bundles(request.message, source)
      return
    case 'body-request':
      yield { kind: 'bodies', message: await bodiesFor(request.message, source) }
      return
    default:
      throw new ProtocolError('sync-unexpected-frame', `${request.kind} is no request`)
  }
}

/** In the order asked, up to one frame; always at least the first that is held. */
async function evidenceFor(hashes: readonly Uint8Array[], source: SyncSource): Promise<EvidenceItem[]> {
  const items: EvidenceItem[] = []
  let bytes = 0
  for (const hash of hashes) {
    const item = await source.evidence(hash)
    if (item === undefined) continue
    bytes += item.body.length
    if (items.length > 0 && bytes > EVIDENCE_FRAME_BYTES) break
    items.push(item)
  }
  return items
}

const EVIDENCE_FRAME_BYTES = Math.min(SIGNED_DOC_BYTES_MAX, BUNDLE_BYTES_MAX)

function frontierAfter(after: Uint8Array, heads: readonly LogHead[]): { heads: readonly LogHead[]; more: number } {
  const key = Buffer.from(after)
  const first = after.length === 0 ? 0 : heads.findIndex(head => Buffer.compare(head.logId, key) > 0)
  if (first < 0) return { heads: [], more: 0 }
  const page = heads.slice(first, first + FRONTIER_HEADS_MAX)
  return { heads: page, more: first + page.length < heads.length ? 1 : 0 }
}

async function* bundles(request: RangeRequest, source: SyncSource): AsyncGenerator<SyncMessage> {
  const logId = parseLogId(request.logId)
  const tree = await source.provenTree(logId, request.size)
  const end = request.from + request.count
  let from = request.from
  while (from < end) {
    const bundle = await buildBundle(logId, from, end, tree, source)
    yield { kind: 'bundle', message: bundle }
    if (bundle.entries.length === 0) return
    from += bundle.entries.length
  }
}

async function buildBundle(
  logId: LogId,
  from: number,
  end: number,
  tree: ProvenTree | undefined,
  source: SyncSource,
): Promise<Bundle> {
  const provenSize = tree?.size ?? 0
  const widest = nextBundle(from, end, provenSize)
  const held = await source.entries(logId, from, widest.count)
  const fitting = fittingCount(held)
  const { count } =
    fitting >= widest.count
      ? widest
      : nextBundle(from, Math.max(from + fitting, from), provenSize, Math.max(1, fitting))
  const entries = held.slice(0, count)
  const proven = tree !== undefined && entries.length > 0 && from + entries.length <= provenSize
  return {
    logId,
    from,
    entries,
    note: proven ? tree.note : new Uint8Array(0),
    path: proven ? await tree.prove(from, entries.length) : [],
  }
}

/** those that are held, in the order asked, up to one frame. */
async function bodiesFor({ logId, seqs }: BodyRequest, source: SyncSource): Promise<Bodies> {
  const found: { readonly seq: number; readonly body: Uint8Array }[] = []
  let bytes = 0
  for (const seq of seqs) {
    const [entry] = await source.entries(parseLogId(logId), seq, 1)
    if (entry === undefined || entry.body.length === 0) continue
    bytes += entry.body.length
    if (found.length > 0 && bytes > BUNDLE_BYTES_MAX) break
    found.push({ seq, body: entry.body })
  }
  return { logId, seqs: found.map(({ seq }) => seq), bodies: found.map(({ body }) => body) }
}

function fittingCount(entries: readonly Envelope[]): number {
  let bytes = 0
  let count = 0
  for (const entry of entries) {
    bytes += entry.header.length + entry.signature.length + entry.body.length + 16
    if (count > 0 && bytes > BUNDLE_BYTES_MAX) break
    count++
  }
  return Math.min(count, BUNDLE_ENTRIES_MAX)
}
