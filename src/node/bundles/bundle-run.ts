import type { LogPart } from '../../audit/part.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import { ProtocolError } from '../../base/errors.ts'
import type { Hash, LogId, LogIdHex } from '../../base/ids.ts'
import { parseGenesis } from '../../chain/genesis.ts'
import { parseEnvelope } from '../../wire/entry.ts'
import { type BundleTree, createBundleTree } from './bundle-tree.ts'

/** What a checkpoint in a file says, unverified. */
export interface StatedTree {
  readonly log: LogIdHex
  readonly size: number
  readonly root: Hash
  /** Where it lies. */
  readonly offset: number
}

/** What a file holds of one log: its entries from some seq on. */
export interface BundleRun {
  readonly logId: LogId
  /** As its GENESIS says, unverified; empty where that is malformed. */
  readonly nation: string
  readonly tree: BundleTree
  /** Of the last entry. */
  readonly leaf: Hash
  readonly places: readonly EntriesPlace[]
  /** The largest stated tree that is the one of these entries. */
  readonly checkpoint: StatedTree | undefined
  /** Why the entries go no further, though the file does. */
  readonly fault: { readonly code: ErrorCode; readonly reason: string } | undefined
}

/** A part with entries. */
interface EntriesPlace {
  readonly offset: number
  readonly from: number
  readonly count: number
}

export interface RunReader {
  add(envelopes: readonly Uint8Array[], offset: number): void
  /** Undefined where there was not one entry. */
  end(): BundleRun | undefined
}

/** Follows the entries of one log as they come; `stated` is what checkpoints say of it. */
export function createRunReader({ logId, genesis, before }: LogPart, stated: readonly StatedTree[]): RunReader {
  const tree = createBundleTree(before)
  const bySize = Map.groupBy(stated, ({ size }) => size)
  const places: EntriesPlace[] = []
  let leaf: Hash | undefined
  let checkpoint: StatedTree | undefined
  let fault: BundleRun['fault']

  function addOne(bytes: Uint8Array): void {
    const entry = parseEnvelope(bytes)
    if (!equalBytes(entry.logId, logId) || entry.header.seq !== tree.size) {
      throw new ProtocolError('audit-file-malformed', `entry ${tree.size} is not where it belongs`)
    }
    tree.add(entry.leaf)
    leaf = entry.leaf
    checkpoint = bySize.get(tree.size)?.find(({ root }) => equalBytes(root, tree.root())) ?? checkpoint
  }

  return {
    add(envelopes, offset) {
      if (fault !== undefined) return
      const start = tree.size
      try {
        envelopes.forEach(addOne)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        fault = { code: error.code, reason: error.message }
      }
      if (tree.size > start) places.push({ offset, from: start, count: tree.size - start })
    },
    end: () => leaf && { logId, nation: nationOf(genesis), tree, leaf, places, checkpoint, fault },
  }
}

function nationOf(genesis: Uint8Array): string {
  try {
    return parseGenesis(parseEnvelope(genesis).body).nation
  } catch (error) {
    if (error instanceof ProtocolError) return ''
    throw error
  }
}
