import { compareBytes, u64be } from '../base/bytes.ts'
import { labelledHash } from '../base/hash.ts'
import type { Hash, LogId } from '../base/ids.ts'

/** How far one log stands here: entries below `size`, the last of them with this leaf. */
export interface FrontierHead {
  readonly logId: LogId
  readonly size: number
  readonly head: Hash
}

/** Ascending by log id; logs of which nothing stands are no part of it. */
export function buildFrontier(heads: Iterable<FrontierHead>): FrontierHead[] {
  return [...heads].filter(({ size }) => size > 0).sort((a, b) => compareBytes(a.logId, b.logId))
}

const HEAD_BYTES = 32 + 8 + 32

/** `SHA256("tocsin/frontier/v1\0" || for each log, ascending: log_id || u64 size || leaf of the last entry)`. */
export function frontierDigest(frontier: readonly FrontierHead[]): Hash {
  const heads = new Uint8Array(frontier.length * HEAD_BYTES)
  frontier.forEach(({ logId, size, head }, i) => {
    heads.set(logId, i * HEAD_BYTES)
    heads.set(u64be(size), i * HEAD_BYTES + 32)
    heads.set(head, i * HEAD_BYTES + 40)
  })
  return labelledHash('tocsin/frontier/v1', heads)
}
