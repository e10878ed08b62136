import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { type AllianceId, type EpochId, type LogId, logIdHex, type NationId, parseEpochId } from '../../base/ids.ts'
import type { Random } from '../../base/ports.ts'
import { readContent } from '../../chain/entry-content.ts'
import { openBody } from '../../crypto/seal.ts'
import { parseBatch } from '../../indicator/item.ts'
import type { AudienceStatement } from '../../policy/audience-info.ts'
import type { GroupName } from '../../policy/audience-name.ts'
import { buildHistoryGrant } from '../../policy/epoch.ts'
import { checkHistory, type HistoryDecision, type HistoryWish, type PastEpoch } from '../../policy/history.ts'
import type { Recipient } from '../../registry/audience.ts'
import type { Store } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { KIND, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import { type Item, KeyGrant } from '../../wire/gen/tocsin.ts'
import type { EpochKeys } from '../opening/epoch-keys.ts'
import { draftOf } from '../rules/draft-item.ts'
import { historyRecord } from '../rules/release-audit.ts'
import type { ReleaseDesk } from '../rules/release-desk.ts'
import type { OwnLog } from './own-log.ts'

export interface HistoryGrantsOptions {
  readonly allianceId: AllianceId
  readonly store: Store
  readonly epochs: EpochKeys
  readonly ownLog: OwnLog
  readonly desk: Pick<ReleaseDesk, 'mayReach'>
  /** Nothing more is sealed with this epoch. */
  closeEpoch(epochId: EpochId): void
  readonly random: Random
}

export interface HistoryOrder {
  readonly newcomer: NationId
  /** The newcomer as it may be sealed to by now; throws where it may not. */
  readonly recipient: () => Recipient
  readonly group: GroupName | undefined
  readonly sinceMs: number
}

export interface HistoryOutcome {
  /** `LOG/SEQ` of each grant. */
  readonly entries: readonly string[]
  /** Epochs that were not granted, by the reason. */
  readonly left: Readonly<Record<Exclude<HistoryDecision, 'grant'>, number>>
}

const PAGE_ENTRIES = 1024
const PAGE_BYTES_MAX = 4 * 1024 * 1024

/**
 * Lets a newcomer into epochs of the own log, each by a SEALED grant that stands in the log for all to see. An
 * epoch is of one log: what stands in logs before it is not reached.
 */
export function createHistoryGrants(options: HistoryGrantsOptions) {
  const { allianceId, store, epochs, ownLog, desk, random } = options

  async function grant(order: HistoryOrder): Promise<HistoryOutcome> {
    const log = ownLog.current()
    if (log === undefined) {
      throw new UserError('history-nothing', 'this node has no log yet, so there is no history to grant')
    }
    const left = { 'reads-already': 0, 'other-audience': 0, before: 0, ceiling: 0, guard: 0 }
    const entries: string[] = []
    const wish = { ...order, ceiling: order.recipient().maxTlp }
    for (const epochId of await epochIdsOf(log.logId)) {
      const decision = await decide(log.logId, epochId, wish)
      if (decision === 'grant') entries.push(await append(log.logId, epochId, order.recipient()))
      else left[decision]++
    }
    return { entries, left }
  }

  async function epochIdsOf(logId: LogId): Promise<readonly EpochId[]> {
    const ids = new Map<string, EpochId>()
    for await (const { epochId } of store.grantsIn(logId)) ids.set(toHex(epochId), epochId)
    return [...ids.values()]
  }

  async function decide(logId: LogId, epochId: EpochId, wish: HistoryWish): Promise<HistoryDecision> {
    const readers = await epochs.readersOf(logId, epochId)
    // its KEM key is destroyed, and the secret with it
    if (readers === undefined) return 'before'
    const first = readers.firstSeq
    const { scope, nations, openedMs } = readers
    const unread = { scope, readers: nations, openedMs, maxTlp: 0, mayLeave: true }
    const decision = checkHistory(unread, wish)
    if (decision !== 'grant') return decision
    const audience = { ...scope, nations: [...new Set([...nations, wish.newcomer])].sort() }
    return checkHistory(await readThrough(unread, itemsOf(logId, epochId, first), audience), wish)
  }

  /** With what its items are marked at most, and whether the guard lets each of them go to the audience. */
  async function readThrough(
    past: PastEpoch,
    items: AsyncIterable<Item>,
    audience: AudienceStatement,
  ): Promise<PastEpoch> {
    let { maxTlp, mayLeave } = past
    for await (const item of items) {
      maxTlp = Math.max(maxTlp, draftOf(item).tlp)
      mayLeave &&= desk.mayReach(item, audience)
    }
    return { ...past, maxTlp, mayLeave }
  }

  async function* itemsOf(logId: LogId, epochId: EpochId, from: number): AsyncGenerator<Item> {
    const secret = (await epochs.lookUp(logId, epochId))!.secret
    const size = store.log(logId)!.head.size
    for (let at = from; at < size; ) {
      const page = (await store.entriesRange(logId, at, PAGE_ENTRIES, PAGE_BYTES_MAX)).map(parseEnvelope)
      if (page.length === 0) return
      for (const entry of page) yield* itemsIn(entry, epochId, secret)
      at += page.length
    }
  }

  function itemsIn(entry: ParsedEntry, epochId: EpochId, secret: Uint8Array): readonly Item[] {
    const { kind, seq, registryVersion } = entry.header
    if (kind !== KIND.BATCH || toHex(entry.header.epochId) !== toHex(epochId)) return []
    const read = readContent(entry, 0)
    if (read.kind !== 'ok' || read.content.kind !== 'batch') return []
    const place = { allianceId, logId: entry.logId, seq, epochId: parseEpochId(epochId), registryVersion }
    return parseBatch(openBody(secret, place, read.content.salt, read.content.sealed))
  }

  async function append(logId: LogId, epochId: EpochId, recipient: Recipient): Promise<string> {
    const epoch = (await epochs.lookUp(logId, epochId))!
    const readers = (await epochs.readersOf(logId, epochId))!
    const place = { allianceId, logId, epochId }
    // the newcomer may read what was, not what its old audience is sent from now on.
    options.closeEpoch(epochId)
    const known = { place, secret: epoch.secret, ...readers, readers: [...readers.nations] }
    const entry = await ownLog.append({
      kind: KIND.KEY_GRANT,
      build({ seq, registryVersion }) {
        const body = encode(KeyGrant, buildHistoryGrant({ ...known, registryVersion }, recipient, random))
        return { body, records: [historyRecord({ logId, seq }, epochId, readers.scope, recipient.nation)] }
      },
    })
    return `${logIdHex(entry.logId)}/${entry.header.seq}`
  }

  return { grant }
}
