import { equalBytes, toHex } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import type { AllianceId, EpochId, Hash, LogId, NationId } from '../../base/ids.ts'
import { parseHash } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { readContent } from '../../chain/entry-content.ts'
import type { GrantSlot, KeyGrantContent } from '../../chain/key-grant.ts'
import { audienceHash, type EpochPlace, openSlot } from '../../crypto/epoch-slot.ts'
import type { KemSecret } from '../../crypto/node-key-file.ts'
import { openInfo } from '../../crypto/sealed-info.ts'
import { createXWingKey, type XWingKey } from '../../crypto/xwing.ts'
import { type AudienceStatement, parseAudienceInfo } from '../../policy/audience-info.ts'
import { kemKeyIdOf, SUITE_XWING } from '../../registry/kem-key.ts'
import type { EntryReads, RecordReads } from '../../store/store.ts'
import { parseEnvelope } from '../../wire/entry.ts'

/** A KEM key of the own nation, and the window in which others seal to it. */
export interface OwnKemKey {
  readonly keyId: Uint8Array
  readonly key: XWingKey
  readonly fromMs: number
  readonly untilMs: number
}

export function ownKemKey({ seed, fromMs, untilMs }: KemSecret): OwnKemKey {
  const key = createXWingKey(seed)
  return { key, keyId: kemKeyIdOf(SUITE_XWING, key.publicKey), fromMs, untilMs }
}

/** An epoch whose secret is here. */
export interface KnownEpoch {
  readonly secret: Uint8Array
  /** As its author states it; undefined where a SEALED grant states none that holds. */
  readonly audience: AudienceStatement | undefined
}

export type GrantOpening =
  | { readonly kind: 'opened'; readonly epochId: EpochId }
  /** No slot is for this nation, or its KEM key is gone. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'wrong-commit' }
  /** A slot names us and a key that we hold, and is not sealed to it. */
  | { readonly kind: 'does-not-open' }

/** A grant that stands in the log of the epoch. */
export interface StoredGrant {
  readonly seq: number
  readonly timeMs: number
  readonly grant: KeyGrantContent
}

export interface EpochKeysOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly kemKeys: readonly OwnKemKey[]
  /** A KEM key has opened a grant. */
  used(keyId: Uint8Array): void
  readonly store: RecordReads & EntryReads
  readonly clock: Clock
}

/** Keys tried on every slot of a SEALED grant: that of its time, the ones beside it, and one for an author's odd clock. */
const KEYS_TRIED_MAX = 4
const EPOCHS_CACHED_MAX = 16_384

/**
 * The epoch secrets that this node can open. They live in memory only, so that destroying a KEM key destroys them
 * after a restart they are taken from the grants again when first needed.
 */
export function createEpochKeys(options: EpochKeysOptions) {
  const { allianceId, nation, store, clock } = options
  let keys = options.kemKeys
  let byKeyId = keysById(keys)
  /** Insertion order is age: the oldest goes first. Null: looked for, and not for us. */
  const cache = new Map<string, KnownEpoch | null>()
  /** Of the first grant of each epoch. */
  const commits = new Map<string, Uint8Array>()
  const audited = new Set<string>()

  function remember(name: string, epoch: KnownEpoch | null): void {
    cache.delete(name)
    cache.set(name, epoch)
    if (cache.size > EPOCHS_CACHED_MAX) cache.delete(cache.keys().next().value as string)
  }

  /** `timeMs` is that of the entry, by which the keys for a SEALED grant are chosen. */
  function openGrant(logId: LogId, grant: KeyGrantContent, timeMs: number): GrantOpening {
    const { epochId } = grant
    const name = nameOf(logId, epochId)
    // an epoch has one secret, and its first grant in the log says which, on every node and after every restart.
    // With two, one ciphertext could say one thing to some of its readers and another to others.
    if (!equalBytes(firstCommit(name, grant.commit), grant.commit)) return { kind: 'wrong-commit' }
    if (cache.get(name)) return { kind: 'opened', epochId }
    const place = { allianceId, logId, epochId }
    const opened = grant.sealed ? openSealed(place, grant, timeMs) : openNamed(place, grant)
    if (opened.kind === 'secret') {
      remember(name, { secret: opened.secret, audience: statementOf(opened.secret, place, grant) })
      return { kind: 'opened', epochId }
    }
    if (opened.kind === 'not-ours') remember(name, null)
    return opened
  }

  function firstCommit(name: string, commit: Uint8Array): Uint8Array {
    const known = commits.get(name)
    if (known !== undefined) return known
    commits.set(name, commit)
    if (commits.size > EPOCHS_CACHED_MAX) commits.delete(commits.keys().next().value!)
    return commit
  }

  function openNamed(place: EpochPlace, grant: KeyGrantContent): Opened {
    let named = false
    for (const slot of grant.slots) {
      if (slot.recipient?.nation !== nation) continue
      const { kemKeyId } = slot.recipient
      const key = byKeyId.get(toHex(kemKeyId))
      if (key === undefined) continue
      const opened = trySlot(key, place, grant, slot)
      if (opened.kind === 'secret') options.used(kemKeyId)
      if (opened.kind !== 'not-ours') return opened
      named = true
    }
    return { kind: named ? 'does-not-open' : 'not-ours' }
  }

  function openSealed(place: EpochPlace, grant: KeyGrantContent, timeMs: number): Opened {
    for (const { key, keyId } of keysAround(timeMs)) {
      for (const slot of grant.slots) {
        const opened = trySlot(key, place, grant, slot)
        if (opened.kind === 'secret') options.used(keyId)
        if (opened.kind !== 'not-ours') return opened
      }
    }
    return { kind: 'not-ours' }
  }

  /** Those whose windows are the nearest; the time of an author whose clock is ahead counts as now. */
  function keysAround(entryMs: number): readonly OwnKemKey[] {
    const timeMs = Math.min(entryMs, clock.now())
    const distance = ({ fromMs, untilMs }: OwnKemKey) => Math.max(fromMs - timeMs, timeMs - untilMs, 0)
    return [...keys].sort((a, b) => distance(a) - distance(b)).slice(0, KEYS_TRIED_MAX)
  }

  /** All grants of the epoch that its log holds here, in their order. */
  async function grantsOf(logId: LogId, epochId: EpochId): Promise<readonly StoredGrant[]> {
    const grants: StoredGrant[] = []
    for (const position of await store.grants(epochId)) {
      if (!equalBytes(position.logId, logId)) continue
      const bytes = await store.entry(logId, position.seq)
      if (bytes === undefined) continue
      // It was indexed when it was committed, so its header was judged then.
      const entry = parseEnvelope(bytes)
      const read = readContent(entry, 0)
      if (read.kind !== 'ok' || read.content.kind !== 'key-grant') continue
      grants.push({ seq: position.seq, timeMs: entry.header.timeMs, grant: read.content.grant })
    }
    return grants
  }

  async function lookUp(logId: LogId, epochId: EpochId): Promise<KnownEpoch | undefined> {
    const name = nameOf(logId, epochId)
    const cached = cache.get(name)
    if (cached !== undefined) return cached ?? undefined
    for (const { grant, timeMs } of await grantsOf(logId, epochId)) {
      if (openGrant(logId, grant, timeMs).kind === 'opened') return cache.get(name) ?? undefined
    }
    remember(name, null)
    return undefined
  }

  return {
    openGrant,
    grantsOf,
    holdsKemKey: (keyId: Uint8Array): boolean => byKeyId.has(toHex(keyId)),
    kemKeysAt: keysAround,
    /** Hex ids of the keys held. */
    kemKeyIds: (): readonly string[] => [...byKeyId.keys()],
    /** What is known already, without I/O. */
    known: (logId: LogId, epochId: EpochId): KnownEpoch | undefined => cache.get(nameOf(logId, epochId)) ?? undefined,
    /** Taken from the stored grants where need be; undefined while no grant for this nation is here. */
    lookUp,
    /**
     * the seq of a grant whose audience_hash does not hold for the audience that it states; undefined where all
     * hold, and when asked again. The content is opened all the same.
     */
    async auditAudience(logId: LogId, epochId: EpochId): Promise<number | undefined> {
      const name = nameOf(logId, epochId)
      const epoch = cache.get(name)
      if (!epoch || audited.has(name)) return undefined
      if (audited.size >= EPOCHS_CACHED_MAX) audited.clear()
      audited.add(name)
      const grants = await grantsOf(logId, epochId)
      const place = { allianceId, logId, epochId }
      const named = grants.filter(({ grant }) => !grant.sealed).flatMap(({ grant }) => namesOf(grant.slots))
      return grants.find(({ grant }) => {
        const statement = grant.sealed ? statementOf(epoch.secret, place, grant) : { nations: named }
        return statement === undefined || !equalBytes(audienceHash(epoch.secret, statement.nations), grant.audienceHash)
      })?.seq
    },
    /** All that any grant of the epoch here states to be its readers; undefined where its secret is not here. */
    async readersOf(logId: LogId, epochId: EpochId): Promise<EpochReaders | undefined> {
      const epoch = await lookUp(logId, epochId)
      if (epoch === undefined) return undefined
      const place = { allianceId, logId, epochId }
      const grants = await grantsOf(logId, epochId)
      const statements = grants.flatMap(({ grant }) => statementOf(epoch.secret, place, grant) ?? [])
      const [first] = grants
      const [scope] = statements
      if (first === undefined || scope === undefined) return undefined
      return {
        scope,
        nations: new Set(statements.flatMap(({ nations }) => nations)),
        firstSeq: first.seq,
        openedMs: first.timeMs,
        maxMessages: first.grant.maxMessages,
      }
    },
    /** Others than before: what could not be opened may be now, and what a destroyed key opened is forgotten. */
    setKemKeys(kemKeys: readonly OwnKemKey[]): boolean {
      const before = byKeyId
      keys = kemKeys
      byKeyId = keysById(kemKeys)
      if (byKeyId.size === before.size && [...byKeyId.keys()].every(id => before.has(id))) return false
      cache.clear()
      return true
    },
    /** What was granted in a log that is another from some entry on. */
    forget(logId: LogId): void {
      for (const known of [cache, commits, audited])
        for (const name of [...known.keys()]) if (name.startsWith(toHex(logId))) known.delete(name)
    },
    /** An own epoch is known without opening a grant. */
    add(logId: LogId, epochId: EpochId, epoch: KnownEpoch): void {
      remember(nameOf(logId, epochId), epoch)
    },
  }
}

export type EpochKeys = ReturnType<typeof createEpochKeys>

export interface EpochReaders {
  readonly scope: AudienceStatement
  readonly nations: ReadonlySet<NationId>
  /** Of its first grant. */
  readonly firstSeq: number
  readonly openedMs: number
  readonly maxMessages: number
}

type Opened = { readonly kind: 'secret'; readonly secret: Uint8Array } | Exclude<GrantOpening, { kind: 'opened' }>

function trySlot(key: XWingKey, place: EpochPlace, grant: KeyGrantContent, slot: GrantSlot): Opened {
  const opened = openSlot(key, place, parseHash(grant.commit, 'commit') as Hash, slot)
  return opened.kind === 'opened' ? { kind: 'secret', secret: opened.secret } : opened
}

/** What a grant says of its audience; undefined where a SEALED one says nothing that can be read. */
function statementOf(secret: Uint8Array, place: EpochPlace, grant: KeyGrantContent): AudienceStatement | undefined {
  if (!grant.sealed) return { kind: 'alliance', nations: namesOf(grant.slots) }
  const info = openInfo(secret, place, grant.sealedInfo)
  if (info === null) return undefined
  try {
    return parseAudienceInfo(info)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function namesOf(slots: readonly GrantSlot[]): readonly NationId[] {
  return slots.flatMap(({ recipient }) => recipient?.nation ?? [])
}

function keysById(kemKeys: readonly OwnKemKey[]): ReadonlyMap<string, XWingKey> {
  return new Map(kemKeys.map(own => [toHex(own.keyId), own.key]))
}

function nameOf(logId: LogId, epochId: EpochId): string {
  return `${toHex(logId)}${toHex(epochId)}`
}
