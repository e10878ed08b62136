import { ProtocolError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import { parseItem } from '../indicator/item.ts'
import { decodeLoose } from '../wire/codec.ts'
import { Item } from '../wire/gen/tocsin.ts'
import { type Clearance, mayHearOf, mayRead } from './clearance.ts'

/**
 * Whether a reader sees what one entry says of an indicator. What a reader gets is computed from nothing else:
 * which of two assertions shows, how claims merge, their times, the order and the pages of a list.
 */
export function createSight(clearance: Clearance) {
  return createSightOf(clearance, false)
}

/** The same, and objects of STIX that travel whole for context. */
export function createObjectSight(clearance: Clearance) {
  return createSightOf(clearance, true)
}

function createSightOf(clearance: Clearance, withContext: boolean) {
  return ({ nation, item, audience }: { nation: NationId; item: Uint8Array; audience: Uint8Array }): boolean => {
    try {
      const parsed = parseItem(decodeLoose(Item, item, false))
      switch (parsed.kind) {
        case 'indicator':
        case 'sighting':
        case 'opinion':
          return mayRead(clearance, { nation, type: parsed.type, marking: parsed.marking, audience })
        case 'stix-object':
          return withContext && mayRead(clearance, { nation, type: parsed.kind, marking: parsed.marking, audience })
        case 'withdrawal':
          return mayHearOf(clearance, { nation, audience })
        default:
          return false
      }
    } catch (error) {
      if (error instanceof ProtocolError) return false
      throw error
    }
  }
}
