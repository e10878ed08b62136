import { toHex } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { type AllianceId, type LogId, logIdHex, type NationId, parseLogId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { EntryContent } from '../../chain/entry-content.ts'
import { openComplaint, sealComplaint } from '../../crypto/complaint.ts'
import type { Directory } from '../../registry/directory.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { Store } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { KIND, type ParsedEntry } from '../../wire/entry.ts'
import { Complaint, ComplaintContent } from '../../wire/gen/tocsin.ts'
import { assertRange, decodeStrict } from '../../wire/strict.ts'
import type { EpochKeys } from '../opening/epoch-keys.ts'
import type { GrantFault } from '../opening/project.ts'
import type { OwnLog } from './own-log.ts'

export interface ComplaintsOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly directory: () => Directory
  readonly store: Pick<Store, 'log'>
  readonly epochs: Pick<EpochKeys, 'kemKeysAt'>
  readonly ownLog: Pick<OwnLog, 'append'>
  /** May this node sign now? */
  readonly maySign: () => boolean
  /** While nothing else is signed. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>
  readonly clock: Clock
  readonly logger: Logger
}

type Sealed = Extract<EntryContent, { kind: 'complaint' }>

const REASONS = { 'grant-wrong-commit': 1, 'grant-does-not-open': 2, 'grant-wrong-audience': 3 } as const
/** The frame says nothing: whom it concerns would tell who is in an audience. */
const NO_LOG = new Uint8Array(32)
const CONTENT_BYTES_MAX = 60
/** An author that makes many faults is told of the first. */
const PER_LOG_AND_DAY_MAX = 4
const WAITING_MAX = 64

/** tells an author, in the chain and sealed to it, that a grant of its is not what it says. */
export function createComplaints(options: ComplaintsOptions) {
  const { allianceId, nation, directory, store, epochs, ownLog, clock, logger } = options
  const waiting: GrantFault[] = []
  /** By log: times of complaints about it. */
  const made = new Map<string, readonly number[]>()

  function about(fault: GrantFault): void {
    if (store.log(fault.logId)?.head.nation === nation || waiting.length >= WAITING_MAX) return
    const log = toHex(fault.logId)
    const recent = (made.get(log) ?? []).filter(at => at > clock.now() - DAY_MS)
    if (recent.length >= PER_LOG_AND_DAY_MAX) return
    made.set(log, [...recent, clock.now()])
    waiting.push(fault)
  }

  /** Signs what waits, once that may be. */
  async function send(): Promise<void> {
    while (waiting[0] !== undefined && options.maySign()) {
      const fault = waiting.shift()!
      const key = kemKeyOf(fault.logId)
      if (key !== undefined) await options.exclusively(() => append(fault, key))
    }
  }

  function kemKeyOf(logId: LogId): Uint8Array | undefined {
    const author = store.log(logId)?.head.nation
    const { recipients } = directory().audience(clock.now())
    return recipients.find(recipient => recipient.nation === author)?.kemPublicKey
  }

  async function append({ logId, seq, code }: GrantFault, kemPublicKey: Uint8Array): Promise<void> {
    const content = encode(ComplaintContent, { logId, seq, reason: REASONS[code] })
    await ownLog.append({
      kind: KIND.COMPLAINT,
      build(place) {
        const sealed = sealComplaint(kemPublicKey, { allianceId, logId: place.logId, seq: place.seq }, content)
        return { body: encode(Complaint, { logId: NO_LOG, seq: 0, ...sealed }) }
      },
    })
  }

  /** A complaint of another nation: for us or not, that shows when it is tried. */
  function received(entry: ParsedEntry, { enc, ct }: Sealed): void {
    const place = { allianceId, logId: entry.logId, seq: entry.header.seq }
    for (const { key } of epochs.kemKeysAt(entry.header.timeMs)) {
      const bytes = openComplaint(key, place, { enc, ct })
      const content = bytes === null ? undefined : parseContent(bytes)
      if (content === undefined || store.log(content.logId)?.head.nation !== nation) continue
      const from = store.log(entry.logId)?.head.nation
      const about = { log: logIdHex(content.logId), seq: content.seq, reason: content.reason }
      logger.warn({ code: 'complaint-received', from, ...about }, 'a nation complains of a grant of this nation')
      return
    }
  }

  return {
    about,
    received,
    /** What could not be signed before may be now. */
    wake(): void {
      send().catch(error => logger.error({ err: error }, 'a complaint could not be signed'))
    },
  }
}

function parseContent(bytes: Uint8Array) {
  try {
    const { logId, seq, reason } = decodeStrict(ComplaintContent, bytes, CONTENT_BYTES_MAX)
    assertRange(reason, 1, 3, 'reason')
    return { logId: parseLogId(logId), seq, reason }
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
