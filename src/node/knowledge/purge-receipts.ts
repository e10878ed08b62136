import { compareBytes, equalBytes } from '../../base/bytes.ts'
import { type AllianceId, logIdHex, type NationId } from '../../base/ids.ts'
import { leastReceipt, type VerifiedPurgeReceipt, verifyPurgeReceipt } from '../../chain/purge-receipt.ts'
import type { EntryPosition, Store } from '../../store/store.ts'
import { parseEnvelope } from '../../wire/entry.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import { itemName, type Piece } from './log-evidence.ts'

export interface PurgeReceiptsOptions {
  readonly allianceId: AllianceId
  readonly store: Pick<Store, 'tombstonesOf' | 'entry' | 'log'>
  /** Whose witness key this is, or ever was, by a valid NationDoc. */
  nationOf(witnessPk: Uint8Array): NationId | undefined
  /** Erasures of one nation about which statements are kept. */
  readonly perAuthorMax?: number
}

/** What a nation said of an erasure. */
export interface NationReceipt extends VerifiedPurgeReceipt {
  readonly nation: NationId
}

/**
 * Who says that it has destroyed what was erased: of each nation one statement a TOMBSTONE, while that stands,
 * and of one author's TOMBSTONEs the first of which anybody says so. So whoever knows the same entries and has heard the
 * same keeps the same, and no author can fill the evidence of the alliance with what it erases.
 */
export interface PurgeReceipts {
  /** Undefined where it says nothing new, or nothing that can be judged here yet. Throws ProtocolError. */
  add(item: EvidenceItem): Promise<{ readonly added: readonly Piece[]; readonly removed: readonly Piece[] } | undefined>
  /** One that an earlier run kept. */
  restore(item: EvidenceItem): Piece
  /** Takes away what no TOMBSTONE that stands bears any more. */
  reconsider(): readonly Piece[]
  /** In the order of nations. */
  of(tombstone: EntryPosition): readonly NationReceipt[]
  /** Whether a further one for it would be kept. */
  hasRoom(tombstone: EntryPosition): boolean
}

/** With a statement of everybody about each: of 200 nations ten such authors fill a tenth of what a pull lists. */
const PER_AUTHOR_MAX = 128

interface Held extends Piece {
  readonly receipt: NationReceipt
}

interface OfTombstone {
  readonly tombstone: EntryPosition
  readonly byNation: Map<NationId, Held>
}

export function createPurgeReceipts(options: PurgeReceiptsOptions): PurgeReceipts {
  const { allianceId, store, nationOf, perAuthorMax = PER_AUTHOR_MAX } = options
  /** By the nation that erased, '' where its log is not here any more, and then by the name of the TOMBSTONE. */
  const held = new Map<string, Map<string, OfTombstone>>()

  function ofAuthor({ logId }: EntryPosition): Map<string, OfTombstone> {
    const author = store.log(logId)?.head.nation ?? ''
    const known = held.get(author) ?? new Map<string, OfTombstone>()
    held.set(author, known)
    return known
  }

  function find(tombstone: EntryPosition): OfTombstone | undefined {
    return ofAuthor(tombstone).get(placeOf(tombstone))
  }

  function keep(piece: Held): void {
    const { tombstone, nation } = piece.receipt
    const { byNation } = find(tombstone) ?? { byNation: new Map<NationId, Held>() }
    ofAuthor(tombstone).set(placeOf(tombstone), { tombstone, byNation: byNation.set(nation, piece) })
  }

  /** Lets go of the last TOMBSTONE where there is one too many. */
  function shrink(tombstones: Map<string, OfTombstone>): readonly Held[] {
    if (tombstones.size <= perAuthorMax) return []
    const last = [...tombstones.values()].reduce((a, b) => (inOrder(a, b) > 0 ? a : b))
    tombstones.delete(placeOf(last.tombstone))
    return [...last.byNation.values()]
  }

  function read(item: EvidenceItem): Held | undefined {
    const receipt = verifyPurgeReceipt(item.body, allianceId)
    const nation = nationOf(receipt.witnessPk)
    return nation && { name: itemName(item), item, receipt: { ...receipt, nation } }
  }

  function stands({ target, tombstone }: NationReceipt): boolean {
    return store.tombstonesOf(target).some(({ by, stands }) => stands && isSame(by, tombstone))
  }

  async function bodyHashOf({ logId, seq }: EntryPosition): Promise<Uint8Array | undefined> {
    const bytes = await store.entry(logId, seq)
    return bytes && parseEnvelope(bytes).header.bodyHash
  }

  return {
    async add(item) {
      const piece = read(item)
      if (piece === undefined || !stands(piece.receipt)) return undefined
      const bodyHash = await bodyHashOf(piece.receipt.target)
      if (bodyHash === undefined || !equalBytes(bodyHash, piece.receipt.bodyHash)) return undefined
      const { tombstone, nation } = piece.receipt
      const before = find(tombstone)?.byNation.get(nation)
      if (before !== undefined && leastReceipt(before.receipt, piece.receipt) === before.receipt) return undefined
      keep(piece)
      const beyond = shrink(ofAuthor(tombstone))
      const removed = [...(before === undefined ? [] : [before]), ...beyond.filter(other => other !== piece)]
      const added = beyond.includes(piece) ? [] : [piece]
      return added.length + removed.length === 0 ? undefined : { added, removed }
    },
    restore(item) {
      const piece = read(item)
      if (piece !== undefined) keep(piece)
      return piece ?? { name: itemName(item), item }
    },
    reconsider() {
      const idle: Held[] = []
      for (const tombstones of held.values()) {
        for (const [place, { byNation }] of tombstones) {
          for (const [nation, piece] of byNation) {
            if (stands(piece.receipt)) continue
            idle.push(piece)
            byNation.delete(nation)
          }
          if (byNation.size === 0) tombstones.delete(place)
        }
      }
      return idle
    },
    of(tombstone) {
      const receipts = [...(find(tombstone)?.byNation.values() ?? [])].map(({ receipt }) => receipt)
      return receipts.sort((a, b) => (a.nation < b.nation ? -1 : 1))
    },
    hasRoom(tombstone) {
      const tombstones = ofAuthor(tombstone)
      if (tombstones.size < perAuthorMax || tombstones.has(placeOf(tombstone))) return true
      return [...tombstones.values()].some(other => inOrder(other, { tombstone }) > 0)
    },
  }
}

function inOrder(a: Pick<OfTombstone, 'tombstone'>, b: Pick<OfTombstone, 'tombstone'>): number {
  return compareBytes(a.tombstone.logId, b.tombstone.logId) || a.tombstone.seq - b.tombstone.seq
}

function placeOf({ logId, seq }: EntryPosition): string {
  return `${logIdHex(logId)}/${seq}`
}

function isSame(a: EntryPosition, b: EntryPosition): boolean {
  return a.seq === b.seq && equalBytes(a.logId, b.logId)
}
