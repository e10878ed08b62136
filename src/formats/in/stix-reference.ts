import type { Advice } from '../../indicator/advice.ts'
import type { StixReferences } from '../stix-marking.ts'
import type { StixObject } from '../stix-object.ts'

const SHOWN_MAX = 3

/** What is to be said of an object that refers to something which its file does not hold. */
export function referenceWarnings(object: StixObject, references: StixReferences): readonly Advice[] {
  const markings = references.unresolvedMarkings(object).map(
    (id): Advice => ({
      code: 'import-marking-unresolved',
      severity: 'warn',
      message: `the marking ${id.slice(0, 80)} is nowhere defined`,
    }),
  )
  const missing = references.unresolved(object)
  if (missing.length === 0) return markings
  const shown = missing.slice(0, SHOWN_MAX).map(id => id.slice(0, 80))
  const more = missing.length > SHOWN_MAX ? ` and ${missing.length - SHOWN_MAX} more` : ''
  const message = `the ${object.type} refers to what is not in the file: ${shown.join(', ')}${more}`
  return [...markings, { code: 'import-reference-unresolved', severity: 'warn', message }]
}
