import { z } from 'zod'
import { ACCEPTANCE_ACTIONS } from '../../policy/acceptance.ts'
import { itemConditions, name, nation, oneOrMore, word } from './policy-fields.ts'

const rule = z.strictObject({
  name,
  when: z.strictObject({ author: oneOrMore(nation).exactOptional(), ...itemConditions }).default({}),
  action: z.enum(ACCEPTANCE_ACTIONS),
  reason: word.default(''),
})

/** `accept:` of `policy.yaml`; its rules mean what is told at `AcceptanceRule`. */
export function acceptanceRules(most: number) {
  return z.array(rule).max(most).default([])
}
