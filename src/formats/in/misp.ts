import type { ClaimDraft } from '../../indicator/claim.ts'
import { type ClaimRow, type ImportRow, refusedRow } from '../import-row.ts'
import { stricterMarking } from '../marking-text.ts'
import { objectsOf, stringOf } from '../stix-object.ts'
import { distributionOf, type MispFields, readAttribute, readTags } from './misp-attribute.ts'
import { type MispPart, readMispParts } from './misp-parts.ts'

export interface MispOptions {
  /** What is for its own organisation or for a sharing group of its MISP goes in as well. */
  readonly restricted?: boolean
}

/** Of the attributes of one event, which wait until its tags are known; what is beyond is refused. */
const EVENT_BYTES_MAX = 64 * 1024 * 1024
const OWN_ORGANISATION = 0
const SHARING_GROUP = 4

/**
 * MISP events: attributes become claims, alone or in objects, with the tags, galaxies and distribution of their event.
 * The rows of an event come when all of it is read, since the tags that mark it may stand at its end.
 */
export async function* importMisp(chunks: AsyncIterable<Uint8Array>, options: MispOptions): AsyncGenerator<ImportRow> {
  let event = new EventRows(options)
  for await (const parts of readMispParts(chunks)) {
    for (const part of parts) {
      if (part.kind === 'element') event.take(part)
      else if (part.kind === 'event') {
        yield* event.rows(part)
        event = new EventRows(options)
      } else {
        yield refusedRow(part.place, 'import-json-invalid', part.reason, part.text)
        // Without its frame nobody knows for whom the event is.
        if (!part.place.endsWith(']')) {
          yield* event.lost()
          event = new EventRows(options)
        }
      }
    }
  }
  yield* event.lost()
}

interface Waiting {
  readonly row: ImportRow
  readonly distribution: number | undefined
}

/** What has come of one event. */
class EventRows {
  readonly #options: MispOptions
  readonly #waiting: Waiting[] = []
  readonly #tags: unknown[] = []
  readonly #galaxies: unknown[] = []
  #bytes = 0

  constructor(options: MispOptions) {
    this.#options = options
  }

  take({ list, index, value, bytes }: Extract<MispPart, { kind: 'element' }>): void {
    const place = list === '' ? `[${index}]` : `${list}[${index}]`
    const [fields] = objectsOf([value])
    this.#bytes += bytes
    if (list === 'Tag' || list === 'Galaxy') {
      if (this.#bytes <= EVENT_BYTES_MAX) (list === 'Tag' ? this.#tags : this.#galaxies).push(value)
    } else if (fields === undefined) {
      if (list === 'Attribute' || list === 'Object' || list === '')
        this.#refuse(place, 'this is no object of MISP', value)
    } else if (list === 'Attribute') this.#attribute(place, fields)
    else if (list === 'Object') this.#object(place, fields)
    else if (list === 'ShadowAttribute') this.#refuse(place, 'this is a proposal that nobody has accepted yet', value)
    else if (list === 'EventReport') this.#refuse(place, 'this is a report as text; import it as an advisory', value)
  }

  #attribute(place: string, fields: MispFields, object?: MispFields): void {
    if (this.#bytes > EVENT_BYTES_MAX) {
      const reason = `the attributes of one event take more than ${EVENT_BYTES_MAX} bytes`
      this.#waiting.push({
        row: refusedRow(place, 'import-event-too-large', reason, stringOf(fields.value) ?? ''),
        distribution: undefined,
      })
      return
    }
    const { rows, distribution } = readAttribute(place, fields, object)
    for (const row of rows) this.#waiting.push({ row, distribution })
    for (const [index, proposal] of objectsOf(fields.ShadowAttribute).entries()) {
      this.#refuse(`${place}.ShadowAttribute[${index}]`, 'this is a proposal that nobody has accepted yet', proposal)
    }
  }

  #object(place: string, object: MispFields): void {
    const attributes = objectsOf(object.Attribute)
    if (attributes.length === 0) this.#refuse(place, 'the object has no attributes', { name: object.name })
    for (const [index, fields] of attributes.entries()) {
      const deleted = object.deleted === true || object.deleted === '1'
      this.#attribute(`${place}.Attribute[${index}]`, deleted ? { ...fields, deleted } : fields, object)
    }
  }

  #refuse(place: string, reason: string, value: unknown): void {
    const row = refusedRow(place, 'import-not-an-indicator', reason, JSON.stringify(value) ?? '')
    this.#waiting.push({ row, distribution: undefined })
  }

  *rows({ place, value, lists }: Extract<MispPart, { kind: 'event' }>): Generator<ImportRow> {
    // Around an event that was told of already.
    if (value.Event !== undefined || value.response !== undefined) return yield* this.lost()
    if (lists === 0 && value.type !== undefined && value.value !== undefined) this.#attribute('attribute', value)
    else if (!isEvent(value, lists)) {
      yield refusedRow(place, 'import-misp-invalid', 'this is neither an event nor an attribute', JSON.stringify(value))
    }
    const facts = eventFacts(value, readTags(this.#tags, this.#galaxies))
    const prefix = place === 'event' ? '' : `${place} `
    for (const { row, distribution = facts.distribution } of this.#waiting) {
      const placed = { ...row, place: `${prefix}${row.place}` }
      yield placed.kind === 'claim' ? this.#released(placed, distribution, facts) : placed
    }
  }

  #released(row: ClaimRow, distribution: number | undefined, facts: EventFacts): ImportRow {
    if (this.#options.restricted !== true && (distribution === OWN_ORGANISATION || distribution === SHARING_GROUP)) {
      const whom = distribution === OWN_ORGANISATION ? 'the organisation that has it' : 'a sharing group of its MISP'
      return refusedRow(
        row.place,
        'import-distribution-limited',
        `its distribution says that it is for ${whom} alone`,
        row.draft.value,
      )
    }
    const marking = stricterMarking(row.draft.marking, facts.marking)
    const draft: ClaimDraft = {
      ...facts.draft,
      ...row.draft,
      labels: [...new Set([...(row.draft.labels ?? []), ...facts.labels])],
      ...(marking !== undefined && { marking }),
    }
    const released = { ...row, draft, ...(facts.createdBy !== undefined && { createdBy: facts.createdBy }) }
    return facts.uuid === undefined ? { ...released, warnings: [...row.warnings, WITHOUT_ID] } : released
  }

  /** The rows of an event whose end never came. */
  *lost(): Generator<ImportRow> {
    for (const { row } of this.#waiting.splice(0)) {
      const reason = 'the event ends before it says how it is marked'
      yield row.kind === 'claim' ? refusedRow(row.place, 'import-json-invalid', reason, row.draft.value) : row
    }
  }
}

const WITHOUT_ID = {
  code: 'import-event-without-id',
  severity: 'warn',
  message: 'the event has no uuid: what its MISP later says of it cannot be told to be the same',
} as const

function isEvent(value: MispFields, lists: number): boolean {
  return lists > 0 || value.info !== undefined || value.Orgc !== undefined
}

interface EventFacts {
  readonly uuid: string | undefined
  readonly createdBy: string | undefined
  readonly distribution: number | undefined
  readonly marking: ClaimDraft['marking'] | undefined
  readonly labels: readonly string[]
  readonly draft: Partial<ClaimDraft>
}

function eventFacts(value: MispFields, { labels, marking }: ReturnType<typeof readTags>): EventFacts {
  const uuid = stringOf(value.uuid)
  const info = stringOf(value.info)
  const [creator] = objectsOf([value.Orgc])
  const source = creator === undefined ? undefined : stringOf(creator.name)
  const createdBy = creator === undefined ? undefined : stringOf(creator.uuid)
  const reference = {
    sourceName: 'MISP',
    ...(uuid !== undefined && { externalId: uuid }),
    ...(info !== undefined && { description: info }),
  }
  const draft: Partial<ClaimDraft> = {
    ...(info !== undefined && { name: info }),
    ...(source !== undefined && { source }),
    ...((uuid !== undefined || info !== undefined) && { references: [reference] }),
  }
  return { uuid, createdBy, distribution: distributionOf(value), marking, labels, draft }
}
