import { entryKindOf } from '../../audit/entry-kind.ts'
import type { EntryKind } from '../../audit/result.ts'
import { fromUtf8, toHex } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import { ERASURE_REASON, type ErasureReason } from '../../chain/entry-content.ts'
import { postQuantumTree } from '../../chain/post-quantum.ts'
import { witnessRegistryOf } from '../../chain/quorum.ts'
import { deliveryOf, quorumTimeOf, type Receipt } from '../../chain/receipts.ts'
import type { TreeHead } from '../../chain/tree-head.ts'
import { encodeSignedNote, parseSignatureLine, parseSignedNote } from '../../crypto/signed-note.ts'
import { buildInclusion } from '../../merkle/inclusion.ts'
import { STATUS } from '../../registry/registry-doc.ts'
import type { EntryPosition, Store, StoredLog } from '../../store/store.ts'
import type { Tombstone } from '../../store/tombstone.ts'
import { entryAbsent, entryAt, placeName } from '../intake/purging.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import { isHeldTree } from '../knowledge/held-tree.ts'

/** What a node knows of one entry. Times are milliseconds since the Unix epoch, 0 where unsaid. */
export interface EntryView {
  /** `LOG/SEQ`. */
  readonly entry: string
  readonly nation: string
  readonly kind: EntryKind
  /** By the clock of its author. */
  readonly timeMs: number
  /** Hex. */
  readonly signKey: string
  readonly registryVersion: number
  /** Of the header; its leaf hash in hex. */
  readonly bodyBytes: number
  readonly leaf: string
  /** False where it lies beyond what stands of its log. */
  readonly stands: boolean
  readonly body: 'held' | 'erased' | 'missing' | 'none'
  /** Ids of the items that were opened from it, where they are here; hex. */
  readonly items: readonly string[]
  /** It cannot be rewritten even by whoever breaks Ed25519; `timeMs` is when its author stated that. */
  readonly postQuantum: { readonly size: number; readonly timeMs: number } | null
  readonly delivery: DeliveryView
  readonly erasure: ErasureView | null
}

/** Which nations hold it, by their cosignatures. */
export interface DeliveryView {
  readonly receipts: readonly ReceiptView[]
  /** Witnesses in force that have given none. */
  readonly waiting: readonly string[]
  /** How many make a quorum; 0 where none ever does. */
  readonly needed: number
  /** When so many had given one; 0: not yet. */
  readonly quorumMs: number
}

/** The earliest that is known here of a nation, with all that is needed to check it. */
export interface ReceiptView {
  readonly nation: string
  readonly timeMs: number
  readonly size: number
  /** The checkpoint with the lines of its author and of this witness: a C2SP signed note. */
  readonly note: string
  /** Of the leaf in the tree of that size; hex. */
  readonly path: readonly string[]
}

/** That its nation erased it, and who has destroyed it since. */
export interface ErasureView {
  /** `LOG/SEQ`. */
  readonly tombstone: string
  readonly reason: string
  readonly timeMs: number
  /** When it was destroyed here; 0: it was not. */
  readonly destroyedMs: number
  /** In the order of nations; each the statement of one of its nodes, as a C2SP signed note. */
  readonly purges: readonly { readonly nation: string; readonly timeMs: number; readonly note: string }[]
  /** ACTIVE nations of which no such statement is known. */
  readonly waiting: readonly string[]
}

interface Sources {
  readonly store: Store
  readonly book: EvidenceBook
}

/** Throws UserError `entry-absent`. */
export async function entryView({ store, book }: Sources, place: EntryPosition): Promise<EntryView> {
  const log = store.log(place.logId)
  const entry = await entryAt(store, place)
  if (log === undefined || entry === undefined) throw entryAbsent(place)
  const { head, standing } = log
  const { header, body, leaf } = entry
  const tombstone = store.tombstonesOf(place).find(({ stands }) => stands)
  const isHere = body.length > 0 || header.bodyLen === 0
  const protectedBy = postQuantumTree(book.checkpoints(head.logId), standsIn(store, log))
  return {
    entry: placeName(place),
    nation: head.nation,
    kind: entryKindOf(header.kind),
    timeMs: header.timeMs,
    signKey: toHex(head.signPk),
    registryVersion: header.registryVersion,
    bodyBytes: header.bodyLen,
    leaf: toHex(leaf),
    stands: place.seq < standing.size,
    body: header.bodyLen === 0 ? 'none' : isHere ? 'held' : tombstone === undefined ? 'missing' : 'erased',
    items: (await store.openedIds(place)).map(toHex),
    postQuantum:
      protectedBy === undefined || protectedBy.size <= place.seq
        ? null
        : { size: protectedBy.size, timeMs: protectedBy.timeSeconds * 1000 },
    delivery: deliveryView({ store, book }, log, place),
    erasure: tombstone === undefined ? null : await erasureView({ store, book }, tombstone),
  }
}

function deliveryView({ store, book }: Sources, log: StoredLog, { logId, seq }: EntryPosition): DeliveryView {
  const delivery = deliveryOf({
    facts: book.checkpoints(logId),
    author: log.head.nation,
    seq,
    registry: witnessRegistryOf(book.directory()),
    stands: standsIn(store, log),
  })
  const hashAt = store.hashAt(logId)
  const receiptView = ({ nation, cosignature, fact }: Receipt): ReceiptView => ({
    nation,
    timeMs: cosignature.timeSeconds * 1000,
    size: fact.checkpoint.size,
    note: noteWith(fact.checkpoint.note, cosignature.line),
    path: buildInclusion(hashAt, seq, fact.checkpoint.size).map(toHex),
  })
  return {
    receipts: delivery.receipts.map(receiptView),
    waiting: delivery.waiting,
    needed: delivery.needed ?? 0,
    quorumMs: (quorumTimeOf(delivery) ?? 0) * 1000,
  }
}

async function erasureView({ store, book }: Sources, { by, reason, purgedMs }: Tombstone): Promise<ErasureView> {
  const purges = book.purges(by)
  const said = new Set<NationId>(purges.map(({ nation }) => nation))
  const active = book
    .directory()
    .members()
    .filter(({ status }) => status === STATUS.ACTIVE)
  return {
    tombstone: placeName(by),
    reason: REASONS.get(reason) ?? 'other',
    timeMs: (await entryAt(store, by))?.header.timeMs ?? 0,
    destroyedMs: purgedMs,
    purges: purges.map(({ nation, timeSeconds, note }) => ({
      nation,
      timeMs: timeSeconds * 1000,
      note: fromUtf8(note),
    })),
    waiting: active.flatMap(({ nation }) => (said.has(nation) ? [] : [nation])),
  }
}

/** Whether a tree is part of what stands here. */
export function standsIn(store: Pick<Store, 'hashAt'>, { head, standing }: StoredLog): (tree: TreeHead) => boolean {
  return tree => tree.size <= standing.size && isHeldTree(store, head.logId, tree)
}

function noteWith(note: Uint8Array, line: Uint8Array): string {
  const { text, signatures } = parseSignedNote(note)
  return fromUtf8(encodeSignedNote({ text, signatures: [...signatures, parseSignatureLine(line)] }))
}

const REASONS: ReadonlyMap<number, ErasureReason> = new Map(
  (Object.keys(ERASURE_REASON) as ErasureReason[]).map(name => [ERASURE_REASON[name], name]),
)
