import { fromHex, toHex } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { type NationId, parseHash, parseLogId, parseNationId } from '../../base/ids.ts'
import { NATION_FILE_BYTES_MAX, type NationFile, parseNationFile } from '../../node/ceremonies/nation-file.ts'
import { readInput } from '../../node/home/founding-alliance.ts'
import type { FoundingGovernor } from '../../registry/build-registry.ts'
import { type Bound, docHashHex } from '../../registry/doc-fields.ts'
import type { RegistryChange } from '../../registry/next-registry.ts'
import type { AlliancePolicy } from '../../registry/policy.ts'
import { ROLE } from '../../registry/registry-doc.ts'
import type { CliContext } from '../terminal/context.ts'

/** What is typed, as a change of the registry. Each throws UserError where it is none. */

const TLP_NAMES = ['NONE', 'CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED']
const POLICY_FIELDS: Readonly<Record<string, keyof AlliancePolicy>> = {
  'byzantine-nations': 'byzantineNations',
  'epoch-max-days': 'epochMaxDays',
  'epoch-max-messages': 'epochMaxMessages',
  'daily-bytes': 'dailyBytesPerNation',
  'daily-entries': 'dailyEntriesPerNation',
  'body-retention-days': 'bodyRetentionDays',
  'skew-seconds': 'skewSeconds',
}

const NO_DAEMON: readonly ErrorCode[] = ['daemon-not-running', 'home-missing']

interface BoundOptions {
  /** `LOG:SIZE:ROOT`, in hex and decimal. */
  readonly bound?: readonly string[]
}

interface ResetOptions extends BoundOptions {
  readonly lost?: boolean
  readonly compromised?: boolean
  readonly withdraw?: boolean
  readonly fromVersion?: number
}

export async function admit(path: string): Promise<RegistryChange> {
  return { kind: 'admit', request: await readRequest(path) }
}

/** where its logs are cut is said with its basis. */
export async function cut(
  context: CliContext,
  kind: 'suspend' | 'expel',
  text: string,
  options: BoundOptions,
): Promise<RegistryChange> {
  const nation = parseNationId(text)
  return { kind, nation, bounds: await boundsOf(context, nation, options) }
}

export async function correctBounds(nation: string, { bound = [] }: BoundOptions): Promise<RegistryChange> {
  return { kind: 'bounds', nation: parseNationId(nation), bounds: bound.map(parseBound) }
}

export async function resume(nation: string): Promise<RegistryChange> {
  return { kind: 'resume', nation: parseNationId(nation) }
}

export async function readmit(nation: string, path: string | undefined): Promise<RegistryChange> {
  const request = path === undefined ? undefined : await readRequest(path)
  return { kind: 'readmit', nation: parseNationId(nation), request }
}

export async function roles(nation: string, text: string): Promise<RegistryChange> {
  const names = text.toUpperCase().split(',')
  return { kind: 'roles', nation: parseNationId(nation), roles: names.map(name => roleOf(name.trim())) }
}

export async function ceiling(nation: string, text: string): Promise<RegistryChange> {
  const maxTlp = TLP_NAMES.indexOf(text.toUpperCase().replace(/^TLP:/, ''))
  if (maxTlp < 0) throw noValue(`"${text}" is no ceiling`, `It is one of ${TLP_NAMES.join(', ')}.`)
  return { kind: 'ceiling', nation: parseNationId(nation), maxTlp }
}

export async function reset(
  context: CliContext,
  text: string,
  path: string | undefined,
  options: ResetOptions,
): Promise<RegistryChange> {
  const nation = parseNationId(text)
  if (options.withdraw === true) return { kind: 'reset-withdraw', nation }
  const kind = options.lost === true ? 'LOST' : options.compromised === true ? 'COMPROMISED' : undefined
  if (kind === undefined || path === undefined) {
    throw new UserError('usage-invalid', 'a reset needs a request with the new keys, and what became of the old ones', {
      fix: 'Give the request, and --lost or --compromised; or --withdraw.',
    })
  }
  if (kind === 'LOST' && options.bound !== undefined) {
    throw new UserError('usage-invalid', 'keys that are lost bound no log', { fix: 'Leave out --bound.' })
  }
  const request = await readRequest(path)
  const bounds = kind === 'COMPROMISED' ? await boundsOf(context, nation, options) : []
  return { kind: 'reset', nation, reset: kind, request, fromVersion: options.fromVersion, bounds }
}

export async function addGovernor(path: string, threshold: number | undefined): Promise<RegistryChange> {
  const governor = governorOf(await readRequest(path))
  return { kind: 'governor-add', governor, ...(threshold !== undefined && { threshold }) }
}

export async function removeGovernor(nation: string, threshold: number | undefined): Promise<RegistryChange> {
  return { kind: 'governor-remove', nation: parseNationId(nation), ...(threshold !== undefined && { threshold }) }
}

export async function rotateGovernor(path: string): Promise<RegistryChange> {
  return { kind: 'governor-rotate', governor: governorOf(await readRequest(path)) }
}

export async function policy(fields: readonly string[]): Promise<RegistryChange> {
  return { kind: 'policy', fields: Object.fromEntries(fields.map(parsePolicyField)) }
}

export async function pin(nation: string, hash: string): Promise<RegistryChange> {
  return { kind: 'pin', nation: parseNationId(nation), hash: docHashHex(parseHash(hexOf(hash, 'hash'))) }
}

async function readRequest(path: string): Promise<NationFile> {
  return parseNationFile(await readInput(path, NATION_FILE_BYTES_MAX), path)
}

function governorOf({ nation, governor }: NationFile): FoundingGovernor {
  return { nation, ...governor }
}

function roleOf(name: string): number {
  const role = Object.entries(ROLE).find(([known]) => known === name)
  if (role !== undefined) return role[1]
  throw noValue(`"${name}" is no role`, `Roles are ${Object.keys(ROLE).join(', ')}.`)
}

function parsePolicyField(text: string): readonly [keyof AlliancePolicy, number | undefined] {
  const [, key = '', value = ''] = /^([a-z-]+)=(.*)$/.exec(text) ?? []
  const field = POLICY_FIELDS[key]
  if (field === undefined)
    throw noValue(`"${text}" sets no policy`, `Known are ${Object.keys(POLICY_FIELDS).join(', ')}.`)
  if (field === 'byzantineNations' && value === 'default') return [field, undefined]
  const number = Number(value)
  if (/^\d+$/.test(value) && Number.isSafeInteger(number) && (number > 0 || field === 'byzantineNations')) {
    return [field, number]
  }
  throw noValue(`"${value}" is no value for ${key}`, 'It is a whole number above 0.')
}

/** What was typed, and for every other log what the daemon proposes. */
async function boundsOf(context: CliContext, nation: NationId, { bound }: BoundOptions): Promise<readonly Bound[]> {
  const typed = (bound ?? []).map(parseBound)
  const proposed = (await proposedBounds(context, nation)).filter(
    ({ logId }) => !typed.some(own => toHex(own.logId) === toHex(logId)),
  )
  for (const each of typed) sayBound(context, each, 'as typed')
  return [...typed, ...proposed]
}

/** Empty where no daemon runs, which is said. */
async function proposedBounds(context: CliContext, nation: NationId): Promise<readonly Bound[]> {
  try {
    const views = await context.client().bounds(nation)
    return views.map(({ logId, size, root, basis }) => {
      const bound = { logId: parseLogId(fromHex(logId)), size, root: parseHash(fromHex(root)) }
      sayBound(context, bound, BASIS[basis])
      return bound
    })
  } catch (error) {
    if (!(error instanceof TocsinError) || !NO_DAEMON.includes(error.code)) throw error
    context.say('No daemon runs here to propose where its logs are cut. For every log without --bound, the largest')
    context.say('checkpoint that a quorum has cosigned counts.')
    return []
  }
}

const BASIS = {
  quorate: 'the largest checkpoint that a quorum has cosigned',
  held: 'ATTENTION: what this node holds; no quorum has cosigned a checkpoint of it',
}

function sayBound({ say }: CliContext, { logId, size, root }: Bound, basis: string): void {
  say(`Log ${toHex(logId)} stands up to entry ${size}: ${basis} (root ${toHex(root).slice(0, 16)}…)`)
}

function parseBound(text: string): Bound {
  const [, log, size, root] = /^([0-9a-f]{64}):(\d{1,15}):([0-9a-f]{64})$/i.exec(text) ?? []
  if (log === undefined || size === undefined || root === undefined) {
    throw noValue(`"${text.slice(0, 160)}" is no bound`, 'Write LOG:SIZE:ROOT, with log and root as 64 hex characters.')
  }
  return { logId: parseLogId(fromHex(log)), size: Number(size), root: parseHash(fromHex(root)) }
}

function hexOf(text: string, what: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text)
  throw noValue(`this is no ${what}`, 'It is 64 hex characters.')
}

function noValue(message: string, fix: string): UserError {
  return new UserError('change-value', message, { fix })
}
