import { type ImportRow, refusedRow } from '../import-row.ts'
import { StixReferences } from '../stix-marking.ts'
import { contextRow, readStixObject, type StixObject } from '../stix-object.ts'
import { type JsonElement, readJsonElements } from './json-elements.ts'
import { indicatorRows } from './stix-indicator.ts'
import { referenceWarnings } from './stix-reference.ts'

/** Objects that wait for an identity or marking definition further on; beyond this the oldest goes on without. */
const WAITING_MAX = 4096
const WAITING_BYTES_MAX = 16 * 1024 * 1024

interface Placed {
  readonly place: string
  readonly object: StixObject
  /** As it stood in the file. */
  readonly bytes: number
}

/**
 * STIX 2.1, with 2.0 read: a bundle, a bare array or one object. Indicators become claims; everything else is context
 * and goes on as it is. An object that refers to a marking or an identity further on in the file waits for it, so rows
 * may come out of order.
 */
export async function* importStix(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ImportRow> {
  const references = new StixReferences()
  const waiting: Placed[] = []
  let waitingBytes = 0
  for await (const elements of readJsonElements(chunks)) {
    for (const element of elements) {
      const placed = placedObject(element)
      if (placed === undefined) continue
      if ('kind' in placed) {
        yield placed
        continue
      }
      references.learn(placed.object)
      if (references.resolves(placed.object)) {
        yield* rowsOf(placed, references)
        continue
      }
      waiting.push(placed)
      waitingBytes += placed.bytes
      while (waiting.length > WAITING_MAX || waitingBytes > WAITING_BYTES_MAX) {
        const oldest = waiting.shift()!
        waitingBytes -= oldest.bytes
        yield* rowsOf(oldest, references)
      }
    }
  }
  for (const placed of waiting) yield* rowsOf(placed, references)
}

function placedObject(element: JsonElement): Placed | ImportRow | undefined {
  const { place } = element
  if (element.kind === 'broken') return refusedRow(place, 'import-json-invalid', element.reason, element.text)
  const object = readStixObject(element.value)
  if (typeof object === 'string') {
    return refusedRow(place, 'import-stix-invalid', object, JSON.stringify(element.value))
  }
  // A bundle without objects, which STIX allows; one among the objects of another, which it does not.
  if (object.type !== 'bundle') return { place, object, bytes: element.bytes }
  if (object.objects === undefined) return undefined
  return refusedRow(place, 'import-stix-invalid', 'this is a bundle inside of a bundle', object.id)
}

function rowsOf({ place, object }: Placed, references: StixReferences): readonly ImportRow[] {
  if (object.type === 'indicator') return indicatorRows(place, object, references)
  return [contextRow(place, object, references.marking(object), referenceWarnings(object, references))]
}
