import { fromHex } from '../../base/bytes.ts'
import { parseHash } from '../../base/ids.ts'
import type { Directory } from '../../registry/directory.ts'
import { docHashHex } from '../../registry/doc-fields.ts'
import { type Pin, pinsByAge } from '../../registry/registry-state.ts'
import { encode } from '../../wire/codec.ts'
import { InForceRecord as StoredRecord } from '../../wire/gen/store.ts'
import { decodeStrict } from '../../wire/strict.ts'

/**
 * Since when registry versions are in force here. Time is what this node ran in all: a clock that was set can
 * neither age a version nor make it young again. A version stands for those before it, which its pin contains.
 */
export interface InForceRecord {
  readonly ranMs: number
  /** In the order in which they came into force. */
  readonly versions: readonly { readonly version: number; readonly hash: Pin['hash']; readonly sinceMs: number }[]
}

/** A clock is looked at every hour at least; what it says beyond that it was set to. */
const STEP_MS_MAX = 2 * 3_600_000
/** Versions that came into force within 30 days; another one is recorded when there is room. */
const VERSIONS_MAX = 1024
const RECORD_BYTES_MAX = 128 * 1024

export const NO_RECORD: InForceRecord = { ranMs: 0, versions: [] }

/** What is in force now, `passedMs` by the clock after the look before. */
export function observeInForce(
  { ranMs: before, versions }: InForceRecord,
  { registry, chain }: Pick<Directory, 'registry' | 'chain'>,
  passedMs: number,
): InForceRecord {
  const ranMs = before + Math.min(Math.max(0, passedMs), STEP_MS_MAX)
  const [aged, young] = partition(versions, ranMs)
  const kept = [...aged.slice(-1), ...young.filter(({ version, hash }) => chain[version - 1]?.hash === hash)]
  const isKnown = kept.some(({ hash }) => hash === registry.hash)
  if (isKnown || kept.length >= VERSIONS_MAX) return { ranMs, versions: kept }
  const { version, hash } = registry
  return { ranMs, versions: [...kept, { version, hash, sinceMs: ranMs }] }
}

/** The version that was in force for 30 days, the last of them; it stays a pin until another one is. */
export function agedPins({ ranMs, versions }: InForceRecord): readonly Pin[] {
  return pinsByAge(versions, ranMs).slice(-1)
}

type Versions = InForceRecord['versions']

function partition(versions: Versions, ranMs: number): readonly [Versions, Versions] {
  const count = pinsByAge(versions, ranMs).length
  return [versions.slice(0, count), versions.slice(count)]
}

export function encodeInForce({ ranMs, versions }: InForceRecord): Uint8Array {
  return encode(StoredRecord, { ranMs, versions: versions.map(each => ({ ...each, hash: fromHex(each.hash) })) })
}

/** Reads what `encodeInForce` wrote. */
export function decodeInForce(bytes: Uint8Array): InForceRecord {
  const { ranMs, versions } = decodeStrict(StoredRecord, bytes, RECORD_BYTES_MAX)
  return { ranMs, versions: versions.map(each => ({ ...each, hash: docHashHex(parseHash(each.hash)) })) }
}
