import { ProtocolError } from '../base/errors.ts'
import type { Marking } from '../wire/gen/tocsin.ts'

/** Traffic Light Protocol 2.0, in the order of restriction; the number is what stands on the wire. */
export type Tlp = 1 | 2 | 3 | 4 | 5
export const TLP = { CLEAR: 1, GREEN: 2, AMBER: 3, AMBER_STRICT: 4, RED: 5 } as const satisfies Record<string, Tlp>

/** Permissible Actions Protocol; 0 says nothing. */
export type Pap = 0 | 1 | 2 | 3 | 4
export const PAP = { UNSET: 0, CLEAR: 1, GREEN: 2, AMBER: 3, RED: 4 } as const satisfies Record<string, Pap>

const TLP_NAMES = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'] as const
const PAP_NAMES = ['CLEAR', 'GREEN', 'AMBER', 'RED'] as const

/** A marking as signed: R-4.5. */
export interface MarkingFields {
  readonly tlp: Tlp
  readonly pap: Pap
  readonly exercise: boolean
}

/** `TLP:AMBER+STRICT`. */
export function tlpName(tlp: Tlp): string {
  return `TLP:${TLP_NAMES[tlp - 1]}`
}

/** `PAP:AMBER`, or empty where nothing is said. */
export function papName(pap: Pap): string {
  return pap === PAP.UNSET ? '' : `PAP:${PAP_NAMES[pap - 1]}`
}

/**
 * `TLP:AMBER+STRICT`, `amber strict`, `tlp:white` (TLP 1 for CLEAR), `tlp-amber_strict`, or the number.
 * Throws ProtocolError `marking-invalid`.
 */
export function parseTlp(text: string): Tlp {
  const name = colourName(text, 'TLP')
  const number = /^[1-5]$/.test(name) ? Number(name) : (TLP_NAMES as readonly string[]).indexOf(name) + 1
  if (!isTlp(number)) throw unknownColour(text, 'TLP', TLP_NAMES)
  return number
}

/** `PAP:RED`, `red`, `pap:white`; empty is unset. Throws ProtocolError `marking-invalid`. */
export function parsePap(text: string): Pap {
  const name = colourName(text, 'PAP')
  if (name === '') return PAP.UNSET
  const number = /^[0-4]$/.test(name) ? Number(name) : (PAP_NAMES as readonly string[]).indexOf(name) + 1
  if (!isPap(number) || (number === PAP.UNSET && name !== '0')) throw unknownColour(text, 'PAP', PAP_NAMES)
  return number
}

export function isTlp(value: number): value is Tlp {
  return Number.isInteger(value) && value >= TLP.CLEAR && value <= TLP.RED
}

function isPap(value: number): value is Pap {
  return Number.isInteger(value) && value >= PAP.UNSET && value <= PAP.RED
}

/** The marking of an item off the wire. Throws ProtocolError `marking-invalid`. */
export function parseMarking(marking: Marking | undefined): MarkingFields {
  if (marking === undefined) throw new ProtocolError('marking-invalid', 'the marking is missing')
  const { tlp, pap, exercise } = marking
  if (!isTlp(tlp)) throw new ProtocolError('marking-invalid', `TLP ${tlp}; 1 to 5 are defined`)
  if (!isPap(pap)) throw new ProtocolError('marking-invalid', `PAP ${pap}; 0 to 4 are defined`)
  if (exercise > 1) throw new ProtocolError('marking-invalid', `exercise flag ${exercise}; 0 and 1 are defined`)
  return { tlp, pap, exercise: exercise === 1 }
}

export function encodeMarking(marking: MarkingFields): Marking {
  return { tlp: marking.tlp, pap: marking.pap, exercise: marking.exercise ? 1 : 0 }
}

/**
 * The highest TLP and PAP of a list that is not empty. It is an exercise only if all are: a single exercise claim must
 * not take a real indicator out of the feeds, so whoever exports leaves exercise claims out before merging.
 */
export function mostRestrictive(markings: readonly MarkingFields[]): MarkingFields {
  let tlp: Tlp = TLP.CLEAR
  let pap: Pap = PAP.UNSET
  for (const marking of markings) {
    if (marking.tlp > tlp) tlp = marking.tlp
    if (marking.pap > pap) pap = marking.pap
  }
  return { tlp, pap, exercise: markings.every(marking => marking.exercise) }
}

/** OASIS TLP 2.0 marking definitions, in the order of `Tlp`. */
const STIX_TLP2 = [
  'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
] as const

/** Read only: TLP 1 of STIX 2.0 and 2.1, and what OpenCTI made for AMBER+STRICT. */
const STIX_TLP1: readonly (readonly [string, Tlp])[] = [
  ['marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9', TLP.CLEAR],
  ['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da', TLP.GREEN],
  ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82', TLP.AMBER],
  ['marking-definition--826578e1-40ad-459f-bc73-ede076f81f37', TLP.AMBER_STRICT],
  ['marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed', TLP.RED],
]

const TLP_BY_STIX_ID: ReadonlyMap<string, Tlp> = new Map([
  ...STIX_TLP1,
  ...STIX_TLP2.map((id, index): [string, Tlp] => [id, (index + 1) as Tlp]),
])

export function stixMarkingId(tlp: Tlp): string {
  return STIX_TLP2[tlp - 1]!
}

/** The level of a TLP 2.0, TLP 1 or OpenCTI marking definition; undefined for any other. */
export function tlpOfStixMarking(id: string): Tlp | undefined {
  return TLP_BY_STIX_ID.get(id.toLowerCase())
}

function colourName(text: string, protocol: 'TLP' | 'PAP'): string {
  const name = text
    .trim()
    .toUpperCase()
    .replace(new RegExp(`^${protocol}\\s*[:_-]?\\s*`), '')
    .replace(/^AMBER[\s_+-]*STRICT$/, 'AMBER+STRICT')
  return name === 'WHITE' ? 'CLEAR' : name
}

function unknownColour(text: string, protocol: string, names: readonly string[]): ProtocolError {
  return new ProtocolError('marking-invalid', `${JSON.stringify(text.slice(0, 40))} is no ${protocol} level`, {
    fix: `Use one of ${names.map(name => `${protocol}:${name}`).join(', ')}.`,
  })
}
