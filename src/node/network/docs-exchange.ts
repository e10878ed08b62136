import { setTimeout as delay } from 'node:timers/promises'
import { toHex } from '../../base/bytes.ts'
import type { Logger } from '../../base/ports.ts'
import type { Host } from '../../net/host.ts'
import { type PeerKeyHex, peerKeyBytes } from '../../net/peer-key.ts'
import type { Directory } from '../../registry/directory.ts'
import { encode } from '../../wire/codec.ts'
import { DocsRequest, Evidence, type EvidenceItem } from '../../wire/gen/tocsin.ts'
import { EVIDENCE_REQUEST_HASHES_MAX } from '../../wire/limits.ts'
import { decodeStrict } from '../../wire/strict.ts'
import type { ApplyResult } from '../knowledge/evidence-book.ts'
import { itemName } from '../knowledge/log-evidence.ts'
import { createTurns } from '../mechanisms/turns.ts'

export const DOCS_PROTOCOL = '/tocsin/docs/1'

/** Below the 1 MiB that a connection in limbo may use. */
const DOCUMENTS_BYTES_MAX = 900 * 1024
const FRAME_BYTES_MAX = 1024 * 1024
const CAPS = { streamsMaxPerPeer: 1, streamsMaxTotal: 32, frameBytesMax: FRAME_BYTES_MAX }

export interface DocsExchangeOptions {
  readonly host: Host
  directory(): Directory
  /**
   * Documents for somebody under that registry version, those that matter most first. What comes to be known later may
   * stand before what was counted already: who has counted to the end begins anew.
   */
  documents(registryVersion: number): readonly EvidenceItem[]
  /** Whether a document of this name is held. */
  has(hashHex: string): boolean
  apply(items: readonly EvidenceItem[], from: string): Promise<Pick<ApplyResult, 'added'>>
  readonly logger: Logger
}

/**
 * The one stream of a connection in limbo. A node asks a peer that it does not know for documents; whoever is
 * asked gives them only to a peer that it knows itself. So a member whose key is new here, or who slept for a year,
 * proves itself or learns of us, and a stranger learns nothing but our registry version. What does not fit into one
 * connection comes with the next.
 */
export async function startDocsExchange(options: DocsExchangeOptions): Promise<void> {
  const { host, logger } = options
  await host.handleStream(
    DOCS_PROTOCOL,
    async (frames, peer) => {
      if (options.directory().peerStanding(peerKeyBytes(peer)) !== 'member') return
      const frame = await frames.read()
      if (frame === null) return
      const { registryVersion, after } = decodeStrict(DocsRequest, frame, REQUEST_BYTES_MAX)
      await frames.write(encode(Evidence, { items: fitting(options.documents(registryVersion).slice(after)) }))
    },
    CAPS,
  )
  const inTurn = createTurns()
  const pages = createPages(() => options.directory().registry.version)
  const asking = { inbound: 0, outbound: 0 }
  const tryAsking = async (peer: PeerKeyHex) => {
    const direction = host.peers().find(each => each.peer === peer)?.direction ?? 'inbound'
    if (asking[direction] >= STRANGERS_MAX) return
    asking[direction]++
    await ask(peer)
      .catch(error => logger.debug({ peer, err: error }, 'no documents from a peer in limbo'))
      .finally(() => asking[direction]--)
  }
  host.onPeer(({ kind, peer }) => {
    if (kind === 'limbo') void tryAsking(peer)
  })
  for (const { peer, status } of host.peers()) if (status === 'limbo') void tryAsking(peer)

  async function ask(peer: PeerKeyHex): Promise<void> {
    const frames = await host.openStream(peer, DOCS_PROTOCOL, AbortSignal.timeout(LIMBO_MS), {
      frameBytesMax: FRAME_BYTES_MAX,
    })
    const request = pages.next(peer)
    await frames.write(encode(DocsRequest, request))
    const frame = await frames.read()
    await frames.close()
    if (frame === null) return
    const items = decodeStrict(Evidence, frame, FRAME_BYTES_MAX).items.slice(0, EVIDENCE_REQUEST_HASHES_MAX)
    pages.passed(peer, request, await inTurn(() => judge(items, peer)))
  }

  /**
   * Anybody can make documents that take long to judge and lead nowhere: a few of them end it, the rest is paced.
   */
  async function judge(items: readonly EvidenceItem[], peer: PeerKeyHex): Promise<Judged> {
    let idle = 0
    let news = 0
    for (const [i, item] of items.entries()) {
      if (item.type !== DOCUMENT || options.has(toHex(itemName(item)))) continue
      const startMs = performance.now()
      const { added } = await options.apply([item], peer)
      await delay((performance.now() - startMs) * (1 / STRANGERS_SHARE - 1), undefined, { ref: false })
      news += added
      if (added === 0 && ++idle >= IDLE_DOCUMENTS_MAX) return { count: i + 1, news }
    }
    return { count: items.length, news }
  }
}

/** How many documents of an answer were looked at, and how many were added. */
interface Judged {
  readonly count: number
  readonly news: number
}

/**
 * How far the documents of each peer in limbo have come. A registry that changed here begins another answer, and a later
 * page without news begins it anew: a document that the peer has made since, such as the one with its key, stands first.
 */
function createPages(registryVersion: () => number) {
  /** Insertion order is age. */
  const passed = new Map<PeerKeyHex, DocsRequest>()

  return {
    next(peer: PeerKeyHex): DocsRequest {
      const last = passed.get(peer)
      const version = registryVersion()
      return last?.registryVersion === version ? last : { registryVersion: version, after: 0 }
    },
    passed(peer: PeerKeyHex, { registryVersion, after }: DocsRequest, { count, news }: Judged): void {
      passed.delete(peer)
      if (after > 0 && news === 0) return
      passed.set(peer, { registryVersion, after: after + count })
      if (passed.size > PEERS_KEPT_MAX) passed.delete(passed.keys().next().value as PeerKeyHex)
    },
  }
}

/** Whoever is forgotten begins anew. */
const PEERS_KEPT_MAX = 256
const REQUEST_BYTES_MAX = 64
const LIMBO_MS = 10_000
/** What judging strangers may take of this thread's time. */
const STRANGERS_SHARE = 0.1
/** Strangers whose documents are fetched or wait to be judged; of those whom we called as many again. */
const STRANGERS_MAX = 8
/** Documents of one stranger that are new and add nothing: honest nodes hold valid ones only, each after its parent. */
const IDLE_DOCUMENTS_MAX = 2
const DOCUMENT = 1

function fitting(items: readonly EvidenceItem[]): EvidenceItem[] {
  const out: EvidenceItem[] = []
  let bytes = 0
  for (const item of items) {
    bytes += item.body.length + 8
    if (bytes > DOCUMENTS_BYTES_MAX || out.length >= EVIDENCE_REQUEST_HASHES_MAX) break
    out.push(item)
  }
  return out
}
