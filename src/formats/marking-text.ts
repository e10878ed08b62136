import { ProtocolError } from '../base/errors.ts'
import { type Pap, parsePap, parseTlp, type Tlp } from '../indicator/marking.ts'
import type { DraftMarking } from './import-row.ts'

/** By this label or tag, wherever it goes, others know that what has it is for an exercise alone. */
export const EXERCISE_LABEL = 'tocsin:exercise'

/** What a tag, label or name says of marking, such as `TLP:AMBER`; undefined where it says nothing of it. */
export function markingOfText(text: string): DraftMarking | undefined {
  const trimmed = text.trim()
  if (trimmed === EXERCISE_LABEL) return { exercise: true }
  try {
    if (/^tlp\b/i.test(trimmed)) return { tlp: parseTlp(trimmed) }
    if (/^pap\b/i.test(trimmed)) return { pap: parsePap(trimmed) }
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
  }
  return undefined
}

export function stricterMarking(a: DraftMarking | undefined, b: DraftMarking | undefined): DraftMarking | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const tlp = Math.max(a.tlp ?? 0, b.tlp ?? 0)
  const pap = Math.max(a.pap ?? 0, b.pap ?? 0)
  const exercise = a.exercise === true || b.exercise === true
  return { ...(tlp > 0 && { tlp: tlp as Tlp }), ...(pap > 0 && { pap: pap as Pap }), ...(exercise && { exercise }) }
}
