import { z } from 'zod'
import { ProtocolError, UserError } from '../../base/errors.ts'
import { isNationId } from '../../base/ids.ts'
import { canonicalValue, classify } from '../../indicator/canonical.ts'
import { asciiName, canonicalHostName } from '../../indicator/domain.ts'
import { canonicalCidr } from '../../indicator/ip.ts'
import { PAP, type Pap, parsePap, parseTlp, TLP, type Tlp } from '../../indicator/marking.ts'
import { type AudiencePattern, ITEM_KINDS } from '../../policy/guard-policy.ts'
import { indicatorType } from './config-fields.ts'

/** What stands in the fields of `policy.yaml`. */

export const LIST_MAX = 65_536
const TEXT_LENGTH_MAX = 512
const NAME_LENGTH_MAX = 128

/** A parser of this house as a step of the schema: what it throws is the message. */
export function parsed<T>(parse: (text: string) => T) {
  return z.coerce
    .string()
    .min(1)
    .max(TEXT_LENGTH_MAX)
    .transform((text, context) => {
      try {
        return parse(text)
      } catch (error) {
        if (!(error instanceof ProtocolError || error instanceof UserError)) throw error
        context.addIssue({ code: 'custom', message: error.message })
        return z.NEVER
      }
    })
}

/** One, or a list of them. */
export function oneOrMore<T extends z.ZodType>(one: T) {
  const list = z.array(one).min(1).max(LIST_MAX)
  return z.preprocess(value => (Array.isArray(value) ? value : [value]), list)
}

export const name = z.string().trim().min(1).max(NAME_LENGTH_MAX)
export const word = z.coerce.string().trim().min(1).max(TEXT_LENGTH_MAX)
export const nation = z.string().refine(isNationId, { message: 'must be a nation id such as DEU' })
export const range = parsed(parseRange)
export const domainName = parsed(parseName)
export const tlp = parsed(parseTlp)
export const pap = parsed(parsePap)
const percent = z.int().min(0).max(100)

const tlpLevels = levels<Tlp>(tlp, TLP.CLEAR, TLP.RED)
const papLevels = levels<Pap>(pap, PAP.UNSET, PAP.RED)

/** `AMBER`, `[CLEAR, GREEN]` or `{ min: AMBER, max: RED }`. */
function levels<T extends number>(level: z.ZodType<T>, lowest: T, highest: T) {
  const span = z.strictObject({ min: level.default(lowest), max: level.default(highest) }).transform(({ min, max }) => {
    return Array.from({ length: Math.max(0, max - min + 1) }, (_, index) => (min + index) as T)
  })
  return z.unknown().transform((value, context): readonly T[] => {
    const isSpan = typeof value === 'object' && value !== null && !Array.isArray(value)
    const result = (isSpan ? span : oneOrMore(level)).safeParse(value)
    if (result.success) return result.data as readonly T[]
    for (const issue of result.error.issues) context.addIssue({ ...issue, input: value } as never)
    return z.NEVER
  })
}

/** What a rule asks of an item, whoever is to read it. */
export const itemConditions = {
  item: oneOrMore(z.enum(ITEM_KINDS)).exactOptional(),
  type: oneOrMore(indicatorType).exactOptional(),
  tlp: tlpLevels.exactOptional(),
  pap: papLevels.exactOptional(),
  exercise: z.boolean().exactOptional(),
  labels: oneOrMore(word).exactOptional(),
  source: oneOrMore(word).exactOptional(),
  confidence: z.strictObject({ min: percent.default(0), max: percent.default(100) }).exactOptional(),
  value: oneOrMore(parsed(parseValue)).exactOptional(),
  within: oneOrMore(range).exactOptional(),
  overlaps: oneOrMore(range).exactOptional(),
  domain: oneOrMore(domainName).exactOptional(),
  network: oneOrMore(name).exactOptional(),
}

/** A range, or one address. Host bits are a slip of the pen: they would widen the rule without a word. */
function parseRange(text: string): string {
  const found = classify(text)
  if (found.kind === 'value' && (found.type === 'ipv4' || found.type === 'ipv6')) return found.value
  const canonical = canonicalCidr(text)
  const address = classify(text.slice(0, text.indexOf('/')))
  const start = classify(canonical.slice(0, canonical.indexOf('/')))
  if (address.kind === 'value' && start.kind === 'value' && address.value === start.value) return canonical
  throw new UserError('policy-invalid', `${text} does not begin its range; ${canonical} does`)
}

/** A name with all names below it: `gov.example`, `*.gov.example`, or a top-level domain. */
function parseName(text: string): string {
  return canonicalHostName(asciiName(text.replace(/^\*?\./, '')))
}

function parseValue(text: string): string {
  const found = classify(text)
  if (found.kind === 'value') return found.value
  return text.startsWith('[') ? canonicalValue('stix-pattern', text).value : parseName(text)
}

interface Place {
  readonly range?: string
  readonly domain?: string
}

export function parsePlace(text: string): Place {
  return /^[\d.]+(\/|$)|:/.test(text) ? { range: parseRange(text) } : { domain: parseName(text) }
}

/** `alliance`, `nations`, `group`, or `group:NAME`. */
export function parseAudience(text: string): AudiencePattern {
  if (text === 'alliance' || text === 'nations' || text === 'group') return { kind: text }
  return { kind: 'one-group', group: text.replace(/^group:/, '') }
}
