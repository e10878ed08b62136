import { fromHex } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import { type Hash, parseHash } from '../base/ids.ts'

/** Root of a tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Hash = parseHash(fromHex('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'))

/** Written anew by every call and hashed before it returns: the hot path of an append allocates only its result. */
const node = new Uint8Array(65)
node[0] = 1

/** `SHA256(0x01 || left || right)`. */
export function nodeHash(left: Hash, right: Hash): Hash {
  node.set(left, 1)
  node.set(right, 33)
  return sha256(node)
}

/** Merkle tree hash of a list of leaf hashes (RFC 6962 §2.1). */
export function rootOf(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT
  let level = leaves
  while (level.length > 1) level = parents(level)
  return level[0]!
}

/** One level up; an odd last node rises as it is, which is what splitting at the largest power of two amounts to. */
function parents(level: readonly Hash[]): Hash[] {
  const above: Hash[] = []
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i]!
    const right = level[i + 1]
    above.push(right === undefined ? left : nodeHash(left, right))
  }
  return above
}
