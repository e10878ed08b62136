import { createAuditFileWriter } from '../../audit/file.ts'
import { PART_ENTRIES_MAX } from '../../audit/part.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { type AllianceId, type LogId, logIdHex, type NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { isTree } from '../../chain/checkpoint-facts.ts'
import { compactRangeAt } from '../../merkle/compact-range.ts'
import type { Store } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { parseHeader } from '../../wire/entry.ts'
import { Envelope, type LogHead } from '../../wire/gen/tocsin.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { isHeldTree } from '../knowledge/held-tree.ts'
import type { SyncSource } from '../network/sync-server.ts'
import type { BundleRequest } from './bundle-request.ts'

/** What is to be in a bundle; nothing said: all that sync carries. */
export interface BundleQuery {
  /** Whom it is for: what this nation has shown to hold is left out. */
  readonly nation?: NationId
  /** Entries from the first of this time on, milliseconds since the epoch. */
  readonly sinceMs?: number
  /** Neither the evidence nor the entries that this one holds. */
  readonly request?: BundleRequest
}

export interface BundleExporter {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Store
  readonly book: EvidenceBook
  /** What this node answers to peers. */
  readonly source: SyncSource
  readonly clock: Clock
}

/**
 * The bytes of a `tocsin-bundle/1` file: evidence as peers are given it, each after what it builds on, then what
 * stands of the logs. Throws UserError `registry-not-member`, `bundle-other-alliance` or `bundle-request-other` at once.
 */
export function openBundleExport(node: BundleExporter, query: BundleQuery): AsyncGenerator<Uint8Array, void> {
  assertAllowed(node, query)
  return writeBundle(node, query)
}

function assertAllowed({ book, allianceId }: BundleExporter, { nation, request }: BundleQuery): void {
  if (request !== undefined && !equalBytes(request.hello.allianceId, allianceId)) {
    throw new UserError('bundle-other-alliance', 'the request is of another alliance', {
      fix: 'Ask for a request of this alliance: "tocsin alliance show" tells which that is.',
    })
  }
  if (nation === undefined) return
  const member = book.directory().member(nation)
  if (member === undefined) {
    throw new UserError('registry-not-member', `${nation} is no member of the alliance`, {
      fix: 'Leave --for out, or name a nation that "tocsin alliance show" lists.',
    })
  }
  if (request !== undefined && request.hello.nation !== nation) {
    const asker = request.hello.nation
    throw new UserError('bundle-request-other', `the request is of ${asker}, not of ${nation}`, {
      fix: `Say --for ${asker}, or give the request of ${nation}.`,
    })
  }
}

async function* writeBundle(node: BundleExporter, query: BundleQuery): AsyncGenerator<Uint8Array, void> {
  const { allianceId, nation, store, source, clock } = node
  const writer = createAuditFileWriter('bundle')
  yield writer.opening
  const asked = { logs: [], sinceMs: query.sinceMs ?? 0, sinceSeq: 0, withBodies: true }
  yield writer.add({ kind: 'header', allianceId, madeMs: clock.now(), exporter: nation, ...asked })
  const { documents, others } = namesOf(node, query)
  for (const item of documents) yield writer.add({ kind: 'document', signedDoc: item.body })
  for (const item of others) yield writer.add({ kind: 'evidence', item })

  const runs = await planRuns(node, query)
  for (const { logId, from, size } of runs) {
    const [genesis] = await source.entries(logId, 0, 1)
    if (genesis === undefined) continue
    const before = compactRangeAt(store.hashAt(logId), from)
    yield writer.add({ kind: 'log', logId, genesis: encode(Envelope, genesis), from, size, before, aside: false })
  }
  for (const [run, { logId, from, size }] of runs.entries()) {
    for (let seq = from; seq < size; ) {
      const page = await source.entries(logId, seq, Math.min(size - seq, PART_ENTRIES_MAX))
      // It stands no longer since the file was begun.
      if (page.length === 0) break
      yield writer.add({ kind: 'entries', run, envelopes: page.map(envelope => encode(Envelope, envelope)) })
      seq += page.length
    }
  }
  yield writer.end()
}

/** Evidence in the order in which none has to wait for another. */
function namesOf({ book }: BundleExporter, { request }: BundleQuery) {
  const wanted = book.hashes().filter(name => request === undefined || !request.evidence.has(toHex(name)))
  const items = wanted.flatMap(name => book.item(name) ?? [])
  const isDocument = ({ type }: { readonly type: number }) => type === EVIDENCE.DOCUMENT
  return { documents: items.filter(isDocument), others: items.filter(item => !isDocument(item)) }
}

interface Run {
  readonly logId: LogId
  readonly from: number
  readonly size: number
}

async function planRuns(node: BundleExporter, query: BundleQuery): Promise<readonly Run[]> {
  const runs: Run[] = []
  for (const head of node.source.heads()) {
    const logId = head.logId as LogId
    const from = await firstSeq(node, query, { ...head, logId })
    if (from < head.size) runs.push({ logId, from, size: head.size })
  }
  return runs
}

async function firstSeq(node: BundleExporter, query: BundleQuery, head: OwnHead): Promise<number> {
  if (query.request !== undefined) return firstUnheld(node, query.request, head)
  if (query.sinceMs !== undefined) return firstSince(node, query.sinceMs, head)
  return query.nation === undefined ? 0 : firstUnshown(node, query.nation, head)
}

type OwnHead = LogHead & { readonly logId: LogId }

/** A node that holds another branch is given the log from its beginning. */
function firstUnheld({ store }: BundleExporter, { heads }: BundleRequest, { logId, size }: OwnHead): number {
  const theirs = heads.get(logIdHex(logId))
  if (theirs === undefined) return 0
  if (theirs.size > size) return size
  const own = store.leafAt(logId, theirs.size - 1)
  return own !== undefined && equalBytes(own, theirs.head) ? theirs.size : 0
}

/** Where the log's own clock passes that time. Authors' clocks may have been set back: of several such places one. */
async function firstSince({ source }: BundleExporter, sinceMs: number, { logId, size }: OwnHead): Promise<number> {
  let low = 0
  let high = size
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [entry] = await source.entries(logId, middle, 1)
    if (entry !== undefined && parseHeader(entry.header).timeMs < sinceMs) low = middle + 1
    else high = middle
  }
  return low
}

/** Its cosignatures are receipts of all that is below them; of its own logs it is where they come from. */
function firstUnshown({ store, book }: BundleExporter, nation: NationId, { logId, size }: OwnHead): number {
  if (store.log(logId)?.head.nation === nation) return size
  const shown = book
    .checkpoints(logId)
    .filter(fact => isTree(fact) && fact.checkpoint.size <= size)
    .filter(({ cosignatures }) => cosignatures.some(({ witnessPk }) => isOf(book, nation, witnessPk)))
    .filter(({ checkpoint }) => isHeldTree(store, logId, checkpoint))
  return Math.max(0, ...shown.map(({ checkpoint }) => checkpoint.size))
}

function isOf(book: EvidenceBook, nation: NationId, witnessPk: Uint8Array): boolean {
  return book.directory().nationsOfWitness(witnessPk).includes(nation)
}
