import { EMPTY, u64be } from '../base/bytes.ts'
import { observablesOf } from '../formats/in/pattern-value.ts'
import { parseStixPattern } from '../formats/in/stix-pattern.ts'
import { PatternSyntaxError } from '../formats/in/stix-pattern-error.ts'
import { indicatorId } from '../indicator/indicator-id.ts'
import { prefixRange, type ReadOptions, type Reads, type Writes } from './database.ts'
import { subjectOf, typedValueOf } from './item-face.ts'
import { type Generation, readU64, VIEW, VIEW_KEY_PREFIX_BYTES, viewPrefix } from './keys.ts'

/**
 * How indicators are found by what is not their value: patterns by the observables in them, ranges by their prefix
 * lengths, of which few are ever in use. It holds for all that has a record, shown or not: whoever asks reads that next.
 */

const PATTERN = Buffer.from('stix-pattern\0', 'latin1')
const RANGE = Buffer.from('cidr\0', 'latin1')

/** A subject whose record begins or ends. */
export interface RecordChange {
  readonly subject: Uint8Array
  readonly exists: boolean
}

interface Target {
  readonly db: Pick<Reads, 'getMany'>
  readonly generation: Generation
  readonly writes: Writes
}

export async function writeRelations(changes: readonly RecordChange[], target: Target): Promise<void> {
  const lengths = new Map<string, LengthChange>()
  for (const change of changes) {
    if (begins(change.subject, PATTERN)) writePattern(change, target)
    else if (begins(change.subject, RANGE)) countLength(change, lengths)
  }
  const keys = [...lengths.values()].map(({ bits, length }) => lengthKey(target.generation, bits, length))
  const counts = await target.db.getMany(keys)
  for (const [i, { by }] of [...lengths.values()].entries()) {
    const before = counts[i]
    const count = (before === undefined ? 0 : readU64(before, 0)) + by
    target.writes.push([keys[i]!, count === 0 ? undefined : u64be(count)])
  }
}

function begins(subject: Uint8Array, type: Buffer): boolean {
  return subject.length > type.length && type.equals(subject.subarray(0, type.length))
}

function writePattern({ subject, exists }: RecordChange, { generation, writes }: Target): void {
  const pattern = typedValueOf(subject)
  const id = indicatorId(pattern)
  for (const observable of observablesIn(pattern.value)) {
    writes.push([Buffer.concat([observablePrefix(generation, observable), id]), exists ? EMPTY : undefined])
  }
  writes.push([patternKey(generation, id), exists ? subject : undefined])
}

/** Subjects. A pattern came over the wire, and may be none. */
function observablesIn(pattern: string): readonly Uint8Array[] {
  try {
    return observablesOf(parseStixPattern(pattern)).map(subjectOf)
  } catch (error) {
    if (error instanceof PatternSyntaxError) return []
    throw error
  }
}

interface LengthChange {
  readonly bits: number
  readonly length: number
  by: number
}

function countLength({ subject, exists }: RecordChange, changes: Map<string, LengthChange>): void {
  const { value } = typedValueOf(subject)
  const bits = value.includes(':') ? 128 : 32
  const length = Number(value.slice(value.indexOf('/') + 1))
  const change = changes.get(`${bits} ${length}`) ?? { bits, length, by: 0 }
  changes.set(`${bits} ${length}`, change)
  change.by += exists ? 1 : -1
}

function lengthKey(generation: Generation, bits: number, length: number): Buffer {
  return Buffer.concat([viewPrefix(generation, VIEW.lengths), Buffer.from([bits, length])])
}

export function observablePrefix(generation: Generation, observable: Uint8Array): Buffer {
  return Buffer.concat([viewPrefix(generation, VIEW.observables), observable])
}

export function patternKey(generation: Generation, id: Uint8Array): Buffer {
  return Buffer.concat([viewPrefix(generation, VIEW.patterns), id])
}

/** Prefix lengths of ranges that there are, by the bits of an address. */
export interface LengthsInUse {
  readonly ipv4: readonly number[]
  readonly ipv6: readonly number[]
}

const LENGTHS_MAX = 33 + 129

export async function readLengths(db: Reads, generation: Generation, options: ReadOptions): Promise<LengthsInUse> {
  const rows = await db.range(prefixRange(viewPrefix(generation, VIEW.lengths)), LENGTHS_MAX, options)
  const lengths = rows.map(([key]) => [key[VIEW_KEY_PREFIX_BYTES]!, key[VIEW_KEY_PREFIX_BYTES + 1]!] as const)
  const of = (wanted: number) => lengths.filter(([bits]) => bits === wanted).map(([, length]) => length)
  return { ipv4: of(32), ipv6: of(128) }
}
