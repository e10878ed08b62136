import type { ErrorCode } from '../base/codes.ts'
import type { NationId } from '../base/ids.ts'
import type { Directory, Member } from './directory.ts'
import { DAY_MS } from './doc-fields.ts'
import { checkExpiry, GRACE_DAYS } from './expiry.ts'
import { hasLeft, LOST_RESET_DELAY_MS } from './nation-history.ts'
import { countOf, dayOf, listOf, shortId } from './phrase.ts'
import type { ParsedRegistryDoc } from './registry-doc.ts'
import type { RegistrySplit } from './registry-state.ts'

/** What the operator of any node should know of the documents in force, most urgent first. */
export interface Alarm {
  /** `alarm`: somebody signed what contradicts, or nothing goes on any more; `warning`: act in time. */
  readonly grade: 'alarm' | 'warning'
  readonly code: ErrorCode
  /** The nation whose document it is about; undefined: the registry, and so everybody. */
  readonly nation: NationId | undefined
  /** The same as long as nothing new is to be told of it. */
  readonly occasion: string
  readonly sentence: string
  /** What to do about it. */
  readonly fix: string
}

export function findAlarms(directory: Directory, nowMs: number): readonly Alarm[] {
  const { registry, split, pinsAside, pinnedOut } = directory
  const members = directory.members().filter(member => !hasLeft(member))
  const alarms = [
    ...(split === undefined ? [] : [splitAlarm(split)]),
    ...pinsAside.map(({ version, hash, from }): Alarm => {
      const pin = `The pin of registry version ${version} (${shortId(hash)}, by ${from})`
      return {
        ...ofRegistry('registry-pin-aside', hash, `${pin} contradicts another, and is set aside.`),
        fix: 'Compare the registry with the governors by telephone; then "tocsin alliance resolve" tells how to pin the right one.',
      }
    }),
    ...(pinnedOut === undefined ? [] : [pinnedOutAlarm(registry, pinnedOut)]),
    ...members.flatMap(nationAlarms),
    ...expiryAlarms(registry.expiresMs, nowMs, {
      nation: undefined,
      what: 'The registry',
      effect: 'nobody publishes under it',
      codes: ['registry-expiring', 'registry-expired'],
      fix: 'Ask the governors to renew it: tocsin alliance propose renew',
    }),
    ...members.flatMap(({ nation, doc }) =>
      doc === undefined
        ? []
        : expiryAlarms(doc.expiresMs, nowMs, {
            nation,
            what: `The document of ${nation}`,
            effect: `nobody seals to ${nation}`,
            codes: ['nation-doc-expiring', 'nation-doc-expired'],
            fix: `${nation} has to renew it: tocsin nation renew`,
          }),
    ),
  ]
  return alarms.sort((a, b) => Number(a.grade === 'warning') - Number(b.grade === 'warning'))
}

/** names who signed more than one. */
function describeSplit({ siblings, signersOfBoth }: RegistrySplit): string {
  const { version } = siblings[0]!
  const who = signersOfBoth.length === 0 ? 'No governor' : listOf(signersOfBoth)
  return `${siblings.length} registries of version ${version} are here, each signed by a threshold of governors. ${who} signed more than one. Version ${version - 1} stays in force.`
}

function splitAlarm(split: RegistrySplit): Alarm {
  const hashes = split.siblings.map(({ hash }) => hash).sort()
  return {
    ...ofRegistry('registry-split', hashes.join(' '), describeSplit(split)),
    fix: 'Ask the governors by telephone which of them they mean; then run "tocsin alliance resolve".',
  }
}

/** Others, who pinned nothing or something else, may have gone there long ago. */
function pinnedOutAlarm(inForce: ParsedRegistryDoc, { version, hash }: ParsedRegistryDoc): Alarm {
  const sentence = `Registry version ${version} (${shortId(hash)}) is here, and what is pinned excludes it: version ${inForce.version} stays in force here.`
  return {
    ...ofRegistry('registry-pinned-out', hash, sentence),
    fix: 'Compare the registry with the governors by telephone; then pin the right one: tocsin alliance resolve',
  }
}

function ofRegistry(code: ErrorCode, occasion: string, sentence: string): Omit<Alarm, 'fix'> {
  return { grade: 'alarm', code, nation: undefined, occasion, sentence }
}

function nationAlarms(member: Member): Alarm[] {
  return [...siblingAlarms(member), ...overruledAlarms(member), ...resetWarnings(member)]
}

function siblingAlarms({ nation, doc, siblings }: Member): Alarm[] {
  const [first] = siblings
  if (first === undefined) return []
  const held = doc === undefined ? 'no document in force' : `version ${doc.version}`
  return [
    {
      grade: 'alarm',
      code: 'nation-split',
      nation,
      occasion: siblings.map(({ hash }) => hash).join(' '),
      sentence: `${nation} signed ${siblings.length} documents of version ${first.version}, and stays at ${held} until one has a successor or a registry pins one.`,
      fix: `Ask ${nation} whether its root key was stolen; ${nation} signs a successor of the one that it means.`,
    },
  ]
}

function overruledAlarms({ nation, overruled }: Member): Alarm[] {
  if (overruled === undefined) return []
  const { version, code } = overruled
  return [
    {
      grade: 'alarm',
      code: 'nation-overruled',
      nation,
      occasion: `${version} ${code}`,
      sentence: `The governors put version ${version} of the document of ${nation} in force, which ${nation} did not sign for (${code}).`,
      fix: `Ask ${nation} whether it knows; if it does not, the governors speak for it without its consent.`,
    },
  ]
}

function resetWarnings({ nation, pendingReset }: Member): Alarm[] {
  if (pendingReset === undefined) return []
  const dueMs = pendingReset.broughtMs + LOST_RESET_DELAY_MS
  return [
    {
      grade: 'warning',
      code: 'nation-reset-pending',
      nation,
      occasion: String(dueMs),
      sentence: `The governors say that ${nation} lost its root keys, and replace them with a registry issued on ${dayOf(dueMs)} or later; until then ${nation} can object.`,
      fix: `Ask ${nation} whether it asked for that. If so, a governor on that day: tocsin alliance propose renew. If not, at once: tocsin alliance propose reset ${nation} --withdraw`,
    },
  ]
}

interface Expiring {
  readonly nation: NationId | undefined
  readonly what: string
  /** What happens when the 30 days after it are over. */
  readonly effect: string
  /** Before and after. */
  readonly codes: readonly [ErrorCode, ErrorCode]
  readonly fix: string
}

/** */
function expiryAlarms(expiresMs: number, nowMs: number, { what, effect, codes, ...rest }: Expiring): Alarm[] {
  const expiry = checkExpiry(expiresMs, nowMs)
  const warning = { grade: 'warning', ...rest } as const
  switch (expiry.kind) {
    case 'valid':
      return []
    case 'warn': {
      const sentence = `${what} expires in ${countOf(expiry.daysLeft, 'day')}, on ${dayOf(expiresMs)}.`
      return [{ ...warning, code: codes[0], occasion: `${expiresMs} ${expiry.warnDays}`, sentence }]
    }
    case 'expired': {
      const past = `${what} expired ${countOf(expiry.daysPast, 'day')} ago`
      const sentence = `${past}; from ${dayOf(expiresMs + GRACE_DAYS * DAY_MS)} on ${effect}.`
      return [{ ...warning, code: codes[1], occasion: `${expiresMs} expired`, sentence }]
    }
    case 'lapsed': {
      const sentence = `${what} expired ${countOf(expiry.daysPast, 'day')} ago: ${effect}.`
      return [{ ...rest, grade: 'alarm', code: codes[1], occasion: `${expiresMs} lapsed`, sentence }]
    }
  }
}
