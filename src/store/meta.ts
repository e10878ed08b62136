import { fromUtf8 } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { parseHash } from '../base/ids.ts'
import { decodeLoose, encode } from '../wire/codec.ts'
import { AuditHeadRecord, CountsRecord, FormatRecord, ViewRecord } from '../wire/gen/store.ts'
import { nextChangeAfter } from './changes.ts'
import { type Database, type Reads, wholeSpace } from './database.ts'
import { damaged } from './failures.ts'
import { type Generation, nameKey, readU32, readU64, SPACE } from './keys.ts'
import { decodeLogState } from './log-state.ts'
import { type Counts, Memory, NO_VIEW, type ViewState } from './memory.ts'
import type { AuditState } from './store.ts'
import { loadTombstones } from './tombstones.ts'

const META = { format: 'format', counts: 'counts', view: 'view', audit: 'audit' } as const

/**
 * Rises with every change that an older program would misread. 2: with the journal of changes, which the view's being
 * computed anew begins.
 */
export const FORMAT_VERSION = 2

/** Refuses what a newer program wrote, and marks what this one is going to write. */
export async function assertFormat(db: Database): Promise<void> {
  const key = nameKey(SPACE.meta, META.format)
  const record = await db.get(key)
  if (record === undefined) {
    const [first] = await db.range({ from: Buffer.from([0]), to: Buffer.from([0xff]) }, 1)
    if (first !== undefined) throw damaged('the data directory holds something, but no Tocsin store')
    await db.write([formatLine()], true)
    return
  }
  const { version } = decodeLoose(FormatRecord, record, true)
  if (version > FORMAT_VERSION) {
    throw new UserError('store-newer-format', `the store has format ${version}; this program knows ${FORMAT_VERSION}`, {
      fix: 'Start the newer program that wrote it; an older one would damage it.',
      data: { found: version, known: FORMAT_VERSION },
    })
  }
  if (version === FORMAT_VERSION) return
  const view = await db.get(nameKey(SPACE.meta, META.view))
  await db.write([formatLine(), viewLine({ ...(view === undefined ? NO_VIEW : decodeView(view)), stale: true })], true)
}

/** The format of a store; undefined where there is none. */
export async function readFormat(db: Reads): Promise<number | undefined> {
  const record = await db.get(nameKey(SPACE.meta, META.format))
  return record && decodeLoose(FormatRecord, record, true).version
}

/** Everything that is held in memory, as it is on disk. */
export async function loadMemory(db: Reads): Promise<Memory> {
  const names = [META.counts, META.view, META.audit]
  const [counts, view, audit] = await db.getMany(names.map(name => nameKey(SPACE.meta, name)))
  const memory = new Memory()
  if (counts !== undefined) memory.counts = decodeLoose(CountsRecord, counts, false)
  if (view !== undefined) memory.view = decodeView(view)
  if (audit !== undefined) memory.audit = decodeAudit(audit)
  memory.nextQueueNumber = await nextQueueNumber(db)
  memory.nextChange = await nextChangeAfter(db)
  await loadLogs(db, memory)
  await loadTombstones(db, memory.tombstones, number => memory.logAt(number))
  return memory
}

export async function loadLogs(db: Pick<Database, 'scan'>, memory: Memory): Promise<void> {
  for await (const chunk of db.scan(wholeSpace(SPACE.logs))) {
    for (const [key, value] of chunk) {
      const state = decodeLogState(readU32(key, 1), value)
      if (state.number !== memory.logCount) throw damaged('a log is missing from the store')
      memory.setLog(state)
    }
  }
}

async function nextQueueNumber(db: Reads): Promise<number> {
  const [last] = await db.range(wholeSpace(SPACE.queue), 1, { reverse: true })
  return last === undefined ? 0 : readU64(last[0], 1) + 1
}

/** Of what the view consists: one of an older program is computed anew, as one of other rules is. */
const VIEW_LAYOUT = 2
const NO_RULES = Uint8Array.of(0)

function decodeView(bytes: Uint8Array): ViewState {
  const { generation, stale, acceptance, layout } = decodeLoose(ViewRecord, bytes, false)
  const rules = layout === VIEW_LAYOUT ? acceptance : NO_RULES
  return { generation: generation as Generation, stale: stale === 1, acceptance: rules }
}

function decodeAudit(bytes: Uint8Array): AuditState {
  const { hash, ...rest } = decodeLoose(AuditHeadRecord, bytes, false)
  return { ...rest, hash: parseHash(hash) }
}

/** What the named records of a store say, as far as they came. */
export interface MetaRows {
  counts?: Counts
  view?: ViewState
  audit?: AuditState
}

/** Reads one of them into `rows`. False where it cannot be read. */
export function readMetaRow(key: Uint8Array, value: Uint8Array, rows: MetaRows): boolean {
  try {
    switch (fromUtf8(key.subarray(1))) {
      case META.counts:
        rows.counts = decodeLoose(CountsRecord, value, false)
        break
      case META.view:
        rows.view = decodeView(value)
        break
      case META.audit:
        rows.audit = decodeAudit(value)
    }
    return true
  } catch {
    return false
  }
}

export function formatLine(): [Uint8Array, Uint8Array] {
  return [nameKey(SPACE.meta, META.format), encode(FormatRecord, { version: FORMAT_VERSION })]
}

export function auditLine(state: AuditState): [Uint8Array, Uint8Array] {
  return [nameKey(SPACE.meta, META.audit), encode(AuditHeadRecord, state)]
}

export function viewLine({ stale, ...view }: ViewState): [Uint8Array, Uint8Array] {
  const record = { ...view, stale: stale ? 1 : 0, layout: VIEW_LAYOUT }
  return [nameKey(SPACE.meta, META.view), encode(ViewRecord, record)]
}

export function countsLine(counts: Counts): [Uint8Array, Uint8Array] {
  return [nameKey(SPACE.meta, META.counts), encode(CountsRecord, counts)]
}
