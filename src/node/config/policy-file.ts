import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import type { ScorePolicy } from '../../indicator/score-policy.ts'
import type { AcceptanceRule } from '../../policy/acceptance.ts'
import { type GuardPolicy, type GuardRule, type Network, REDACT_FIELDS } from '../../policy/guard-policy.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import { parseYamlFile } from '../mechanisms/yaml-file.ts'
import { acceptanceRules } from './acceptance-schema.ts'
import {
  itemConditions,
  LIST_MAX,
  name,
  nation,
  oneOrMore,
  pap,
  parseAudience,
  parsed,
  parsePlace,
  tlp,
  word,
} from './policy-fields.ts'
import { scoreFields } from './score-schema.ts'

/**
 * `policy.yaml`: what may leave the nation, what it takes from others, and how it weighs that. `GuardPolicy`,
 * `AcceptanceRule` and `ScorePolicy` tell what it means.
 */
export interface PolicyFile {
  readonly guard: GuardPolicy
  readonly accept: readonly AcceptanceRule[]
  readonly score: ScorePolicy
  /** What is doubtful about it, such as rules that are never read. */
  readonly warnings: readonly string[]
}

export const POLICY_BYTES_MAX = 4 * 1024 * 1024
const RULES_MAX = 4096
const NETWORKS_MAX = 1024
const LIMIT_MAX = 1_000_000_000
const HOLD_DAYS_MAX = 90
const HOLD_DAYS_DEFAULT = 7

const conditions = z.strictObject({
  ...itemConditions,
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
  accept: acceptanceRules(RULES_MAX),
  score: scoreFields(RULES_MAX),
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
  /** What the rules of one list say, with the networks that they name, and where they stand. */
  function placed<Rule extends NamedRule, Built>(
    list: 'rules' | 'accept',
    rules: readonly Rule[],
    build: (rule: Rule, place: RulePlace) => Built,
  ): readonly Built[] {
    return rules.map((fields, index) => {
      const path = [list, index]
      const same = rules.findIndex(other => other.name === fields.name)
      if (same !== index) throw fail(path, `"${fields.name}" is the name of rule ${same + 1} already`)
      const named = (field: 'network' | 'mentions') =>
        fields.when[field]?.map((wanted, place) => {
          const network = networks.get(wanted)
          if (network === undefined) {
            throw fail([...path, 'when', field, place], `"${wanted}" is no network of this file`)
          }
          return network
        })
      return build(fields, { number: index + 1, line: lineOf(path), fail: message => fail(path, message), named })
    })
  }

  const rules = placed('rules', value.rules, buildRule)
  const accept = placed('accept', value.accept, buildAcceptanceRule)
  const guard = { rules, holdMs: value.approvals.expireDays * DAY_MS }
  return { guard, accept, score: value.score, warnings: warningsOf(rules, accept) }
}

interface NamedRule {
  readonly name: string
  readonly when: { readonly network?: readonly string[]; readonly mentions?: readonly string[] }
}

interface RulePlace {
  readonly number: number
  readonly line: number
  fail(message: string): UserError
  named(field: 'network' | 'mentions'): readonly Network[] | undefined
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

function buildRule(fields: Fields['rules'][number], { number, line, fail, named }: RulePlace): GuardRule {
  assertRule(fields, fail)
  const { name, when, redact, precision, raise, limitPerHour, action } = fields
  const { ipv4, ipv6, host, times } = precision
  return {
    ...{ name, number, line, redact, raise, limitPerHour },
    when: { ...when, network: named('network'), mentions: named('mentions') },
    precision: { ipv4, ipv6, host, day: times === undefined ? undefined : true },
    action: action === 'second-person' ? 'hold' : action,
  }
}

function buildAcceptanceRule(fields: Fields['accept'][number], { number, line, named }: RulePlace): AcceptanceRule {
  return { ...fields, number, line, when: { ...fields.when, network: named('network') } }
}

function warningsOf(rules: readonly GuardRule[], accept: readonly AcceptanceRule[]): readonly string[] {
  const allows = rules.some(({ action }) => action === 'allow' || action === 'hold')
  return [...unreadOf(rules), ...(allows ? [] : ['no rule allows anything: nothing leaves']), ...unreadOf(accept)]
}

type AnyRule = Pick<GuardRule, 'name' | 'line'> & { readonly when: object; readonly action?: string | undefined }

/** Rules behind one that decides on everything. */
function unreadOf(rules: readonly AnyRule[]): readonly string[] {
  const last = rules.findIndex(
    ({ when, action }) => action !== undefined && Object.values(when).every(wanted => wanted === undefined),
  )
  const unread = last < 0 ? [] : rules.slice(last + 1)
  return unread.map(
    ({ name, line }) => `line ${line}: rule "${name}" is never read, since rule ${last + 1} ends it all`,
  )
}
