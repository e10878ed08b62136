import canonicalize from 'canonicalize'
import { toHex, utf8 } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { type RefusedRow, refusedRow } from '../../formats/import-row.ts'
import { type ImportDefaults, withDefaults } from '../../formats/in/import.ts'
import type { Tlp } from '../../indicator/marking.ts'
import { continuedAs } from '../../indicator/remark.ts'
import type { ImportTally } from '../orders/import-tally.ts'
import { PUBLISH_ITEMS_MAX, type PublishItem } from '../orders/node-service.ts'
import type { Echo } from './feed-echo.ts'
import {
  FACTS_BYTES,
  type FeedLedger,
  type LedgerEntry,
  type LedgerUnit,
  NOT_OURS,
  SUBJECT_BYTES,
} from './feed-ledger.ts'
import { type ImportPorts, type PublishRow, publishPatiently, runImport } from './import-run.ts'

/** One object of a source, with all that it gives here. */
export interface FeedUnit {
  readonly id: string
  readonly version: string
  readonly rows: readonly PublishRow[]
  /** There is no more of it: what it gave before and gives no longer was taken back. */
  readonly whole: boolean
}

export interface FeedBatch {
  readonly units: readonly FeedUnit[]
  readonly refused: readonly RefusedRow[]
  /** Where what is refused of it goes, in place of the file of the feed. */
  readonly letter?: (row: RefusedRow) => Promise<void>
  /** Written with what became of the units, such as how far the feed has come. */
  readonly notes?: ReadonlyMap<string, Uint8Array>
}

export interface FeedIntakeOptions {
  readonly ledger: FeedLedger
  readonly ports: ImportPorts
  readonly tally: ImportTally
  /** What goes for every row that says nothing itself. */
  readonly defaults: ImportDefaults
  readonly echoOf: (row: PublishRow) => Promise<Echo | undefined>
  readonly types: readonly string[] | undefined
  readonly context: boolean
  readonly tlpMax: Tlp
  readonly dryRun: boolean
  readonly removals: 'withdraw' | 'keep'
  /** The poll before broke off: what is published already is of this feed. */
  readonly resumes: boolean
  /** How many new ones, and how many withdrawals, this poll may make. */
  readonly newMax: number
  readonly removedMax: number
  /** Whether we have withdrawn the item of this id, hex. */
  readonly isWithdrawn: (id: string) => Promise<boolean>
}

export interface FeedIntake {
  /**
   * Publishes what is new in it, withdraws what is gone, and then, when all of that is durable, writes it down. Throws
   * UserError `feed-held`, with nothing published, where that would be too much.
   */
  take(batch: FeedBatch): Promise<void>
  /** Whether so many may be withdrawn at once; where not, they are held. */
  mayRemove(count: number): boolean
  withdrawn(): number
  /** By how much the ledger has grown. */
  grown(): number
  /** Why removals wait; undefined where none do. */
  held(): string | undefined
}

interface Plan {
  readonly unit: FeedUnit
  readonly before: LedgerUnit
  readonly kept: readonly LedgerEntry[]
  readonly fresh: readonly Fresh[]
}

interface Fresh {
  readonly row: PublishRow
  readonly subject: string
  readonly facts: string
}

/** Of what an object gave before, where nothing is taken back. */
const PAST_ENTRIES_MAX = 64
const TAKEN_BACK = 'its source has taken it back'
const CHANGED = 'its source has changed it'

/**
 * What comes of a feed, on its way to being published. Only what differs from what the ledger has of it is a change: a
 * source that gives the same again, with another date on it, makes no new claims.
 */
export function createFeedIntake(options: FeedIntakeOptions): FeedIntake {
  const { ledger, ports, tally, echoOf, dryRun, removals } = options
  let made = 0
  let withdrawn = 0
  let grown = 0
  let held: string | undefined
  let letter = ports.refuse

  async function take({ units, refused, notes, letter: to = ports.refuse }: FeedBatch): Promise<void> {
    letter = to
    for (const row of refused) await refuse(row)
    const plans: Plan[] = []
    for (const unit of units) plans.push(await planOf(unit))
    const fresh = plans.flatMap(plan => plan.fresh)
    if (dryRun) {
      for (const { row } of fresh) tally.count(row, 'new')
      return
    }
    assertRoom(fresh.length)
    const items = await publish(fresh)
    const written = new Map<string, LedgerUnit>()
    for (const plan of plans) {
      const after = await settle(plan, items)
      if (after !== undefined) written.set(plan.unit.id, after)
    }
    await ledger.write({ units: written, ...(notes !== undefined && { notes }) })
  }

  async function planOf(unit: FeedUnit): Promise<Plan> {
    const before = await ledger.unit(unit.id)
    const known = new Map(before.entries.map(entry => [keyOf(entry), entry]))
    const seen = new Set<string>()
    const fresh: Fresh[] = []
    for (const bare of unit.rows) {
      const row = withDefaults(bare, options.defaults) as PublishRow
      // Of what the source says, not of what the configuration adds: another label there is no change of anything.
      const said = { row, subject: subjectOf(bare), facts: factsOf(bare) }
      const key = keyOf(said)
      const reason = known.has(key) || seen.has(key) ? 'known' : await whyNot(row)
      seen.add(key)
      if (reason === 'known') tally.count(row, 'duplicate')
      else if (reason === undefined) fresh.push(said)
      else await refuse(refusedRow(row.place, reason.code, reason.reason, textOf(row)))
    }
    return { unit, before, kept: before.entries.filter(entry => seen.has(keyOf(entry))), fresh }
  }

  async function whyNot(row: PublishRow): Promise<Echo | undefined> {
    const { types, context, tlpMax } = options
    const marking = row.kind === 'claim' ? row.draft.marking : row.marking
    if (row.kind === 'claim' && types !== undefined && !types.includes(row.draft.type)) {
      return { code: 'feed-type', reason: `the feed is asked for no indicators of type ${row.draft.type}` }
    }
    if (row.kind === 'context' && !(context && types === undefined)) {
      return { code: 'feed-type', reason: 'the feed is asked for indicators alone' }
    }
    if ((marking?.tlp ?? 0) > tlpMax) return { code: 'feed-above-marking', reason: 'it is marked higher than tlpMax' }
    return echoOf(row)
  }

  function assertRoom(count: number): void {
    if (made + count <= options.newMax) return
    throw new UserError('feed-held', `${made + count} would be new, and newMax is ${options.newMax}`, {
      fix: 'Look at what comes with "tocsin feed poll NAME --dry-run"; "tocsin feed release NAME" lets it in once.',
    })
  }

  /** What each of them is in the ledger from now on; what was refused is not. */
  async function publish(fresh: readonly Fresh[]): Promise<ReadonlyMap<PublishRow, string>> {
    const items = new Map<PublishRow, string>()
    async function* rows() {
      for (const { row } of fresh) yield row
    }
    const settled: ImportPorts['settled'] = (row, { id, outcome }) => {
      const ours = row.kind === 'claim' && (outcome !== 'duplicate' || options.resumes)
      items.set(row, ours ? id : NOT_OURS)
      if (outcome !== 'duplicate') made++
    }
    await runImport(rows(), { ...ports, refuse: letter, settled }, tally)
    return items
  }

  /** What is to be noted of the unit; undefined where nothing has changed. */
  async function settle(plan: Plan, items: ReadonlyMap<PublishRow, string>): Promise<LedgerUnit | undefined> {
    const { unit, before, kept, fresh } = plan
    const added = fresh.flatMap(({ row, subject, facts }) => {
      const item = items.get(row)
      return item === undefined ? [] : [{ subject, facts, item }]
    })
    const current = [...kept, ...added]
    const { gone, left } = pastOf(plan, current, added)
    const waiting = await remove(gone, current)
    const entries = [...current, ...left, ...waiting]
    grown += entries.length - before.entries.length
    // What waits for the operator is looked at again.
    const version = waiting.length > 0 ? before.version : unit.version
    const same = version === before.version && entries.length === before.entries.length && added.length === 0
    return same ? undefined : { version, entries }
  }

  /** What the object gave before and gives no longer, or not in these words, and what else there is of it. */
  function pastOf({ unit, before }: Plan, current: readonly LedgerEntry[], added: readonly LedgerEntry[]) {
    const present = new Set(current.map(keyOf))
    const past = before.entries.filter(entry => !present.has(keyOf(entry)))
    if (removals === 'keep') return { gone: [], left: unit.whole ? [] : past.slice(-PAST_ENTRIES_MAX) }
    if (unit.whole) return { gone: past, left: [] }
    const changed = new Set(added.map(({ subject }) => subject))
    const { gone = [], left = [] } = Object.groupBy(past, ({ subject }) => (changed.has(subject) ? 'gone' : 'left'))
    return { gone, left }
  }

  /** Withdraws what `gone` names. Returns what has to wait. */
  async function remove(
    gone: readonly LedgerEntry[],
    current: readonly LedgerEntry[],
  ): Promise<readonly LedgerEntry[]> {
    const next = new Map(current.map(entry => [entry.subject, entry]))
    const still = new Set(current.map(({ item }) => item))
    // What another claim takes the place of is no removal: as many come as go.
    const removed = gone.filter(({ subject }) => !next.has(subject)).length
    if (!mayRemove(removed)) return gone
    withdrawn += removed
    const ours: LedgerEntry[] = []
    for (const entry of gone) {
      const { item } = entry
      if (item !== NOT_OURS && !still.has(item) && !(await options.isWithdrawn(item))) ours.push(entry)
    }
    const waiting: LedgerEntry[] = []
    for (let at = 0; at < ours.length; at += PUBLISH_ITEMS_MAX) {
      const part = ours.slice(at, at + PUBLISH_ITEMS_MAX)
      const outcomes = await publishPatiently(
        part.map(entry => withdrawalOf(entry, next.get(entry.subject)?.item)),
        ports,
      )
      for (const [index, outcome] of outcomes.entries()) {
        // Nothing of it has left: there is nothing to take back.
        if (outcome.outcome !== 'refused' || outcome.code === 'remark-no-claim') continue
        waiting.push(part[index]!)
        held ??= `a withdrawal was refused (${outcome.code}): ${outcome.reason}`
      }
    }
    return waiting
  }

  function mayRemove(count: number): boolean {
    if (removals === 'keep' || withdrawn + count <= options.removedMax) return true
    held ??= `its source takes back more than ${options.removedMax} of what it has given`
    return false
  }

  async function refuse(row: RefusedRow): Promise<void> {
    tally.refuse(row)
    await letter(row)
  }

  return { take, mayRemove, withdrawn: () => withdrawn, grown: () => grown, held: () => held }
}

/** `next`: what takes its place. */
function withdrawalOf({ item }: LedgerEntry, next: string | undefined): PublishItem {
  const reason = next === undefined || next === NOT_OURS ? TAKEN_BACK : continuedAs(next, CHANGED)
  return { kind: 'withdrawal', id: item, reason }
}

function keyOf({ subject, facts }: Pick<LedgerEntry, 'subject' | 'facts'>): string {
  return subject + facts
}

function subjectOf(row: PublishRow): string {
  const name = row.kind === 'claim' ? [row.draft.sourceId ?? '', row.draft.type, row.draft.value] : [row.stixId]
  return toHex(sha256(utf8(JSON.stringify(name))).subarray(0, SUBJECT_BYTES))
}

/**
 * Not of when its source last touched it, and not of the name of who made it, which stands in another object that may
 * not have come along.
 */
function factsOf(row: PublishRow): string {
  const text = row.kind === 'claim' ? claimFacts(row.draft) : row.json
  return toHex(sha256(utf8(text)).subarray(0, FACTS_BYTES))
}

function claimFacts({ validFromMs, source, ...facts }: Extract<PublishRow, { kind: 'claim' }>['draft']): string {
  return canonicalize(facts) ?? ''
}

function textOf(row: PublishRow): string {
  return row.kind === 'claim' ? (row.draft.original ?? row.draft.value) : row.stixId
}
