import { EMPTY, fromHex } from '../../base/bytes.ts'
import { parseLogId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { frontierDigest } from '../../chain/frontier.ts'
import { buildSubtreePath } from '../../merkle/subtree.ts'
import type { Store } from '../../store/store.ts'
import type { PullLocal } from '../../sync/pull.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { Envelope, type Hello } from '../../wire/gen/tocsin.ts'
import { BUNDLE_BYTES_MAX } from '../../wire/limits.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import { heldCheckpoint } from '../knowledge/held-checkpoint.ts'
import type { SyncSource } from './sync-server.ts'

export interface SyncSourceOptions {
  readonly store: Store
  readonly book: EvidenceBook
  readonly nation: string
  readonly agent: string
  readonly clock: Clock
}

const PROTOCOL = 1

/** What this node answers and says of itself, from committed state only. */
export function createSyncSource(options: SyncSourceOptions): SyncSource {
  const { store, book } = options

  function hello(): Hello {
    const { registry } = book.directory()
    return {
      protocol: PROTOCOL,
      allianceId: book.allianceId,
      nation: options.nation,
      registryVersion: registry.version,
      registryHash: Buffer.from(registry.hash, 'hex'),
      timeMs: options.clock.now(),
      agent: options.agent,
      evidenceDigest: book.digest(),
      frontierDigest: frontierDigest(store.frontier()),
    }
  }

  return {
    hello,
    evidenceHashes: () => book.hashes(),
    evidence: async hash => book.item(hash),
    heads: () => store.frontier(),
    async entries(logId, from, count) {
      const standing = store.log(logId)?.standing.size ?? 0
      const wanted = Math.min(count, Math.max(0, standing - from))
      if (wanted === 0) return []
      const bytes = await store.entriesRange(logId, from, wanted, BUNDLE_BYTES_MAX)
      // Written by this node in canonical form, so it need not be checked again to be handed on.
      return bytes.map(each => decodeLoose(Envelope, each, false))
    },
    async provenTree(logId, asked) {
      const prove = (size: number) => async (from: number, count: number) =>
        buildSubtreePath(store.hashAt(logId), from, count, size)
      if (asked > 0 && asked <= (store.log(logId)?.head.size ?? 0))
        return { note: EMPTY, size: asked, prove: prove(asked) }
      const checkpoint = heldCheckpoint(book, store, logId, store.log(logId)?.standing.size ?? 0)
      if (checkpoint === undefined) return undefined
      const { note, size } = checkpoint
      return { note, size, prove: prove(size) }
    },
  }
}

/** What a pull compares with what a peer says it holds, as of now. */
export function localState(
  source: SyncSource,
  book: EvidenceBook,
  store: Store,
  bodiesWanted: PullLocal['bodiesWanted'] = () => [],
): PullLocal {
  return {
    hello: source.hello(),
    hasEvidence: book.has,
    bodiesWanted,
    log(hex) {
      const logId = parseLogId(fromHex(hex))
      const held = store.log(logId)?.head
      const log = held ?? book.checkpoints(logId)[0]?.log
      if (log === undefined) return undefined
      const { branch } = book.standingOf(log)
      const isBelow = branch !== undefined && (held?.size ?? 0) < branch.size
      return {
        size: held?.size ?? 0,
        limit: book.limitOf(log),
        branch,
        doubtful: !book.isOnBranch(log) || (isBelow && Number.isFinite(book.conflictAt(log))),
        leafAt: seq => store.leafAt(logId, seq),
      }
    },
  }
}
