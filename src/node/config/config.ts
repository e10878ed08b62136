import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { isNationId } from '../../base/ids.ts'
import { isLoopbackPort } from '../../base/loopback.ts'
import { parseTlp } from '../../indicator/marking.ts'
import { type EdgeAddress, parseEdgeAddress } from '../../net/edge-address.ts'
import type { RetentionRules } from '../../policy/retention.ts'
import { parseSyslogTarget } from '../mechanisms/syslog-target.ts'
import { issueText } from '../mechanisms/yaml-file.ts'
import { tlpName, whole } from './config-fields.ts'
import { exportsSection } from './exports-config.ts'
import { feedsSection } from './feeds-config.ts'
import { ownSection } from './own-config.ts'
import { taxiiConfig } from './taxii-config.ts'
import { warninglistsSection } from './warninglists-config.ts'
import { webhooksSection } from './webhooks-config.ts'

const multiaddr = z.string().regex(/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}$/, {
  message: 'must look like /ip4/192.0.2.10/tcp/7117 or /dns4/tocsin.cert.example/tcp/7117',
})

const edgeAddress = z.string().refine(text => parseEdgeAddress(text) !== undefined, {
  message: 'must look like /ip4/192.0.2.10/tcp/7117/p2p/12D3KooW…, as "tocsin status" prints it at the edge',
})

const DEFAULT_LISTEN: readonly string[] = ['/ip4/0.0.0.0/tcp/7117']

const loopbackPort = z.string().refine(text => text === '' || isLoopbackPort(text), {
  message: 'must be a loopback address such as 127.0.0.1:9117, or empty',
})

const syslogTarget = z.string().refine(text => text === '' || parseSyslogTarget(text) !== undefined, {
  message:
    'must look like udp://192.0.2.10:514, tcp://syslog.cert.example:601, tls://syslog.cert.example:6514 or unix:/run/syslog.sock, or be empty',
})

/** The one configuration type. Every field has a default but the nation; times are milliseconds. */
const schema = z.strictObject({
  nation: z
    .string()
    .refine(isNationId, { message: 'must be 2 to 16 characters A-Z, 0-9 and -, starting with a letter' }),
  net: z
    .strictObject({
      /** Where this node listens: by default on port 7117 of all addresses, and nowhere where it has edges. */
      listen: z.array(multiaddr).max(16).optional(),
      /** What the nation's document says of it; empty: the listening addresses. */
      announce: z.array(multiaddr).max(16).default([]),
      /** the own edge nodes. Nothing else is dialled then, and everybody else is reached through them. */
      edges: z.array(edgeAddress).max(8).default([]),
      connectionsMax: whole(4, 2000).default(300),
    })
    .transform(net => ({ ...net, listen: net.listen ?? (net.edges.length > 0 ? [] : DEFAULT_LISTEN) }))
    .prefault({}),
  publish: z
    .strictObject({
      /** The longest that a publish waits for others to share its message, under load. */
      coalesceMs: whole(0, 10_000).default(250),
      /** The marking of what comes without one. */
      tlp: tlpName.exclude(['RED']).default('AMBER'),
    })
    .prefault({}),
  sync: z
    .strictObject({
      /** A random peer is asked after between one and two times this. */
      intervalMs: whole(1000, 3_600_000).default(30_000),
      /** How long a gap may stand before a peer is asked for it. */
      gapMs: whole(100, 60_000).default(2_000),
      /** How often the own log is checkpointed, on growth. */
      checkpointMs: whole(1000, 3_600_000).default(60_000),
      /** How often the logs of others are cosigned, where this nation is a witness. */
      cosignMs: whole(1000, 86_400_000).default(300_000),
      /** How often at most the own log gets a signature that outlasts Ed25519, on growth. */
      postQuantumMs: whole(60_000, 86_400_000).default(3_600_000),
      /** How often others are told which registry is in force here. */
      headMs: whole(10_000, 3_600_000).default(600_000),
    })
    .prefault({}),
  retention: z
    .strictObject({
      /** After how many days the bodies of messages are pruned here; 0: when the alliance says that nobody need have them. */
      bodyDays: whole(0, 36_500).default(0),
      /** The same for messages that hold what is so marked. */
      byMarking: z.partialRecord(tlpName, whole(1, 36_500)).default({}),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      /** Health and Prometheus metrics over HTTP on a loopback port; empty: on the control socket only. */
      listen: loopbackPort.default(''),
    })
    .prefault({}),
  audit: z
    .strictObject({
      /** Where the audit log is sent as it grows: udp://HOST:PORT, tcp:// and tls:// alike, unix:/PATH; empty: nowhere. */
      syslog: syslogTarget.default(''),
      /** Older records are removed; 0: none is by its age. */
      keepDays: whole(0, 36_500).default(0),
      /** Where the log is larger the oldest records are removed; from four fifths of it on the node says so. */
      mibMax: whole(16, 1_048_576).default(10_240),
    })
    .prefault({}),
  api: z
    .strictObject({
      /** Indicators and look-ups over HTTP for the bearers of tokens, on a loopback port; empty: on the control socket only. */
      listen: loopbackPort.default(''),
    })
    .prefault({}),
  own: ownSection,
  exports: exportsSection,
  feeds: feedsSection,
  taxii: taxiiConfig,
  webhooks: webhooksSection,
  warninglists: warninglistsSection,
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
      format: z.enum(['auto', 'json', 'pretty']).default('auto'),
    })
    .prefault({}),
})

export type Config = Readonly<z.infer<typeof schema>>

export const CONFIG_BYTES_MAX = 256 * 1024

/** Its warnings would go to stderr past everything. */
const YAML_OPTIONS = { maxAliasCount: 10, logLevel: 'error' } as const

/**
 * Parses `config.yaml`; `TOCSIN_NET__LISTEN=…` in `environment` overrides `net.listen` (YAML values; names without
 * regard to case and underscores). Throws UserError `config-invalid`, which names the field.
 */
export function parseConfig(text: string, environment: Readonly<Record<string, string | undefined>> = {}): Config {
  let raw: unknown
  try {
    raw = parseYaml(text, YAML_OPTIONS) ?? {}
  } catch (cause) {
    throw invalid(`config.yaml is no YAML: ${cause instanceof Error ? cause.message : cause}`)
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw invalid('config.yaml must be a mapping of fields')
  const merged = applyEnvironment(raw as Fields, environment)
  const result = schema.safeParse(merged)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(describe(issue!))
}

export function defaultConfig(nation: string): Config {
  return schema.parse({ nation })
}

type Fields = { [name: string]: unknown }

const PREFIX = 'TOCSIN_'
/** Set by other parts: not fields of the configuration. */
const RESERVED = new Set(['TOCSIN_HOME', 'TOCSIN_PASSPHRASE_FILE', 'TOCSIN_TOKEN_FILE'])

function applyEnvironment(raw: Fields, environment: Readonly<Record<string, string | undefined>>): Fields {
  const out = structuredClone(raw)
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined || RESERVED.has(name)) continue
    const path = name.slice(PREFIX.length).split('__').map(fold)
    const known = resolvePath(path)
    if (known === undefined) throw invalid(`the environment variable ${name} names no field of the configuration`)
    setPath(out, known, parseVariable(name, text))
  }
  return out
}

function parseVariable(name: string, text: string): unknown {
  try {
    return parseYaml(text, YAML_OPTIONS)
  } catch (cause) {
    throw invalid(`the environment variable ${name} is no YAML: ${cause instanceof Error ? cause.message : cause}`)
  }
}

const fold = (name: string) => name.toLowerCase().replaceAll('_', '')

function resolvePath(path: readonly string[]): string[] | undefined {
  const defaults: unknown = { ...defaultConfig('AA') }
  const resolved: string[] = []
  let level = defaults
  for (const part of path) {
    if (typeof level !== 'object' || level === null || Array.isArray(level)) return undefined
    const name = Object.keys(level).find(key => fold(key) === part)
    if (name === undefined) return undefined
    resolved.push(name)
    level = (level as Fields)[name]
  }
  return resolved
}

function setPath(target: Fields, path: readonly string[], value: unknown): void {
  let level = target
  for (const part of path.slice(0, -1)) {
    const next = level[part]
    level[part] = typeof next === 'object' && next !== null && !Array.isArray(next) ? next : {}
    level = level[part] as Fields
  }
  level[path.at(-1)!] = value
}

function describe(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map(key => (where === '' ? key : `${where}.${key}`)).join(', ')
    return `unknown field ${names}`
  }
  return `${where === '' ? 'config' : where}: ${issueText(issue)}`
}

function invalid(message: string): UserError {
  return new UserError('config-invalid', message, {
    fix: 'Correct the field in config.yaml (or the environment) and start again.',
  })
}

/** Of `net.edges`. */
export function ownEdges({ net }: Config): readonly EdgeAddress[] {
  return net.edges.flatMap(text => parseEdgeAddress(text) ?? [])
}

/** How long bodies are kept here, where the alliance says `allianceDays`. */
export function retentionRules({ retention }: Config, allianceDays: number): RetentionRules {
  const byTlp = Object.entries(retention.byMarking).map(([name, days]) => [parseTlp(name), days] as const)
  return { allianceDays, ownDays: retention.bodyDays, daysByTlp: new Map(byTlp) }
}
