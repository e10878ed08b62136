/** What a log of a million entries costs as a tree: an append, the proofs, and what a node keeps of it in memory. */
import { randomBytes } from 'node:crypto'
import { type Hash, parseHash } from '../../src/base/ids.ts'
import { installNative, nativeSha256 } from '../../src/crypto/native.ts'
import {
  appendLeaf,
  type CompactRange,
  decodeCompactRange,
  EMPTY_RANGE,
  encodeCompactRange,
  rangeRoot,
} from '../../src/merkle/compact-range.ts'
import { buildConsistency, verifyConsistency } from '../../src/merkle/consistency.ts'
import { buildInclusion, verifyInclusion } from '../../src/merkle/inclusion.ts'
import { type HashAt, hashAtFromTiles, TILE_LEVELS } from '../../src/merkle/proof-source.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'merkle'

const SIZE = 1_000_000
const PROOFS = 200
const HASH_BYTES = 32
const RANGES = 5_000

interface Tree {
  readonly hashAt: HashAt
  readonly range: CompactRange
  readonly roots: ReadonlyMap<number, Hash>
  readonly leavesPerSecond: number
}

/** Keeps what a store keeps: the leaves, and one hash for 256 and 65,536 of them. */
function buildTree(sizes: ReadonlySet<number>): Tree {
  const levels: Hash[][] = [[], [], []]
  for (let i = 0; i < SIZE; i++) levels[0]!.push(parseHash(randomBytes(HASH_BYTES)))
  const roots = new Map<number, Hash>()
  let range = EMPTY_RANGE
  const started = performance.now()
  for (const leaf of levels[0]!) {
    range = appendLeaf(range, leaf, (level, _index, hash) => {
      if (level % TILE_LEVELS === 0) levels[level / TILE_LEVELS]!.push(hash)
    })
    if (sizes.has(range.size)) roots.set(range.size, rangeRoot(range))
  }
  const leavesPerSecond = (SIZE / (performance.now() - started)) * 1000
  roots.set(SIZE, rangeRoot(range))
  return {
    hashAt: hashAtFromTiles((level, index) => levels[level / TILE_LEVELS]![index]!),
    range,
    roots,
    leavesPerSecond,
  }
}

export async function run(report: Report): Promise<void> {
  installNative()
  const at = Array.from({ length: PROOFS }, (_, i) => Math.floor(((i + 0.5) / PROOFS) * SIZE))
  const tree = buildTree(new Set(at))
  const root = tree.roots.get(SIZE)!
  const hashMs = hashTime()
  report({
    figure: 'leaves appended to a tree of 10^6',
    value: tree.leavesPerSecond,
    unit: 'leaves/s',
    floor: 1000 / hashMs,
  })

  const inclusion = timesOf(at, {
    build: index => buildInclusion(tree.hashAt, index, SIZE),
    verify: (index, path) => verifyInclusion({ leaf: tree.hashAt(0, index), index, size: SIZE, root, path }),
  })
  reportProof(report, 'an inclusion proof at 10^6', inclusion, hashMs)
  const consistency = timesOf(at, {
    build: fromSize => buildConsistency(tree.hashAt, fromSize, SIZE),
    verify: (fromSize, path) =>
      verifyConsistency({ fromSize, fromRoot: tree.roots.get(fromSize)!, toSize: SIZE, toRoot: root, path }),
  })
  reportProof(report, 'a consistency proof at 10^6', consistency, hashMs)
  report({ figure: 'what a node holds in memory of a tree of 10^6', value: memoryOf(tree.range), unit: 'bytes' })
}

/** Milliseconds that one inner node takes. */
function hashTime(): number {
  const node = randomBytes(1 + 2 * HASH_BYTES)
  const started = performance.now()
  for (let i = 0; i < 200_000; i++) nativeSha256(node)
  return (performance.now() - started) / 200_000
}

interface ProofTimes {
  readonly buildMs: number
  readonly verifyMs: number
  /** Of the longest. */
  readonly bytes: number
}

function timesOf(
  at: readonly number[],
  of: { build(place: number): Hash[]; verify(place: number, path: readonly Hash[]): boolean },
): ProofTimes {
  const started = performance.now()
  const paths = at.map(of.build)
  const built = performance.now()
  const holds = at.every((place, i) => of.verify(place, paths[i]!))
  const verified = performance.now()
  if (!holds) throw new Error('a proof does not hold')
  const bytes = Math.max(...paths.map(path => path.length)) * HASH_BYTES
  return { buildMs: (built - started) / at.length, verifyMs: (verified - built) / at.length, bytes }
}

/** The floor of checking is hashing every step once. */
function reportProof(report: Report, figure: string, { buildMs, verifyMs, bytes }: ProofTimes, hashMs: number): void {
  report({ figure, value: bytes, unit: 'bytes', floor: Math.ceil(Math.log2(SIZE)) * HASH_BYTES })
  report({ figure: `${figure}, built from tiles`, value: buildMs, unit: 'ms' })
  report({ figure: `${figure}, verified`, value: verifyMs, unit: 'ms', floor: (bytes / HASH_BYTES) * hashMs })
}

/** What a node holds of each log: its compact range, as it comes from the record of the log. */
function memoryOf(range: CompactRange): number {
  const bytes = encodeCompactRange(range)
  globalThis.gc?.()
  const before = process.memoryUsage()
  const held = Array.from({ length: RANGES }, () => decodeCompactRange(bytes))
  globalThis.gc?.()
  const after = process.memoryUsage()
  if (held.length !== RANGES) throw new Error('nothing was measured')
  return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / RANGES
}
