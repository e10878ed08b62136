import { setTimeout as delay } from 'node:timers/promises'
import { kindOf } from '../../base/codes.ts'
import { StoreError, TocsinError } from '../../base/errors.ts'
import { type ImportRow, type RefusedRow, refusedRow } from '../../formats/import-row.ts'
import type { Tlp } from '../../indicator/marking.ts'
import type { ImportTally } from '../orders/import-tally.ts'
import { PUBLISH_ITEMS_MAX, type PublishItem, type PublishOutcome } from '../orders/node-service.ts'

export interface ImportPorts {
  /** For whom it is; the whole alliance where it is left out. */
  readonly audience?: Pick<PublishItem, 'audience'>
  publish(items: readonly PublishItem[]): Promise<readonly PublishOutcome[]>
  /** Keeps a row that was refused, by the importer or by the node. */
  refuse(row: RefusedRow): Promise<void>
  /** Told of each row that was not refused. */
  settled?(row: PublishRow, outcome: Exclude<PublishOutcome, { outcome: 'refused' }>): void
}

export type PublishRow = Exclude<ImportRow, RefusedRow>

/** Requests under way: one is signed and stored while the next is read and sent. */
const REQUESTS_MAX = 2
/** Characters of the JSON of one request, far from the cap of the API though each may take several bytes. */
const REQUEST_LENGTH_MAX = 2 * 1024 * 1024
/** A node that is busy is asked again, each time after twice as long, up to this. */
const BUSY_WAIT_MS_MAX = 15_000
const BUSY_WAITS_MAX = 40

/**
 * Publishes the rows of one file. Rows are counted when their outcome is known. An error ends it after what is under
 * way has been counted; `tally` says how far it came.
 */
export async function runImport(rows: AsyncIterable<ImportRow>, ports: ImportPorts, tally: ImportTally): Promise<void> {
  const requests = createWindow(REQUESTS_MAX)
  let batch: PublishRow[] = []
  let batchLength = 0

  async function flush(): Promise<void> {
    const sent = batch
    batch = []
    batchLength = 0
    if (sent.length > 0) await requests.start(() => publishRows(sent, ports, tally))
  }

  try {
    for await (const row of rows) {
      if (row.kind === 'refused') {
        tally.refuse(row)
        await ports.refuse(row)
        continue
      }
      const length = JSON.stringify(itemOf(row, ports.audience)).length
      if (batch.length >= PUBLISH_ITEMS_MAX || batchLength + length > REQUEST_LENGTH_MAX) await flush()
      batch.push(row)
      batchLength += length
    }
  } finally {
    // Also after a damaged file: what was read before the damage goes in.
    await flush()
    await requests.settled()
  }
}

interface Window {
  /** Starts a work as soon as there is room. Throws what an earlier one has thrown. */
  start(work: () => Promise<void>): Promise<void>
  settled(): Promise<void>
}

/** At most `most` works at once; after one has failed no other is started. */
function createWindow(most: number): Window {
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  const assertNoFailure = () => {
    if (failures.length > 0) throw failures[0]
  }
  return {
    async start(work) {
      while (underWay.size >= most) await Promise.race(underWay)
      assertNoFailure()
      const running: Promise<void> = work()
        .catch(error => void failures.push(error))
        .finally(() => underWay.delete(running))
      underWay.add(running)
    },
    async settled() {
      await Promise.all(underWay)
      assertNoFailure()
    },
  }
}

/** Only counts, for `--dry-run`: what the importer does not refuse is new, as far as can be told without the node. */
export async function rehearseImport(
  rows: AsyncIterable<ImportRow>,
  { refuse, marked }: Pick<ImportPorts, 'refuse'> & { marked(tlp: Tlp | undefined): void },
  tally: ImportTally,
): Promise<void> {
  for await (const row of rows) {
    if (row.kind !== 'refused') {
      tally.count(row, 'new')
      marked(row.kind === 'claim' ? row.draft.marking?.tlp : row.marking?.tlp)
    } else {
      tally.refuse(row)
      await refuse(row)
    }
  }
}

async function publishRows(rows: readonly PublishRow[], ports: ImportPorts, tally: ImportTally): Promise<void> {
  const outcomes = await publishPatiently(
    rows.map(row => itemOf(row, ports.audience)),
    ports,
  )
  for (const [index, row] of rows.entries()) {
    const outcome = outcomes[index]
    if (outcome === undefined) throw new StoreError('api-answer-invalid', 'an item came back without an outcome')
    if (outcome.outcome !== 'refused') {
      tally.count(row, outcome.outcome, outcome.outcome === 'duplicate' ? [] : outcome.hits)
      ports.settled?.(row, outcome)
    } else {
      const refused = refusedRow(row.place, outcome.code, outcome.reason, textOf(row))
      tally.refuse(refused)
      await ports.refuse(refused)
    }
  }
}

/** Asks again where the node is busy. */
export async function publishPatiently(
  items: readonly PublishItem[],
  ports: Pick<ImportPorts, 'publish'>,
): Promise<readonly PublishOutcome[]> {
  for (let waits = 0; ; waits++) {
    try {
      return await ports.publish(items)
    } catch (error) {
      const busy = error instanceof TocsinError && kindOf(error.code) === 'busy'
      if (!busy || waits >= BUSY_WAITS_MAX) throw error
      await delay(Math.min(BUSY_WAIT_MS_MAX, 250 * 2 ** waits))
    }
  }
}

function itemOf(row: PublishRow, audience: ImportPorts['audience'] = {}): PublishItem {
  if (row.kind === 'claim') return { kind: 'claim', draft: row.draft, ...audience }
  const tlp = row.marking?.tlp
  return { kind: 'context', json: row.json, ...(tlp !== undefined && { tlp }), ...audience }
}

function textOf(row: PublishRow): string {
  return row.kind === 'claim' ? (row.draft.original ?? row.draft.value) : `${row.stixId} ${row.json}`
}
