import type { Directory, Member } from './directory.ts'
import { DAY_MS } from './doc-fields.ts'
import { checkExpiry, GRACE_DAYS } from './expiry.ts'
import { hasLeft, LOST_RESET_DELAY_MS } from './nation-history.ts'
import { countOf, dayOf, listOf, shortId } from './phrase.ts'
import type { RegistrySplit } from './registry-state.ts'

/** What the operator of any node should know of the documents in force, most urgent first. */
export interface Alarm {
  /** `alarm`: somebody signed what contradicts, or nothing goes on any more; `warning`: act in time. */
  readonly grade: 'alarm' | 'warning'
  readonly sentence: string
}

export function findAlarms(directory: Directory, nowMs: number): readonly Alarm[] {
  const { registry, split, pinsAside } = directory
  const members = directory.members().filter(member => !hasLeft(member))
  const alarms = [
    ...(split === undefined ? [] : [alarm(describeSplit(split))]),
    ...pinsAside.map(({ version, hash, from }) =>
      alarm(
        `The pin of registry version ${version} (${shortId(hash)}, by ${from}) contradicts another, and is set aside.`,
      ),
    ),
    ...members.flatMap(nationAlarms),
    ...expiryAlarms('The registry', registry.expiresMs, nowMs, 'nobody publishes under it'),
    ...members.flatMap(({ nation, doc }) =>
      doc === undefined
        ? []
        : expiryAlarms(`The document of ${nation}`, doc.expiresMs, nowMs, `nobody seals to ${nation}`),
    ),
  ]
  return alarms.sort((a, b) => Number(a.grade === 'warning') - Number(b.grade === 'warning'))
}

/** names who signed more than one. */
export function describeSplit({ siblings, signersOfBoth }: RegistrySplit): string {
  const { version } = siblings[0]!
  const who = signersOfBoth.length === 0 ? 'No governor' : listOf(signersOfBoth)
  return `${siblings.length} registries of version ${version} are here, each signed by a threshold of governors. ${who} signed more than one. Version ${version - 1} stays in force.`
}

function nationAlarms({ nation, doc, siblings, overruled, pendingReset }: Member): Alarm[] {
  const held = doc === undefined ? 'no document in force' : `version ${doc.version}`
  return [
    ...(siblings.length === 0
      ? []
      : [
          alarm(
            `${nation} signed ${siblings.length} documents of version ${siblings[0]!.version}, and stays at ${held} until one has a successor or a registry pins one.`,
          ),
        ]),
    ...(overruled === undefined
      ? []
      : [
          alarm(
            `The governors put version ${overruled.version} of the document of ${nation} in force, which ${nation} did not sign for (${overruled.code}).`,
          ),
        ]),
    ...(pendingReset === undefined
      ? []
      : [
          warning(
            `The governors say that ${nation} lost its root keys, and replace them with a registry issued on ${dayOf(pendingReset.broughtMs + LOST_RESET_DELAY_MS)} or later; until then ${nation} can object.`,
          ),
        ]),
  ]
}

/** */
function expiryAlarms(what: string, expiresMs: number, nowMs: number, then: string): Alarm[] {
  const expiry = checkExpiry(expiresMs, nowMs)
  switch (expiry.kind) {
    case 'valid':
      return []
    case 'warn':
      return [warning(`${what} expires in ${countOf(expiry.daysLeft, 'day')}, on ${dayOf(expiresMs)}.`)]
    case 'expired':
      return [
        warning(
          `${what} expired ${countOf(expiry.daysPast, 'day')} ago; from ${dayOf(expiresMs + GRACE_DAYS * DAY_MS)} on ${then}.`,
        ),
      ]
    case 'lapsed':
      return [alarm(`${what} expired ${countOf(expiry.daysPast, 'day')} ago: ${then}.`)]
  }
}

function alarm(sentence: string): Alarm {
  return { grade: 'alarm', sentence }
}

function warning(sentence: string): Alarm {
  return { grade: 'warning', sentence }
}
