import { EMPTY, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { type Hash, type LogId, type NationId, parseEpochId, parseNationId } from '../../src/base/ids.ts'
import { checkNext } from '../../src/chain/append.ts'
import type { LogHead } from '../../src/chain/log-head.ts'
import { buildEntry, buildGenesisEntry, type EntryDraft, placeAfter } from '../../src/chain/next-entry.ts'
import { type VerifiedEntry, verifyEntry, verifyGenesis } from '../../src/chain/verify-entry.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import type { LogChange, OpenedItem, TreeNode } from '../../src/store/store.ts'
import { encode } from '../../src/wire/codec.ts'
import { KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import { IndicatorClaim, Item, Opinion, Sighting, Withdrawal } from '../../src/wire/gen/tocsin.ts'
import { alliance, bytesOf, REGISTRY_VERSION, signerOf, TIME_MS } from './chain-fixture.ts'

export const EPOCH = parseEpochId(bytesOf('epoch').slice(0, 16))

/** Writes one log with a real key, and gives each step as the change that a store takes. */
export class StoreAuthor {
  readonly nation: NationId
  readonly signer: Ed25519Signer
  #head: LogHead | undefined

  constructor(nation: string, name: string = nation) {
    this.nation = parseNationId(nation)
    this.signer = signerOf(name)
  }

  get head(): LogHead {
    if (this.#head === undefined) throw new Error('begin() comes first')
    return this.#head
  }

  get logId(): LogId {
    return this.head.logId
  }

  begin(): LogChange {
    const genesis = {
      nation: this.nation,
      signPk: this.signer.publicKey,
      incarnation: 1,
      predecessor: undefined,
      nonce: new Uint8Array(16),
    }
    const times = { timeMs: TIME_MS, registryVersion: REGISTRY_VERSION }
    const entry = buildGenesisEntry(alliance, genesis, times, this.signer.sign)
    return this.take([verifyGenesis(entry, { allianceId: alliance, verify: verifyEd25519, keyStands: () => true })])
  }

  /** `count` sealed batches, each a minute after the one before; `name` makes them differ from other branches. */
  append(count: number, name = 'main'): LogChange {
    const entries: VerifiedEntry[] = []
    let { size: seq, leaf: prev } = this.head
    for (; entries.length < count; seq++) {
      const entry = this.#sign({ logId: this.logId, seq, prev }, batchDraft(name, seq))
      entries.push(entry)
      prev = entry.leaf
    }
    return this.take(entries)
  }

  /** The entry that would be next, without making it so. */
  fork(name: string): VerifiedEntry {
    return this.#sign(placeAfter(this.head), batchDraft(name, this.head.size))
  }

  /** Makes `entries` part of the log, as ingest does. */
  take(append: readonly VerifiedEntry[]): LogChange {
    const nodes: TreeNode[] = []
    for (const entry of append) {
      const next = checkNext(
        this.#head,
        entry,
        () => {
          throw new Error('no entry is new twice')
        },
        (level, index, hash) => nodes.push({ level, index, hash }),
      )
      if (next.kind !== 'append') throw new Error(next.kind)
      this.#head = next.head
    }
    return { logId: this.logId, append, head: this.head, nodes }
  }

  /** Goes back to a head of before. */
  rewindTo(head: LogHead): LogChange {
    this.#head = head
    return { logId: head.logId, rewind: head }
  }

  /** Item `index` of the batch at `seq`, as opening it gives it. */
  opened(item: Uint8Array, seq = 1, index = 0): OpenedItem {
    return { logId: this.logId, seq, index, timeMs: timeAt(seq), hash: sha256(item), item }
  }

  #sign(place: Parameters<typeof buildEntry>[1], draft: EntryDraft): VerifiedEntry {
    const entry = buildEntry(alliance, place, draft, this.signer.sign)
    return verifyEntry(entry, this.head, { allianceId: alliance, verify: verifyEd25519 })
  }
}

export function timeAt(seq: number): number {
  return TIME_MS + seq * 60_000
}

function batchDraft(name: string, seq: number): EntryDraft {
  const sealing = { epochId: EPOCH, salt: new Uint8Array(32) }
  return {
    kind: KIND.BATCH,
    body: utf8(`sealed ${name} ${seq}`),
    timeMs: timeAt(seq),
    registryVersion: REGISTRY_VERSION,
    sealing,
  }
}

export function withoutBody(entry: ParsedEntry): ParsedEntry {
  return { ...entry, body: EMPTY }
}

/** 16 bytes that `name` alone decides. */
export function idOf(name: string): Uint8Array {
  return bytesOf(`id ${name}`).slice(0, 16)
}

const MARKING = { tlp: 2, pap: 0, exercise: 0 }

export function claimItem(id: string, value: string, name = '', type = 'domain'): Uint8Array {
  const claim = { ...IndicatorClaim.empty(), id: idOf(id), type, value, marking: MARKING, name }
  return encode(Item, { type: ITEM.INDICATOR, body: encode(IndicatorClaim, claim) })
}

export function withdrawalItem(id: string, reason = ''): Uint8Array {
  return encode(Item, { type: ITEM.WITHDRAWAL, body: encode(Withdrawal, { claimId: idOf(id), reason }) })
}

export function sightingItem(id: string, value: string): Uint8Array {
  const sighting = { ...Sighting.empty(), id: idOf(id), type: 'domain', value, marking: MARKING, count: 1 }
  return encode(Item, { type: ITEM.SIGHTING, body: encode(Sighting, sighting) })
}

export function opinionItem(id: string, value: string): Uint8Array {
  const opinion = { ...Opinion.empty(), id: idOf(id), type: 'domain', value, marking: MARKING, opinion: 2 }
  return encode(Item, { type: ITEM.OPINION, body: encode(Opinion, opinion) })
}

export function unknownItem(text: string): Uint8Array {
  return encode(Item, { type: 4242, body: utf8(text) })
}

export function malformedItem(): Uint8Array {
  return encode(Item, { type: ITEM.INDICATOR, body: utf8('no claim') })
}

export function hashOf(item: Uint8Array): Hash {
  return sha256(item)
}
