import { parsePap, parseTlp, stixMarkingId, type Tlp } from '../indicator/marking.ts'
import { stixIdentityId, stixMarkingStatementId } from './stix-id.ts'
import { TLP2_EXTENSION } from './stix-marking.ts'
import type { StixObject } from './stix-object.ts'

/**
 * The STIX objects to which ours refer: who says it, how it is marked, and what our extension is. They are the same
 * bytes at every node and for ever, and so have fixed times.
 */

const FIXED_TIME = '2026-01-01T00:00:00.000Z'
/** As the OASIS publishes them. */
const TLP2_TIME = '2022-10-01T00:00:00.000Z'
const TLP2_LEVELS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const

/** What STIX has no property for: a property extension (STIX 2.1 §7.3) on indicators and opinions. */
export const TOCSIN_EXTENSION = 'extension-definition--4e6edcd5-8708-4d21-acc7-0fbbc1f10cf1'

/** What speaks of our extension; no nation is called so, since a nation id holds no space. */
const MAKER = identity('Tocsin (software)', 'system')

const EXTENSION_DEFINITION: StixObject = {
  type: 'extension-definition',
  spec_version: '2.1',
  id: TOCSIN_EXTENSION,
  created_by_ref: MAKER.id,
  created: FIXED_TIME,
  modified: FIXED_TIME,
  name: 'Tocsin claim',
  description: 'What a nation says of an indicator in Tocsin and STIX has no property for.',
  schema:
    'On an indicator: indicator_type (string), claim (string, NATION/ID), lineage (observed or relayed), exercise (true), first_seen and ' +
    'last_seen (timestamps), source and source_id (strings: from whom its author has it, and how it is called there), ' +
    'unsaid (list of properties which its author left out and STIX requires), withdrawn_reason (string). ' +
    'On an opinion: verdict (agree, false-positive or expired).',
  version: '1.0.0',
  extension_types: ['property-extension'],
}

/** Who defines our extension, and the definition: in whatever holds an object of ours. */
export const STIX_PREAMBLE: readonly StixObject[] = [MAKER, EXTENSION_DEFINITION]

export function stixIdentity(nation: string): StixObject {
  return identity(nation, 'organization')
}

function identity(name: string, identityClass: string): StixObject {
  return {
    type: 'identity',
    spec_version: '2.1',
    id: stixIdentityId(name),
    created: FIXED_TIME,
    modified: FIXED_TIME,
    name,
    identity_class: identityClass,
  }
}

/** Marking definitions of TLP 2.0 as the OASIS has them, and of PAP as statements; `pap` may be empty. */
export function stixMarkings(tlp: string, pap: string): readonly StixObject[] {
  const level = tlpMarking(parseTlp(tlp))
  return parsePap(pap) === 0 ? [level] : [level, statementMarking(pap)]
}

function tlpMarking(tlp: Tlp): StixObject {
  const level = TLP2_LEVELS[tlp - 1]!
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: stixMarkingId(tlp),
    created: TLP2_TIME,
    name: `TLP:${level.toUpperCase()}`,
    extensions: { [TLP2_EXTENSION]: { extension_type: 'property-extension', tlp_2_0: level } },
  }
}

function statementMarking(statement: string): StixObject {
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: stixMarkingStatementId(statement),
    created: FIXED_TIME,
    name: statement,
    definition_type: 'statement',
    definition: { statement },
  }
}
