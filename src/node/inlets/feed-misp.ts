import { EMPTY, fromHex, fromUtf8, toHex, utf8 } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import type { RefusedRow } from '../../formats/import-row.ts'
import { readImport } from '../../formats/in/import.ts'
import type { MispFeed } from '../config/feeds-config.ts'
import type { FeedUnit } from './feed-intake.ts'
import type { FeedPollContext } from './feed-poll-context.ts'
import type { PublishRow } from './import-run.ts'
import { type ManifestTag, type MispFeedSource, NO_TAG } from './misp-feed-source.ts'

/** The uuids of events that were in the manifest, 16 bytes each. */
const KNOWN_NOTE = 'known'
const TAG_NOTE = 'manifest'
const UUID_BYTES = 16
const EVENT_ROWS_MAX = 200_000
/** Of events that cannot be had, before the poll gives up. */
const FAULTS_MAX = 16
/** An event with rows of these codes is not all there. */
const BROKEN: ReadonlySet<ErrorCode> = new Set([
  'import-json-invalid',
  'import-misp-invalid',
  'import-format-unsupported',
  'import-event-too-large',
])

/**
 * Reads the events that are new or have another time in the manifest. One that cannot be had, or ends in the middle, is
 * told of and asked for again, and nothing is taken back by it. Throws the first such fault at the end.
 */
export async function pollMisp(feed: MispFeed, source: MispFeedSource, context: FeedPollContext): Promise<void> {
  const { ledger, intake, signal } = context
  const found = await source.manifest(parseTag(await ledger.note(TAG_NOTE)))
  if (found === undefined) return
  const { manifest, tag } = found
  const known = parseKnown(await ledger.note(KNOWN_NOTE))
  const listed = new Set([...manifest.keys()].map(binaryOf))
  if (!context.dryRun) {
    // Before any of them is published, so that none is forgotten that vanishes later.
    await ledger.write({ notes: new Map([[KNOWN_NOTE, encodeKnown(new Set([...known, ...listed]))]]) })
  }
  const faults: unknown[] = []
  for (const [id, version] of manifest) {
    signal.throwIfAborted()
    const unit = await ledger.unit(binaryOf(id))
    if (version !== '' && unit.version === version) continue
    try {
      await takeEvent(feed, source, context, id, version)
    } catch (error) {
      if (!isOfEvent(error)) throw error
      faults.push(error)
      if (faults.length >= FAULTS_MAX) throw error
    }
  }
  const gone = [...known].filter(id => !listed.has(id))
  const left = await takeGone(gone, context)
  const settled = faults.length === 0 && left.length === 0 && intake.held() === undefined
  if (!context.dryRun) {
    const notes = new Map([
      [KNOWN_NOTE, encodeKnown(new Set([...listed, ...left]))],
      // Else what is still to come would not be asked for as long as the manifest stays.
      [TAG_NOTE, settled ? utf8(JSON.stringify(tag)) : EMPTY],
    ])
    await ledger.write({ notes })
  }
  if (faults.length > 0) throw faults[0]
}

async function takeEvent(
  { restricted }: MispFeed,
  source: MispFeedSource,
  { intake }: FeedPollContext,
  id: string,
  version: string,
): Promise<void> {
  const bytes = await source.event(id)
  const rows: PublishRow[] = []
  const refused: RefusedRow[] = []
  async function* chunks() {
    yield bytes
  }
  for await (const row of readImport(chunks(), { name: `${id}.json`, format: 'misp', restricted })) {
    const placed = { ...row, place: `${id}.json: ${row.place}` }
    if (placed.kind === 'refused') refused.push(placed)
    else rows.push(placed)
    if (rows.length > EVENT_ROWS_MAX) throw broken(id, `has more than ${EVENT_ROWS_MAX} attributes`)
  }
  const fault = refused.find(({ code }) => BROKEN.has(code))
  const unit: FeedUnit = { id: binaryOf(id), version: fault ? '' : version, rows, whole: fault === undefined }
  await intake.take({ units: [unit], refused })
  if (fault !== undefined) throw broken(id, `is damaged: ${fault.reason}`)
}

/** Events that are in the manifest no more. Returns those whose withdrawal has to wait. */
async function takeGone(
  gone: readonly string[],
  { intake, ledger, signal }: FeedPollContext,
): Promise<readonly string[]> {
  let entries = 0
  for (const id of gone) entries += (await ledger.unit(id)).entries.length
  if (!intake.mayRemove(entries)) return gone
  const left: string[] = []
  for (const id of gone) {
    signal.throwIfAborted()
    await intake.take({ units: [{ id, version: '', rows: [], whole: true }], refused: [] })
    if ((await ledger.unit(id)).entries.length > 0) left.push(id)
  }
  return left
}

/** Those of one event keep no other from being read; those of the node end the poll. */
function isOfEvent(error: unknown): boolean {
  const codes: readonly ErrorCode[] = ['feed-answer-invalid', 'file-unreadable', 'file-too-large']
  return error instanceof TocsinError && codes.includes(error.code)
}

function broken(id: string, what: string): UserError {
  return new UserError('feed-answer-invalid', `the event ${id} ${what}`)
}

function binaryOf(uuid: string): string {
  return uuid.replaceAll('-', '').toLowerCase()
}

function parseKnown(bytes: Uint8Array): ReadonlySet<string> {
  const known = new Set<string>()
  for (let at = 0; at + UUID_BYTES <= bytes.length; at += UUID_BYTES)
    known.add(toHex(bytes.subarray(at, at + UUID_BYTES)))
  return known
}

function encodeKnown(known: ReadonlySet<string>): Uint8Array {
  return fromHex([...known].join(''))
}

function parseTag(bytes: Uint8Array): ManifestTag {
  return bytes.length === 0 ? NO_TAG : (JSON.parse(fromUtf8(bytes)) as ManifestTag)
}
