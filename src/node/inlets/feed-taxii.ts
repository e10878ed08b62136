import { EMPTY, fromUtf8, utf8 } from '../../base/bytes.ts'
import { type RefusedRow, refusedRow } from '../../formats/import-row.ts'
import { importStix } from '../../formats/in/stix.ts'
import type { TaxiiFeed } from '../config/feeds-config.ts'
import { statusOf } from './feed-fetch.ts'
import type { FeedUnit } from './feed-intake.ts'
import type { FeedPollContext } from './feed-poll-context.ts'
import type { PublishRow } from './import-run.ts'
import { createTaxiiClient, type Fetch, type TaxiiClient, type TaxiiPage } from './taxii-client.ts'
import { createTaxiiWalk, FIRST_CURSOR, queryOf, type TaxiiCursor, withoutNext } from './taxii-paging.ts'

/** Of one poll; the next goes on from there. */
const PAGES_MAX = 10_000
const NOTE = 'cursor'

/** Reads the pages that came since the last poll. How far it has come is written with what each page gave. */
export async function pollTaxii(feed: TaxiiFeed, fetch: Fetch, context: FeedPollContext): Promise<void> {
  const { ledger, intake, clock, signal } = context
  const client = createTaxiiClient(feed.url, feed.collection, fetch)
  const objects = await client.objectsUrl()
  let { cursor, page } = await firstPage(client, objects, parseCursor(await ledger.note(NOTE), objects), feed.limit)
  const walk = createTaxiiWalk(cursor)
  for (let pages = 1; ; pages++) {
    const { cursor: next, more, fault } = walk.step(page, clock.now())
    await intake.take({ ...(await batchOf(page)), notes: new Map([[NOTE, encodeCursor(next, objects)]]) })
    if (fault !== undefined) throw fault
    signal.throwIfAborted()
    if (!more || pages === PAGES_MAX) return
    page = await client.page(objects, queryOf(next, feed.limit))
  }
}

/** What the server gave for the next page it may have forgotten since. */
async function firstPage(
  client: TaxiiClient,
  objects: URL,
  start: TaxiiCursor,
  limit: number,
): Promise<{ cursor: TaxiiCursor; page: TaxiiPage }> {
  try {
    return { cursor: start, page: await client.page(objects, queryOf(start, limit)) }
  } catch (error) {
    const status = statusOf(error) ?? 0
    if (start.next === '' || status < 400 || status >= 500 || status === 429) throw error
    const cursor = withoutNext(start)
    return { cursor, page: await client.page(objects, queryOf(cursor, limit)) }
  }
}

async function batchOf({ bytes }: TaxiiPage): Promise<{ units: readonly FeedUnit[]; refused: readonly RefusedRow[] }> {
  const refused: RefusedRow[] = []
  const rows = new Map<string, PublishRow[]>()
  const revoked = new Set<string>()
  async function* chunks() {
    yield bytes
  }
  for await (const row of importStix(chunks())) {
    if (row.kind === 'refused') {
      refused.push(row)
      if (row.revokes !== undefined) revoked.add(row.revokes)
    } else {
      const id = row.kind === 'claim' ? (row.draft.sourceId ?? row.draft.value) : row.stixId
      rows.set(id, [...(rows.get(id) ?? []), row])
    }
  }
  // Final, whatever version of it stands beside.
  for (const id of revoked) {
    for (const { place } of rows.get(id) ?? []) {
      refused.push(refusedRow(place, 'import-revoked', 'its author has revoked this indicator', id))
    }
    rows.set(id, [])
  }
  const units = [...rows].map(([id, of]) => ({ id, version: '', rows: of, whole: true }))
  return { units, refused }
}

/** Of another collection it says nothing. */
function parseCursor(bytes: Uint8Array, { href }: URL): TaxiiCursor {
  if (bytes.length === 0) return FIRST_CURSOR
  const { objects, ...cursor } = JSON.parse(fromUtf8(bytes)) as TaxiiCursor & { readonly objects: string }
  return objects === href ? cursor : FIRST_CURSOR
}

function encodeCursor(cursor: TaxiiCursor, { href }: URL): Uint8Array {
  return cursor === FIRST_CURSOR ? EMPTY : utf8(JSON.stringify({ ...cursor, objects: href }))
}
