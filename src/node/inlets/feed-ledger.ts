import { concat, EMPTY, fromHex, fromUtf8, toHex, utf8 } from '../../base/bytes.ts'
import { sha256 } from '../../base/hash.ts'
import type { Store } from '../../store/store.ts'

/** What a feed has given of one object of its source, and what we said of it: a STIX object, an event, a row of a list. */
export interface LedgerUnit {
  /** As its source tells versions apart; empty where it does not. */
  readonly version: string
  readonly entries: readonly LedgerEntry[]
}

/** All in hex. */
export interface LedgerEntry {
  /** 8 bytes: of the thing that is spoken of. Whatever else is said of it, it is this one that changed. */
  readonly subject: string
  /** 16 bytes: of what is said. */
  readonly facts: string
  /** 16 bytes: of the item that we published; `NOT_OURS` for what the feed never takes back. */
  readonly item: string
}

export const SUBJECT_BYTES = 8
export const FACTS_BYTES = 16
const ITEM_BYTES = 16
const ENTRY_BYTES = SUBJECT_BYTES + FACTS_BYTES + ITEM_BYTES
export const NOT_OURS = '00'.repeat(ITEM_BYTES)
const VERSION_LENGTH_MAX = 64
const NO_UNIT: LedgerUnit = { version: '', entries: [] }

export interface FeedLedger {
  /** Without entries where nothing is known of it. */
  unit(id: string): Promise<LedgerUnit>
  /** What was noted last under a name, such as how far the feed has come; empty where nothing was. */
  note(name: string): Promise<Uint8Array>
  /** All of it or nothing. */
  write(change: LedgerChange): Promise<void>
}

export interface LedgerChange {
  readonly units?: ReadonlyMap<string, LedgerUnit>
  /** Empty ones are removed. */
  readonly notes?: ReadonlyMap<string, Uint8Array>
}

/** Which is lost by nobody's crash: it stands in the store, and goes along in its backup. */
export function createFeedLedger(store: Pick<Store, 'note' | 'commit'>, feed: string): FeedLedger {
  const unitName = (id: string) => `feed/${feed}/unit/${toHex(sha256(utf8(id)).subarray(0, 16))}`
  const noteName = (name: string) => `feed/${feed}/${name}`
  return {
    async unit(id) {
      const bytes = await store.note(unitName(id))
      return bytes === undefined ? NO_UNIT : decodeUnit(bytes)
    },
    note: async name => (await store.note(noteName(name))) ?? EMPTY,
    async write({ units = new Map<string, LedgerUnit>(), notes = new Map<string, Uint8Array>() }) {
      const named = [
        ...[...units].map(([id, unit]) => [unitName(id), encodeUnit(unit)] as const),
        ...[...notes].map(([name, bytes]) => [noteName(name), bytes] as const),
      ]
      if (named.length > 0) await store.commit({ notes: new Map(named) })
    },
  }
}

function encodeUnit({ version, entries }: LedgerUnit): Uint8Array {
  if (version === '' && entries.length === 0) return EMPTY
  const name = utf8(version.slice(0, VERSION_LENGTH_MAX))
  const rest = fromHex(entries.map(({ subject, facts, item }) => subject + facts + item).join(''))
  return concat(Uint8Array.of(name.length), name, rest)
}

function decodeUnit(bytes: Uint8Array): LedgerUnit {
  const from = 1 + (bytes[0] ?? 0)
  const entries: LedgerEntry[] = []
  for (let at = from; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const facts = at + SUBJECT_BYTES
    const item = facts + FACTS_BYTES
    entries.push({
      subject: toHex(bytes.subarray(at, facts)),
      facts: toHex(bytes.subarray(facts, item)),
      item: toHex(bytes.subarray(item, item + ITEM_BYTES)),
    })
  }
  return { version: fromUtf8(bytes.subarray(1, from)), entries }
}
