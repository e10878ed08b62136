import { type Alert, alertOfGrant, alertsOfDocuments, alertsOfLogs } from '../../audit/alert.ts'
import type { AlertPart } from '../../audit/part.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import { type LogIdHex, logIdHex, type NationId, parseLogId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import type { VerifiedProof } from '../../chain/proof.ts'
import type { Store } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { AlertRecord } from '../../wire/gen/store.ts'
import { decodeStrict } from '../../wire/strict.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import { createAlertLog } from '../mechanisms/alert-log.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { GrantFault } from '../opening/project.ts'

/** An alert, and when this node first knew of it, in milliseconds since the epoch. */
export interface SeenAlert extends Alert {
  readonly seenMs: number
}

export interface AlertBook {
  /** The newest first. */
  list(): readonly SeenAlert[]
  /** A grant that this node can tell to be wrong, and nobody else: it is noted, for it is no evidence. */
  noteGrant(fault: GrantFault): void
  stop(): Promise<void>
}

export interface AlertBookOptions {
  readonly store: Store
  readonly book: Pick<EvidenceBook, 'proofs' | 'standingOf' | 'directory' | 'onChange'>
  readonly clock: Clock
  readonly logger: Logger
}

interface Grant {
  readonly log: LogIdHex
  readonly seq: number
  readonly code: GrantFault['code']
}

const NOTE = 'alerts'
const SEEN_MAX = 4096
const GRANTS_MAX = 512
/** Of one log: who has its key can make as many as it likes. */
const GRANTS_PER_LOG_MAX = 16
const RECORD_BYTES_MAX = 512 * 1024

const FAULTS: Readonly<Record<GrantFault['code'], string>> = {
  'grant-wrong-commit': 'holds another secret than the first grant of its epoch',
  'grant-does-not-open': 'holds a slot for this nation that does not open',
  'grant-wrong-audience': 'names another audience than it was made for',
}

/**
 * All that anybody is seen to have done against the rules. What is shown by evidence is read from that; only when
 * it was first seen, and what no evidence can show, is kept here.
 */
export async function openAlertBook({ store, book, clock, logger }: AlertBookOptions): Promise<AlertBook> {
  const record = decodeRecord(await store.note(NOTE))
  const seen = new Map(record.seen)
  let grants: readonly Grant[] = record.grants
  const log = createAlertLog(logger, clock)
  const saving = createWorkerLoop(save, error => logger.debug({ err: error }, 'when alerts were seen was not written'))

  function current(): readonly Alert[] {
    const proofs = new Map<LogIdHex, { readonly log: LogIdentity; readonly proofs: VerifiedProof[] }>()
    for (const { verified } of book.proofs()) {
      for (const accused of verified.logs) {
        const of = proofs.get(logIdHex(accused.logId)) ?? { log: accused, proofs: [] }
        of.proofs.push(verified)
        proofs.set(logIdHex(accused.logId), of)
      }
    }
    for (const { head } of store.logs()) {
      const key = logIdHex(head.logId)
      if (!proofs.has(key) && book.standingOf(head).alarms.length > 0) proofs.set(key, { log: head, proofs: [] })
    }
    const logs = [...proofs.values()].map(each => ({ ...each, standing: book.standingOf(each.log) }))
    return [...alertsOfLogs(logs), ...alertsOfDocuments(book.directory()), ...grants.flatMap(ofGrant)]
  }

  function ofGrant({ log: key, seq, code }: Grant): Alert[] {
    const nation = store.log(parseLogId(fromHex(key)))?.head.nation
    return nation === undefined ? [] : [alertOfGrant(nation satisfies NationId, key, seq, FAULTS[code])]
  }

  function look(): void {
    let isNew = false
    for (const { id, kind, nation = '', sentence, effect } of current()) {
      if (seen.has(id)) continue
      isNew = true
      seen.set(id, clock.now())
      if (seen.size > SEEN_MAX) seen.delete(seen.keys().next().value as string)
      log.alert(`${kind} ${nation}`, { alert: id, nation, what: sentence, effect }, 'somebody contradicts itself')
    }
    if (isNew) saving.wake()
  }

  async function save(): Promise<void> {
    await store.commit({ notes: new Map([[NOTE, encodeRecord([...seen], grants)]]) })
  }

  look()
  book.onChange(look)
  return {
    list: () =>
      current()
        .map(alert => ({ ...alert, seenMs: seen.get(alert.id) ?? clock.now() }))
        .sort((a, b) => b.seenMs - a.seenMs || (a.id < b.id ? -1 : 1)),
    noteGrant({ logId, seq, code }) {
      const key = logIdHex(logId)
      const ofLog = grants.filter(grant => grant.log === key)
      if (ofLog.length >= GRANTS_PER_LOG_MAX || ofLog.some(grant => grant.seq === seq)) return
      grants = [...grants, { log: key, seq, code }].slice(-GRANTS_MAX)
      look()
      saving.wake()
    },
    async stop() {
      await saving.settled()
      await saving.stop()
    },
  }
}

/** As an export notes them. */
export function alertParts(alerts: Pick<AlertBook, 'list'>): readonly AlertPart[] {
  return alerts.list().map(({ seenMs, kind, nation, log, at = 0, sentence }) => ({
    timeMs: seenMs,
    code: kind,
    message: sentence,
    nation,
    place: log === undefined ? undefined : { logId: parseLogId(fromHex(log)), seq: at },
  }))
}

type Seen = readonly (readonly [id: string, timeMs: number])[]

function encodeRecord(seen: Seen, grants: readonly Grant[]): Uint8Array {
  return encode(AlertRecord, {
    seen: seen.map(([id, timeMs]) => ({ id: fromHex(id), timeMs })),
    grants: grants.map(({ log, ...grant }) => ({ ...grant, logId: fromHex(log) })),
  })
}

/** Reads what `encodeRecord` wrote. */
function decodeRecord(bytes: Uint8Array | undefined): { readonly seen: Seen; readonly grants: readonly Grant[] } {
  if (bytes === undefined) return { seen: [], grants: [] }
  const { seen, grants } = decodeStrict(AlertRecord, bytes, RECORD_BYTES_MAX)
  return {
    seen: seen.map(({ id, timeMs }) => [toHex(id), timeMs] as const),
    grants: grants.flatMap(({ logId, seq, code }) =>
      isFault(code) ? [{ log: logIdHex(parseLogId(logId)), seq, code }] : [],
    ),
  }
}

function isFault(code: string): code is GrantFault['code'] {
  return Object.hasOwn(FAULTS, code)
}
