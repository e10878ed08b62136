import { md5 } from '@noble/hashes/legacy.js'
import { toHex, utf8 } from '../../base/bytes.ts'
import type {
  ExportContext,
  ExportedClaim,
  ExportedIndicator,
  ExportFormat,
  ExportPiece,
  ExportWriter,
  Written,
} from '../exported.ts'
import { ownUuid } from '../stix-id.ts'
import { stixTime } from '../stix-time.ts'
import { parameterOf, wrongParameter } from './export-parameter.ts'
import { type ClaimAttribute, mispAttributes } from './misp-claims.ts'
import { eventFrame, type MispEvent, manifestEntry } from './misp-event.ts'

const PARTS_MAX = 256
const PARAMETERS = {
  parts: {
    default: '16',
    label: `how many events one nation's claims of one month and colour are spread over, 1 to ${PARTS_MAX}`,
  },
} as const

/** A folder that a MISP fetches: a manifest, one file for each event, and the hashes of all values. */
export const mispFeed: ExportFormat = {
  name: 'misp-feed',
  label: 'MISP feed: a folder with manifest.json, hashes.csv and an event for each nation, month and colour',
  shape: 'folder',
  extension: '.json',
  types: undefined,
  withdrawn: true,
  removals: false,
  parameters: PARAMETERS,
  start: context => new FeedWriter(context),
}

/** Attributes in an event; what is beyond goes into a further one. */
const ATTRIBUTES_MAX = 20_000

interface OpenEvent {
  readonly uuid: string
  readonly event: Omit<MispEvent, 'timestamp'>
  timestamp: number
}

/**
 * A claim's event follows from who published it, when, under which colour and from its id, so it never moves to another
 * one, whatever comes or goes beside it; what a MISP has fetched stays where it is. All of an event has one colour.
 */
class FeedWriter implements ExportWriter {
  readonly #context: ExportContext
  readonly #parts: number
  readonly #events = new Map<string, OpenEvent>()
  /** Of each place for events, how many attributes have gone there. */
  readonly #counts = new Map<string, number>()

  constructor(context: ExportContext) {
    this.#context = context
    const said = parameterOf(context, PARAMETERS, 'parts')
    this.#parts = Number(said)
    if (!/^\d{1,3}$/.test(said) || this.#parts < 1 || this.#parts > PARTS_MAX) {
      throw wrongParameter('parts', said, `Give a number from 1 to ${PARTS_MAX}.`)
    }
  }

  begin(): readonly ExportPiece[] {
    return [{ file: HASHES_FILE, text: '' }]
  }

  add(indicator: ExportedIndicator): Written {
    return { pieces: mispAttributes(indicator, 'event').flatMap(attribute => this.#attribute(attribute)) }
  }

  *end(): Iterable<ExportPiece> {
    const manifest: string[] = []
    for (const { uuid, event, timestamp } of this.#events.values()) {
      const whole = { ...event, timestamp }
      yield { file: `${uuid}.json`, text: `\n],${JSON.stringify(eventFrame(whole)).slice(1)}}\n` }
      manifest.push(`${JSON.stringify(uuid)}:${JSON.stringify(manifestEntry(whole))}`)
    }
    yield { file: MANIFEST_FILE, text: `{${manifest.sort().join(',\n')}}\n` }
  }

  #attribute({ json, type, timestamp, claim, value }: ClaimAttribute): readonly ExportPiece[] {
    const { open, isNew } = this.#eventOf(claim)
    open.timestamp = Math.max(open.timestamp, timestamp)
    const opening = isNew ? '{"Event":{"Attribute":[\n' : ',\n'
    return [
      { file: `${open.uuid}.json`, text: `${opening}${JSON.stringify(json)}` },
      { file: HASHES_FILE, text: hashLines(type, value, open.uuid) },
    ]
  }

  #eventOf(claim: ExportedClaim): { readonly open: OpenEvent; readonly isNew: boolean } {
    const month = stixTime(claim.publishedMs).slice(0, 7)
    const part = Number.parseInt(claim.id.slice(0, 4), 16) % this.#parts
    const place = `${claim.nation} ${claim.tlp} ${month} ${part}`
    const count = this.#counts.get(place) ?? 0
    this.#counts.set(place, count + 1)
    const further = Math.floor(count / ATTRIBUTES_MAX)
    const uuid = ownUuid('feed-event', claim.nation, claim.tlp, month, `${part}/${this.#parts}`, String(further))
    const known = this.#events.get(uuid)
    if (known !== undefined) return { open: known, isNew: false }
    const number = [part + 1, ...(further === 0 ? [] : [further + 1])].join('.')
    const info = `Tocsin ${this.#context.allianceName}: ${claim.nation}, ${month}, part ${number}`
    const dateMs = Date.parse(`${month}-01T00:00:00.000Z`)
    const open = { uuid, event: { uuid, info, nation: claim.nation, tlp: claim.tlp, dateMs }, timestamp: 0 }
    this.#events.set(uuid, open)
    return { open, isNew: true }
  }
}

const MANIFEST_FILE = 'manifest.json'
const HASHES_FILE = 'hashes.csv'

/** MISP looks a value up by its MD5, and of a composite one each part. */
function hashLines(type: string, value: string, uuid: string): string {
  const bar = type.includes('|') ? value.indexOf('|') : -1
  const parts = bar < 0 ? [value] : [value.slice(0, bar), value.slice(bar + 1)]
  return parts.map(part => `${toHex(md5(utf8(part)))},${uuid}\n`).join('')
}
