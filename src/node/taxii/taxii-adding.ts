import { utf8 } from '../../base/bytes.ts'
import { kindOf } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { parseJsonText } from '../../base/json-text.ts'
import type { ImportRow, RefusedRow } from '../../formats/import-row.ts'
import { importStix } from '../../formats/in/stix.ts'
import { microsecondTime } from '../../formats/microsecond-time.ts'
import { readStixObject, stringOf } from '../../formats/stix-object.ts'
import { PUBLISH_ITEMS_MAX, type PublishItem, type PublishOutcome, type Reader } from '../orders/node-service.ts'
import type { TaxiiOutcome } from '../orders/taxii-reading.ts'
import type { TaxiiDeed } from './taxii-status-book.ts'

/** Objects of one request. */
const ADDED_MAX = 2_000
/** Of all of them together. */
const VALUES_MAX = 500_000
const MESSAGE_LENGTH_MAX = 512

export interface TaxiiAdding {
  readonly reader: Pick<Reader, 'publish'>
  readonly audience: Pick<PublishItem, 'audience'>
  /** Which of these are in the collection already, as `ID VERSION`. */
  heldOf(objects: readonly TaxiiOutcome[]): Promise<ReadonlySet<string>>
}

/**
 * Publishes what a request holds by the release guard, and says what became of each object. Throws UserError
 * `api-request-invalid`, `api-body-too-large`, or why nothing can be published now.
 */
export async function addTaxiiObjects(
  body: Uint8Array,
  adding: TaxiiAdding,
  nowUs: number,
): Promise<readonly TaxiiDeed[]> {
  const objects = parseEnvelope(body)
  const named = objects.map(object => nameOf(object, nowUs))
  const held = await adding.heldOf(named)
  const rows = Map.groupBy(await rowsOf(objects), ({ place }) => Number(/\d+/.exec(place)?.[0]))
  const wanted = named.map((each, i) => (held.has(`${each.id} ${each.version}`) ? [] : (rows.get(i) ?? [])))
  const outcomes = await publishRows(wanted.flat(), adding)
  return named.map((each, i) => deedOf(each, wanted[i]!, outcomes))
}

/** An envelope of TAXII, or a bundle of STIX, which some send instead. */
function parseEnvelope(body: Uint8Array): readonly unknown[] {
  const envelope = parseJson(body)
  const objects =
    typeof envelope === 'object' && envelope !== null && 'objects' in envelope ? envelope.objects : undefined
  if (!Array.isArray(objects) || objects.length === 0) {
    throw new UserError('api-request-invalid', 'the body holds no list of objects', {
      fix: 'Send an envelope: {"objects": […]}.',
    })
  }
  if (objects.length > ADDED_MAX) {
    throw new UserError('api-body-too-large', `${objects.length} objects at once`, {
      fix: `Send at most ${ADDED_MAX}.`,
    })
  }
  return objects
}

function parseJson(body: Uint8Array): unknown {
  try {
    return parseJsonText(body, VALUES_MAX)
  } catch (cause) {
    throw new UserError('api-request-invalid', 'the body is no JSON in UTF-8, or holds too much of it', { cause })
  }
}

const UNNAMED = 'unknown--00000000-0000-4000-8000-000000000000'

function nameOf(value: unknown, nowUs: number): TaxiiOutcome {
  const object = readStixObject(value)
  if (typeof object === 'string') return { id: UNNAMED, version: microsecondTime(nowUs) }
  const version = stringOf(object.modified) ?? stringOf(object.created) ?? microsecondTime(nowUs)
  return { id: object.id, version: version.slice(0, MESSAGE_LENGTH_MAX) }
}

/** All of them together: an object says its marking by the id of another. */
async function rowsOf(objects: readonly unknown[]): Promise<readonly ImportRow[]> {
  async function* chunk() {
    yield utf8(JSON.stringify(objects))
  }
  const rows: ImportRow[] = []
  for await (const row of importStix(chunk())) rows.push(row)
  return rows
}

type Published = Exclude<ImportRow, RefusedRow>
type Outcome = PublishOutcome | { readonly outcome: 'refused'; readonly code: string; readonly reason: string }

async function publishRows(rows: readonly ImportRow[], adding: TaxiiAdding): Promise<ReadonlyMap<ImportRow, Outcome>> {
  const outcomes = new Map<ImportRow, Outcome>()
  const published = rows.filter(row => row.kind !== 'refused')
  for (let at = 0; at < published.length; at += PUBLISH_ITEMS_MAX) {
    await publishSome(published.slice(at, at + PUBLISH_ITEMS_MAX), adding, outcomes)
  }
  return outcomes
}

/** A clearance judges a list as one: what it refuses is found by halving. Until then nothing of it is published. */
async function publishSome(
  rows: readonly Published[],
  adding: TaxiiAdding,
  outcomes: Map<ImportRow, Outcome>,
): Promise<void> {
  try {
    const found = await adding.reader.publish(rows.map(row => itemOf(row, adding.audience)))
    for (const [i, row] of rows.entries()) outcomes.set(row, found[i]!)
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    // Nothing of the request is done yet: whoever sent it does so again.
    const isRefusal = kindOf(error.code) === 'unauthorised'
    if (!isRefusal && outcomes.size === 0) throw error
    if (isRefusal && rows.length > 1) {
      const half = rows.length >> 1
      await publishSome(rows.slice(0, half), adding, outcomes)
      await publishSome(rows.slice(half), adding, outcomes)
      return
    }
    for (const row of rows) outcomes.set(row, { outcome: 'refused', code: error.code, reason: error.message })
  }
}

function itemOf(row: Published, audience: Pick<PublishItem, 'audience'>): PublishItem {
  if (row.kind === 'claim') return { kind: 'claim', draft: row.draft, ...audience }
  const tlp = row.marking?.tlp
  return { kind: 'context', json: row.json, ...(tlp !== undefined && { tlp }), ...audience }
}

/** An object is published when all is that it comes down to. */
function deedOf(named: TaxiiOutcome, rows: readonly ImportRow[], outcomes: ReadonlyMap<ImportRow, Outcome>): TaxiiDeed {
  const each = rows.map(row => (row.kind === 'refused' ? { ...row, outcome: 'refused' as const } : outcomes.get(row)!))
  const refused = each.filter(outcome => outcome.outcome === 'refused')
  const [first] = refused
  if (first !== undefined) {
    const rest =
      rows.length === 1 ? '' : ` (${rows.length - refused.length} of its ${rows.length} values are published)`
    const message = `${first.code}: ${first.reason}${rest}`.slice(0, MESSAGE_LENGTH_MAX).toWellFormed()
    return { ...named, state: 'failure', message, items: [] }
  }
  const items = each.flatMap(outcome => (isPending(outcome) ? [outcome.id] : []))
  const warnings = each.flatMap(outcome => ('warnings' in outcome ? outcome.warnings : []))
  const message = warnings.join(' · ').slice(0, MESSAGE_LENGTH_MAX)
  return { ...named, state: items.length > 0 ? 'pending' : 'success', items, ...(message !== '' && { message }) }
}

function isPending(
  outcome: Outcome | (RefusedRow & { outcome: 'refused' }),
): outcome is PublishOutcome & { id: string } {
  return outcome.outcome === 'queued' || outcome.outcome === 'held'
}
