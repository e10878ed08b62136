import { toHex } from '../base/bytes.ts'
import type { AllianceId, EpochId, LogId, NationId } from '../base/ids.ts'
import { parseHash } from '../base/ids.ts'
import { readContent } from '../chain/entry-content.ts'
import type { KeyGrantContent } from '../chain/key-grant.ts'
import { openSlot } from '../crypto/epoch-slot.ts'
import type { KemSecret } from '../crypto/node-key-file.ts'
import { createXWingKey, type XWingKey } from '../crypto/xwing.ts'
import { kemKeyIdOf, SUITE_XWING } from '../registry/kem-key.ts'
import type { EntryReads, RecordReads } from '../store/store.ts'
import { parseEnvelope } from '../wire/entry.ts'

/** A KEM key of the own nation. */
export interface OwnKemKey {
  readonly keyId: Uint8Array
  readonly key: XWingKey
}

export function ownKemKey({ seed }: KemSecret): OwnKemKey {
  const key = createXWingKey(seed)
  return { key, keyId: kemKeyIdOf(SUITE_XWING, key.publicKey) }
}

export type GrantOpening =
  | { readonly kind: 'opened'; readonly epochId: EpochId }
  /** No slot is for this nation, or its KEM key is gone. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'wrong-commit' }

/**
 * The epoch secrets that this node can open. They live in memory only, so that destroying a KEM key destroys them
 * after a restart they are taken from the grants again when first needed.
 */
export function createEpochKeys(options: {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly kemKeys: readonly OwnKemKey[]
  readonly store: RecordReads & EntryReads
}) {
  const { allianceId, nation, store } = options
  let byKeyId = keysById(options.kemKeys)
  /** Insertion order is age: the oldest goes first. Null: looked for and not there. */
  const cache = new Map<string, Uint8Array | null>()

  function remember(name: string, secret: Uint8Array | null): void {
    cache.delete(name)
    cache.set(name, secret)
    if (cache.size > EPOCHS_CACHED_MAX) cache.delete(cache.keys().next().value as string)
  }

  function openGrant(logId: LogId, grant: KeyGrantContent): GrantOpening {
    const { epochId } = grant
    const place = { allianceId, logId, epochId }
    // An epoch has one secret: that of the first grant in the log that opens, on every node and after every restart.
    if (cache.get(nameOf(logId, epochId))) return { kind: 'opened', epochId }
    for (const { recipient, enc, ct } of grant.slots) {
      if (recipient === undefined || recipient.nation !== nation) continue
      const key = byKeyId.get(toHex(recipient.kemKeyId))
      if (key === undefined) continue
      const opened = openSlot(key, place, parseHash(grant.commit, 'commit'), { enc, ct })
      if (opened.kind === 'wrong-commit') return opened
      if (opened.kind === 'not-ours') continue
      remember(nameOf(logId, epochId), opened.secret)
      return { kind: 'opened', epochId }
    }
    return { kind: 'not-ours' }
  }

  async function reopen(logId: LogId, epochId: EpochId): Promise<Uint8Array | null> {
    for (const position of await store.grants(epochId)) {
      if (toHex(position.logId) !== toHex(logId)) continue
      const bytes = await store.entry(logId, position.seq)
      if (bytes === undefined) continue
      // It was indexed when it was committed, so its header was judged then.
      const read = readContent(parseEnvelope(bytes), 0)
      if (read.kind !== 'ok' || read.content.kind !== 'key-grant') continue
      if (openGrant(logId, read.content.grant).kind === 'opened') return cache.get(nameOf(logId, epochId)) ?? null
    }
    return null
  }

  return {
    openGrant,
    holdsKemKey: (keyId: Uint8Array): boolean => byKeyId.has(toHex(keyId)),
    /** The secret where it is known already, without I/O. */
    known(logId: LogId, epochId: EpochId): Uint8Array | undefined {
      return cache.get(nameOf(logId, epochId)) ?? undefined
    },
    /** The secret, taken from the stored grants where need be; undefined while no grant for this nation is here. */
    async secretOf(logId: LogId, epochId: EpochId): Promise<Uint8Array | undefined> {
      const name = nameOf(logId, epochId)
      const cached = cache.get(name)
      if (cached !== undefined) return cached ?? undefined
      const secret = await reopen(logId, epochId)
      if (secret === null) remember(name, null)
      return secret ?? undefined
    },
    /** Others than before: what could not be opened may be now, and what a destroyed key opened is forgotten. */
    setKemKeys(kemKeys: readonly OwnKemKey[]): boolean {
      const before = byKeyId
      byKeyId = keysById(kemKeys)
      if (byKeyId.size === before.size && [...byKeyId.keys()].every(id => before.has(id))) return false
      cache.clear()
      return true
    },
    /** An own epoch is known without opening a grant. */
    add(logId: LogId, epochId: EpochId, secret: Uint8Array): void {
      remember(nameOf(logId, epochId), secret)
    },
  }
}

export type EpochKeys = ReturnType<typeof createEpochKeys>

const EPOCHS_CACHED_MAX = 16_384

function keysById(kemKeys: readonly OwnKemKey[]): ReadonlyMap<string, XWingKey> {
  return new Map(kemKeys.map(own => [toHex(own.keyId), own.key]))
}

function nameOf(logId: LogId, epochId: EpochId): string {
  return `${toHex(logId)}${toHex(epochId)}`
}
