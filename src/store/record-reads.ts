import { equalBytes } from '../base/bytes.ts'
import { type EpochId, type LogId, parseEpochId, parseHash, parseLogId } from '../base/ids.ts'
import type { AuditLine } from '../policy/audit-chain.ts'
import { decodeLoose } from '../wire/codec.ts'
import { DocumentRecord } from '../wire/gen/store.ts'
import { AUDIT_PAGE_BYTES_MAX, AUDIT_PAGE_MAX, EPOCHS_PAGE_MAX, QUEUE_PAGE_MAX } from './caps.ts'
import type { StoreContext } from './context.ts'
import { type Database, prefixRange, wholeSpace } from './database.ts'
import { damaged } from './failures.ts'
import { auditKey, nameKey, prefixEnd, readU32, readU64, SPACE, spaceKey } from './keys.ts'
import type { EntryPosition, EpochPosition, Intent, RecordReads, StoredDocument } from './store.ts'

const EPOCH_ID_BYTES = 16
/** One epoch is granted once a 48 recipients, and again for HISTORY. */
const GRANTS_PAGE_MAX = 4096
const INTENTS_MAX = 4096
const AUDIT_CHUNK = 64

export function createRecordReads(context: StoreContext): RecordReads {
  const { db } = context
  return {
    documents: () => records(db, SPACE.documents),
    evidence: () => records(db, SPACE.evidence),
    waiting: epochId => waiting(context, epochId),
    waitingEpochs: () => waitingEpochs(context),
    grants: async epochId => {
      const rows = await db.range(prefixRange(spaceKey(SPACE.grants, epochId)), GRANTS_PAGE_MAX)
      return rows.map(([key]) => positionAt(context, key, key.length - 12))
    },
    grantsIn: logId => grantsIn(context, logId),
    intents: async () => (await db.range(wholeSpace(SPACE.intents), INTENTS_MAX)).map(intentOf),
    queue: async limit => {
      const rows = await db.range(wholeSpace(SPACE.queue), Math.min(limit, QUEUE_PAGE_MAX))
      return rows.map(([key, bytes]) => ({ number: readU64(key, 1), bytes }))
    },
    held: async () => {
      const rows = await db.range(wholeSpace(SPACE.held), QUEUE_PAGE_MAX)
      return rows.map(([key, bytes]) => ({ id: key.slice(1), bytes }))
    },
    outbox: async limit => {
      const rows = await db.range(wholeSpace(SPACE.outbox), Math.min(limit, QUEUE_PAGE_MAX))
      return rows.map(([key]) => positionAt(context, key, 1))
    },
    auditRecords: (from, limit) => auditRecords(context, from, Math.min(limit, AUDIT_PAGE_MAX)),
    note: name => db.get(nameKey(SPACE.notes, name)),
  }
}

/** A chunk at a time: a few records are far longer than most. */
async function auditRecords({ db }: StoreContext, from: number, limit: number): Promise<AuditLine[]> {
  const lines: AuditLine[] = []
  let bytes = 0
  for await (const chunk of db.scan({ ...wholeSpace(SPACE.audit), from: auditKey(from) }, { chunk: AUDIT_CHUNK })) {
    for (const [key, record] of chunk) {
      bytes += record.length
      if (lines.length >= limit || (bytes > AUDIT_PAGE_BYTES_MAX && lines.length > 0)) return lines
      lines.push({ number: readU64(key, 1), bytes: record })
    }
  }
  return lines
}

function intentOf([key, bytes]: [Uint8Array, Uint8Array]): Intent {
  return { logId: parseLogId(key.slice(1, 33)), seq: readU64(key, 33), bytes }
}

/** Of SPACE.documents or SPACE.evidence. */
export async function* records(db: Pick<Database, 'scan'>, space: number): AsyncGenerator<StoredDocument> {
  for await (const chunk of db.scan(wholeSpace(space))) {
    for (const [key, value] of chunk) {
      const { type, bytes } = decodeLoose(DocumentRecord, value, false)
      yield { type, hash: parseHash(key.slice(1)), bytes }
    }
  }
}

async function* waiting(context: StoreContext, epochId: EpochId): AsyncGenerator<EntryPosition> {
  for await (const chunk of context.db.scan(prefixRange(spaceKey(SPACE.waiting, epochId)))) {
    for (const [key] of chunk) yield positionAt(context, key, key.length - 12)
  }
}

/** Reads all there are: for what is asked seldom. */
async function* grantsIn(context: StoreContext, logId: LogId): AsyncGenerator<EpochPosition> {
  for await (const chunk of context.db.scan(wholeSpace(SPACE.grants))) {
    for (const [key] of chunk) {
      const position = positionAt(context, key, key.length - 12)
      if (!equalBytes(position.logId, logId)) continue
      yield { ...position, epochId: parseEpochId(key.slice(1, 1 + EPOCH_ID_BYTES)) }
    }
  }
}

/** Skips from one epoch to the next instead of reading all that waits. */
async function waitingEpochs({ db }: StoreContext): Promise<EpochId[]> {
  const epochs: EpochId[] = []
  let { from, to } = wholeSpace(SPACE.waiting)
  while (epochs.length < EPOCHS_PAGE_MAX) {
    const [row] = await db.range({ from, to }, 1)
    if (row === undefined) break
    epochs.push(parseEpochId(row[0].slice(1, 1 + EPOCH_ID_BYTES)))
    from = prefixEnd(row[0].subarray(0, 1 + EPOCH_ID_BYTES))
  }
  return epochs
}

function positionAt({ memory }: StoreContext, key: Uint8Array, at: number): EntryPosition {
  const log = memory.logAt(readU32(key, at))
  if (log === undefined) throw damaged(`a record names log number ${readU32(key, at)}, which is not held`)
  return { logId: log.head.logId, seq: readU64(key, at + 4) }
}
