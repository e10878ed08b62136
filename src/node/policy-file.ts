import { z } from 'zod'
import { ProtocolError, UserError } from '../base/errors.ts'
import { isNationId } from '../base/ids.ts'
import { canonicalValue, classify } from '../indicator/canonical.ts'
import { asciiName, canonicalHostName } from '../indicator/domain.ts'
import { canonicalCidr } from '../indicator/ip.ts'
import { PAP, type Pap, parsePap, parseTlp, TLP, type Tlp } from '../indicator/marking.ts'
import { INDICATOR_TYPES } from '../indicator/type.ts'
import {
  type AudiencePattern,
  type GuardPolicy,
  type GuardRule,
  ITEM_KINDS,
  type Network,
  REDACT_FIELDS,
} from '../policy/guard-policy.ts'
import { DAY_MS } from '../registry/doc-fields.ts'
import { parseYamlFile } from './yaml-file.ts'

/** `policy.yaml`: what may leave the nation. The meaning of rules is told at `GuardPolicy`. */
export interface PolicyFile {
  readonly guard: GuardPolicy
  /** What is doubtful about it, such as rules that are never read. */
  readonly warnings: readonly string[]
}

export const POLICY_BYTES_MAX = 4 * 1024 * 1024
const RULES_MAX = 4096
const NETWORKS_MAX = 1024
const LIST_MAX = 65_536
const TEXT_LENGTH_MAX = 512
const NAME_LENGTH_MAX = 128
const LIMIT_MAX = 1_000_000_000
const HOLD_DAYS_MAX = 90
const HOLD_DAYS_DEFAULT = 7

/** A parser of this house as a step of the schema: what it throws is the message. */
function parsed<T>(parse: (text: string) => T) {
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
function oneOrMore<T extends z.ZodType>(one: T) {
  const list = z.array(one).min(1).max(LIST_MAX)
  return z.preprocess(value => (Array.isArray(value) ? value : [value]), list)
}

const name = z.string().trim().min(1).max(NAME_LENGTH_MAX)
const word = z.coerce.string().trim().min(1).max(TEXT_LENGTH_MAX)
const nation = z.string().refine(isNationId, { message: 'must be a nation id such as DEU' })
const range = parsed(parseRange)
const domain = parsed(parseName)
const tlp = parsed(parseTlp)
const pap = parsed(parsePap)
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

const conditions = z.strictObject({
  item: oneOrMore(z.enum(ITEM_KINDS)).exactOptional(),
  type: oneOrMore(z.enum([...INDICATOR_TYPES.keys()] as [string, ...string[]])).exactOptional(),
  tlp: tlpLevels.exactOptional(),
  pap: papLevels.exactOptional(),
  exercise: z.boolean().exactOptional(),
  labels: oneOrMore(word).exactOptional(),
  source: oneOrMore(word).exactOptional(),
  confidence: z.strictObject({ min: percent.default(0), max: percent.default(100) }).exactOptional(),
  value: oneOrMore(parsed(parseValue)).exactOptional(),
  within: oneOrMore(range).exactOptional(),
  overlaps: oneOrMore(range).exactOptional(),
  domain: oneOrMore(domain).exactOptional(),
  network: oneOrMore(name).exactOptional(),
  mentions: oneOrMore(name).exactOptional(),
  audience: oneOrMore(word.transform(parseAudience)).exactOptional(),
  reader: oneOrMore(nation).exactOptional(),
  readersWithin: oneOrMore(nation).exactOptional(),
})

const rule = z.strictObject({
  name,
  when: conditions.default({}),
  redact: oneOrMore(z.enum(REDACT_FIELDS)).default([]),
  precision: z
    .strictObject({
      ipv4: z.int().min(8).max(31).exactOptional(),
      ipv6: z.int().min(16).max(127).exactOptional(),
      host: z.literal(true).exactOptional(),
      times: z.literal('day').exactOptional(),
    })
    .default({}),
  raise: z.strictObject({ tlp: tlp.exactOptional(), pap: pap.exactOptional() }).default({}),
  limitPerHour: z.int().min(1).max(LIMIT_MAX).exactOptional(),
  action: z.enum(['allow', 'deny', 'second-person']).exactOptional(),
})

const schema = z.strictObject({
  version: z.literal(1, { message: 'this program knows version 1' }),
  approvals: z
    .strictObject({ expireDays: z.number().gt(0).max(HOLD_DAYS_MAX).default(HOLD_DAYS_DEFAULT) })
    .prefault({}),
  networks: z.record(name, z.array(parsed(parsePlace)).max(LIST_MAX)).default({}),
  rules: z.array(rule).max(RULES_MAX),
})

type Fields = z.output<typeof schema>

const FIX = 'Correct the file; "tocsin policy check FILE" tells when it is right.'

/** Throws UserError `policy-invalid` with line and column. `file` is how messages call it. */
export function parsePolicyFile(text: string, file = 'policy.yaml'): PolicyFile {
  const form = { name: file, code: 'policy-invalid', fix: FIX, schema, bytesMax: POLICY_BYTES_MAX } as const
  const { value, lineOf } = parseYamlFile(text, form)
  const fail = (path: readonly PropertyKey[], message: string) =>
    new UserError('policy-invalid', `${file}, line ${lineOf(path)}: ${message}`, { fix: FIX })
  assertNetworksFew(value, fail)
  const networks = networksOf(value)
  const rules = value.rules.map((fields, index): GuardRule => {
    const path = ['rules', index]
    const same = value.rules.findIndex(other => other.name === fields.name)
    if (same !== index) throw fail(path, `"${fields.name}" is the name of rule ${same + 1} already`)
    assertRule(fields, message => fail(path, message))
    const named = (field: 'network' | 'mentions') =>
      fields.when[field]?.map((wanted, place) => {
        const network = networks.get(wanted)
        if (network === undefined) {
          throw fail([...path, 'when', field, place], `"${wanted}" is no network of this file`)
        }
        return network
      })
    return buildRule(fields, { number: index + 1, line: lineOf(path) }, named('network'), named('mentions'))
  })
  const guard = { rules, holdMs: value.approvals.expireDays * DAY_MS }
  return { guard, warnings: warningsOf(rules) }
}

type Fail = (path: readonly PropertyKey[], message: string) => UserError

function assertNetworksFew({ networks }: Fields, fail: Fail): void {
  const count = Object.keys(networks).length
  if (count > NETWORKS_MAX) throw fail(['networks'], `${count} networks; at most ${NETWORKS_MAX} are read`)
}

function networksOf({ networks }: Fields): ReadonlyMap<string, Network> {
  return new Map(
    Object.entries(networks).map(([title, places]) => [
      title,
      {
        name: title,
        ranges: places.flatMap(({ range }) => (range === undefined ? [] : [range])),
        domains: places.flatMap(({ domain }) => (domain === undefined ? [] : [domain])),
      },
    ]),
  )
}

function assertRule(
  { name, redact, precision, raise, limitPerHour, action }: Fields['rules'][number],
  fail: (message: string) => UserError,
): void {
  const changes = redact.length > 0 || Object.keys(precision).length > 0 || Object.keys(raise).length > 0
  if (action === undefined && !changes && limitPerHour === undefined) {
    throw fail(`rule "${name}" does nothing; say "action: allow", "action: deny" or "action: second-person"`)
  }
  if (action === 'deny' && (changes || limitPerHour !== undefined)) {
    throw fail(`rule "${name}" denies, and so has nothing to change or to count`)
  }
}

function buildRule(
  { name, when, redact, precision, raise, limitPerHour, action }: Fields['rules'][number],
  place: { readonly number: number; readonly line: number },
  network: readonly Network[] | undefined,
  mentions: readonly Network[] | undefined,
): GuardRule {
  const { ipv4, ipv6, host, times } = precision
  return {
    ...{ name, ...place, redact, raise, limitPerHour },
    when: { ...when, network, mentions },
    precision: { ipv4, ipv6, host, day: times === undefined ? undefined : true },
    action: action === 'second-person' ? 'hold' : action,
  }
}

function warningsOf(rules: readonly GuardRule[]): readonly string[] {
  const last = rules.findIndex(
    ({ when, action }) => action !== undefined && Object.values(when).every(wanted => wanted === undefined),
  )
  const unread = last < 0 ? [] : rules.slice(last + 1)
  const allows = rules.some(({ action }) => action === 'allow' || action === 'hold')
  return [
    ...unread.map(({ name, line }) => `line ${line}: rule "${name}" is never read, since rule ${last + 1} ends it all`),
    ...(allows ? [] : ['no rule allows anything: nothing leaves']),
  ]
}

// --- what stands in fields -------------------------------------------------------------------------------------------

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

function parsePlace(text: string): Place {
  return /^[\d.]+(\/|$)|:/.test(text) ? { range: parseRange(text) } : { domain: parseName(text) }
}

/** `alliance`, `nations`, `group`, or `group:NAME`. */
function parseAudience(text: string): AudiencePattern {
  if (text === 'alliance' || text === 'nations' || text === 'group') return { kind: text }
  return { kind: 'one-group', group: text.replace(/^group:/, '') }
}
