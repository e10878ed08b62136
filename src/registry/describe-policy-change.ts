import { countOf, listOf } from './phrase.ts'
import type { AlliancePolicy } from './policy.ts'
import { type ParsedRegistryDoc, ROLE, STATUS } from './registry-doc.ts'

/** What each field says, so that a field without words does not compile. */
const IN_WORDS: { readonly [K in keyof AlliancePolicy]: (value: AlliancePolicy[K]) => string } = {
  byzantineNations: faults =>
    faults === undefined
      ? 'the quorum of witnesses holds though a third of the nations lie'
      : `the quorum of witnesses holds though ${countOf(faults, 'nation')} lie`,
  epochMaxDays: days => `a key for messages serves at most ${countOf(days, 'day')}`,
  epochMaxMessages: messages => `a key for messages serves at most ${countOf(messages, 'message')}`,
  dailyBytesPerNation: bytes => `a nation's logs are fetched at full speed up to ${countOf(bytes, 'byte')} a day`,
  dailyEntriesPerNation: entries =>
    `a nation's logs are fetched at full speed up to ${countOf(entries, 'entry', 'entries')} a day`,
  bodyRetentionDays: days => `message bodies are kept and witnessed for ${countOf(days, 'day')}`,
  suites: suites => `sealing is done with suite ${listOf(suites.map(String), 'or')}`,
  skewSeconds: seconds => `a clock that is off by more than ${countOf(seconds, 'second')} is reported`,
}

/** What changes in the policy of the alliance, in sentences. */
export function describePolicyChange(before: AlliancePolicy, after: AlliancePolicy): string[] {
  return (Object.keys(IN_WORDS) as (keyof AlliancePolicy)[]).flatMap(field => {
    const was = wordsOf(before, field)
    const is = wordsOf(after, field)
    return was === is ? [] : [`Policy: ${is}. Before: ${was}.`]
  })
}

function wordsOf<K extends keyof AlliancePolicy>(policy: AlliancePolicy, field: K): string {
  return IN_WORDS[field](policy[field])
}

/** how many lying nations the quorum of witnesses withstands, which follows from the policy and from who witnesses. */
export function describeQuorumChange(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc): string[] {
  const is = faultsOf(after)
  const sentence = `A quorum of witnesses holds though ${is.faults} of ${is.witnesses} nations lie`
  if (before === undefined) return [`${sentence}.`]
  const was = faultsOf(before)
  if (was.faults === is.faults && was.witnesses === is.witnesses) return []
  return [`${is.faults < was.faults ? 'ATTENTION: ' : ''}${sentence}; before: ${was.faults} of ${was.witnesses}.`]
}

function faultsOf({ nations, policy }: ParsedRegistryDoc): { readonly faults: number; readonly witnesses: number } {
  const active = [...nations.values()].filter(({ status }) => status === STATUS.ACTIVE)
  const witnesses = active.filter(({ roles }) => roles.has(ROLE.WITNESS)).length
  const most = Math.max(0, Math.floor((witnesses - 1) / 3))
  return { faults: Math.min(policy.byzantineNations ?? most, most), witnesses }
}
