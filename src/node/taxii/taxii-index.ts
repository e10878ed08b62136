import { hash } from 'node:crypto'
import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import type { Clock, Random } from '../../base/ports.ts'
import { CHANGES_PAGE_MAX } from '../../store/caps.ts'
import type { MentionedChange } from '../../store/change-queries.ts'
import { WINDOW_US } from '../../store/changes.ts'
import type { Store, StoredItem } from '../../store/store.ts'
import { TaxiiFaces } from './taxii-face.ts'
import { type ItemFace, itemFaceOf } from './taxii-item.ts'
import { createKeyOf, NO_ROW, TaxiiRows } from './taxii-rows.ts'

const SECRET_BYTES = 16
/** How long whoever asks is kept waiting while much is read; then it is to ask again. */
const WAIT_MS_MAX = 5_000
/** Rows of one STIX id that are kept of what a nation says: the newest. An honest author makes a few. */
const ROWS_PER_ID_MAX = 64
/** Sightings of one value that a new claim on it is told with: the last. */
const SIGHTINGS_MAX = 256

/** What of the store is an object of STIX, as far as lists and filters ask; in memory, and made of the journal of changes. */
export interface TaxiiIndex {
  readonly rows: TaxiiRows
  readonly faces: TaxiiFaces
  keyOf(stixId: string): bigint
  /**
   * Takes in what has changed, until all is or `isEnough`: what is read comes before all that is not. Returns whether all
   * is. Throws UserError `api-busy` where that takes long; it goes on.
   */
  catchUp(isEnough?: () => boolean): Promise<boolean>
}

export interface TaxiiIndexPorts {
  readonly store: Pick<Store, 'mentions' | 'nextChange'>
  readonly clock: Clock
  readonly random: Random
}

/** A remark is told of anew with claims that come after it: an opinion names them all, a sighting the first. */
interface Remark {
  readonly change: number
  readonly stixKey: bigint
  readonly face: number
  /** Of its id, the same for ever: it spreads what is told at once. */
  readonly place: number
}

/** Of one value. */
interface Remarks {
  /** The last of each nation, for each that they are told. */
  readonly opinions: Map<string, Remark>
  readonly sightings: Remark[]
  /** Of the claims that came since. */
  readonly claims: Set<number>
}

/** To be told of because of a claim. */
interface Echo extends Remark {
  /** Behind the claim's change by what tells nothing of how many others are told, which may be hidden. */
  readonly dueUs: number
}

export function createTaxiiIndex({ store, clock, random }: TaxiiIndexPorts): TaxiiIndex {
  const rows = new TaxiiRows()
  const faces = new TaxiiFaces()
  const keyOf = createKeyOf(random.bytes(SECRET_BYTES))
  const remarks = new Map<string, Remarks>()
  let after = 0
  let echoes: readonly Echo[] = []
  let running: Promise<void> | undefined
  let step = Promise.withResolvers<void>()

  async function readOn(): Promise<void> {
    for (let end = false; !end; ) {
      const page = await store.mentions(after, CHANGES_PAGE_MAX)
      end = page.end
      after = page.next
      const taken = new Set(page.changes.map(({ number }) => number))
      for (const change of page.changes) {
        appendEchoes(change.number, taken)
        append(change)
      }
      if (end) appendEchoes(Math.max(store.nextChange(), clock.now() * 1000), taken)
      step.resolve()
      step = Promise.withResolvers()
    }
  }

  function append(change: MentionedChange<StoredItem>): void {
    const { number, nation, id, isStill } = change
    const itemKey = keyOf(`${nation}/${toHex(id)}`)
    const before = rows.ofItem(itemKey)
    // Who sees nothing of what has changed sees it where it was.
    if (before !== NO_ROW && !isStill(rows.changeAt(before))) rows.drop(before)
    const said = itemFaceOf(change)
    if (said === undefined) return
    const stixKey = keyOf(said.stixId)
    const face = faces.numberOf(said.face)
    makeRoom(stixKey, nation)
    // Only after the clock was set back can something else have been added later.
    const addedUs = Math.max(number, rows.lastAddedUs() + 1)
    rows.append({ addedUs, change: number, itemKey, stixKey, face })
    noteSubject(said, { change: number, stixKey, face, place: placeOf(said.stixId) })
  }

  /** Of what a nation says under an id the oldest goes. */
  function makeRoom(stixKey: bigint, nation: NationId): void {
    const own = rows.ofStixId(stixKey).filter(row => faces.at(rows.faceAt(row)).nation === nation)
    if (own.length >= ROWS_PER_ID_MAX) rows.drop(own.at(-1)!)
  }

  function noteSubject({ face, subject }: ItemFace, remark: Remark): void {
    if (subject === '') return
    const known = remarks.get(subject)
    if (face.stixType === 'indicator') {
      if (known !== undefined) echo(known, remark)
      return
    }
    const of: Remarks = known ?? { opinions: new Map(), sightings: [], claims: new Set() }
    remarks.set(subject, of)
    if (face.stixType === 'opinion') of.opinions.set(`${face.nation} ${face.told?.map(toHex).sort()}`, remark)
    else if (of.sightings.push(remark) > SIGHTINGS_MAX) of.sightings.shift()
  }

  function echo({ opinions, sightings, claims }: Remarks, claim: Remark): void {
    const told = claims.has(claim.face) ? [...opinions.values()] : [...opinions.values(), ...sightings]
    claims.add(claim.face)
    const made = told.map(remark => ({
      ...remark,
      face: faces.both(remark.face, claim.face),
      dueUs: claim.change + 1 + ((remark.place + claim.change) % WINDOW_US),
    }))
    echoes = [...echoes, ...made].sort((a, b) => a.dueUs - b.dueUs)
  }

  /** Those that find a time of their own below `upTo`, which no change has. */
  function appendEchoes(upTo: number, taken: ReadonlySet<number>): void {
    const left: Echo[] = []
    for (const echo of echoes) {
      let addedUs = Math.max(echo.dueUs, rows.lastAddedUs() + 1)
      while (taken.has(addedUs)) addedUs++
      if (addedUs < upTo) replaceEcho(echo, addedUs)
      else left.push(echo)
    }
    echoes = left
  }

  function replaceEcho({ change, stixKey, face }: Remark, addedUs: number): void {
    for (const row of rows.ofStixId(stixKey)) {
      if (rows.faceAt(row) === face) rows.drop(row)
    }
    rows.append({ addedUs, change, itemKey: undefined, stixKey, face })
  }

  async function catchUp(isEnough: () => boolean = () => false): Promise<boolean> {
    running ??= readOn().finally(() => (running = undefined))
    const whole = running.then(() => true)
    // What fails is told to whoever waits for it.
    whole.catch(() => {})
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(stillReading()), WAIT_MS_MAX)
    try {
      while (!isEnough()) {
        const stepped = step.promise.then(() => false)
        if (await Promise.race([whole, stepped, late])) return true
      }
      return false
    } finally {
      clearTimeout(timer)
    }
  }

  return { rows, faces, keyOf, catchUp }
}

function placeOf(stixId: string): number {
  return hash('sha256', stixId, 'buffer').readUInt32BE()
}

function stillReading(): UserError {
  return new UserError('api-busy', 'what is held is being read', { fix: 'Try again in a moment.' })
}
