import { equalBytes } from '../base/bytes.ts'
import { type AllianceId, logIdHex, type NationId } from '../base/ids.ts'
import { leastReceipt, type VerifiedPurgeReceipt, verifyPurgeReceipt } from '../chain/purge-receipt.ts'
import type { EntryPosition, Store } from '../store/store.ts'
import { parseEnvelope } from '../wire/entry.ts'
import type { EvidenceItem } from '../wire/gen/tocsin.ts'
import { itemName, type Piece } from './log-evidence.ts'

export interface PurgeReceiptsOptions {
  readonly allianceId: AllianceId
  readonly store: Pick<Store, 'tombstonesOf' | 'entry'>
  /** Whose witness key this is, or ever was, by a valid NationDoc. */
  nationOf(witnessPk: Uint8Array): NationId | undefined
}

/** What a nation said of an erasure. */
export interface NationReceipt extends VerifiedPurgeReceipt {
  readonly nation: NationId
}

/**
 * Who says that it has destroyed what was erased: of each nation one statement a TOMBSTONE, while that stands.
 * So whoever knows the same entries and has heard the same keeps the same.
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
}

interface Held extends Piece {
  readonly receipt: NationReceipt
}

export function createPurgeReceipts({ allianceId, store, nationOf }: PurgeReceiptsOptions): PurgeReceipts {
  /** By the name of the TOMBSTONE. */
  const held = new Map<string, Map<NationId, Held>>()

  function keep(piece: Held): void {
    const { tombstone, nation } = piece.receipt
    const ofTombstone = held.get(placeOf(tombstone)) ?? new Map<NationId, Held>()
    held.set(placeOf(tombstone), ofTombstone.set(nation, piece))
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
      const before = held.get(placeOf(tombstone))?.get(nation)
      if (before !== undefined && leastReceipt(before.receipt, piece.receipt) === before.receipt) return undefined
      keep(piece)
      return { added: [piece], removed: before === undefined ? [] : [before] }
    },
    restore(item) {
      const piece = read(item)
      if (piece !== undefined) keep(piece)
      return piece ?? { name: itemName(item), item }
    },
    reconsider() {
      const idle: Held[] = []
      for (const [place, ofTombstone] of held) {
        for (const [nation, piece] of ofTombstone) {
          if (stands(piece.receipt)) continue
          idle.push(piece)
          ofTombstone.delete(nation)
        }
        if (ofTombstone.size === 0) held.delete(place)
      }
      return idle
    },
    of(tombstone) {
      const receipts = [...(held.get(placeOf(tombstone))?.values() ?? [])].map(({ receipt }) => receipt)
      return receipts.sort((a, b) => (a.nation < b.nation ? -1 : 1))
    },
  }
}

function placeOf({ logId, seq }: EntryPosition): string {
  return `${logIdHex(logId)}/${seq}`
}

function isSame(a: EntryPosition, b: EntryPosition): boolean {
  return a.seq === b.seq && equalBytes(a.logId, b.logId)
}
