import { toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import type { RegistryDoc, RootKey } from '../wire/gen/tocsin.ts'
import { GOVERNORS_MAX } from '../wire/limits.ts'
import { type FoundingGovernor, toRootKey } from './build-registry.ts'
import { STATUS } from './registry-doc.ts'

/** Changes of who decides. `threshold` is needed where the one in force does not fit the new number. */
export type CouncilChange =
  | { readonly kind: 'governor-add'; readonly governor: FoundingGovernor; readonly threshold?: number }
  | { readonly kind: 'governor-remove'; readonly nation: NationId; readonly threshold?: number }
  /** Both keys, primary and recovery, become those given. */
  | { readonly kind: 'governor-rotate'; readonly governor: FoundingGovernor }
  | { readonly kind: 'threshold'; readonly threshold: number }

/** Throws UserError `change-*`. */
export function changeCouncil(doc: RegistryDoc, change: CouncilChange): RegistryDoc {
  switch (change.kind) {
    case 'governor-add':
      return withThreshold(addGovernor(doc, change.governor), change.threshold)
    case 'governor-remove':
      return withThreshold(removeGovernor(doc, change.nation), change.threshold)
    case 'governor-rotate':
      return rotateGovernor(doc, change.governor)
    case 'threshold':
      return withThreshold(doc, change.threshold)
  }
}

function addGovernor(doc: RegistryDoc, governor: FoundingGovernor): RegistryDoc {
  const { nation } = governor
  if (isGovernor(doc, nation)) {
    throw notFitting(
      `${nation} is a governor already`,
      'To give it other keys: tocsin alliance propose governor-rotate',
    )
  }
  if (!doc.nations.some(entry => entry.nation === nation && entry.status === STATUS.ACTIVE)) {
    throw new UserError('change-not-member', `${nation} is to govern and is no active member`, {
      fix: `Admit it first; --onto takes both into one version.`,
    })
  }
  if (doc.governors.length >= GOVERNORS_MAX) {
    throw new UserError('change-too-many', `an alliance has at most ${GOVERNORS_MAX} governors`, {
      fix: 'Remove another governor in the same version, with --onto.',
    })
  }
  assertKeysFree(doc, governor)
  return { ...doc, governors: [...doc.governors, toGovernor(governor)] }
}

function removeGovernor(doc: RegistryDoc, nation: NationId): RegistryDoc {
  assertGovernor(doc, nation)
  if (doc.governors.length === 1) {
    throw new UserError(
      'change-last-governor',
      `${nation} is the last governor; nobody could change anything any more`,
      {
        fix: 'Add another governor first; --onto takes both into one version.',
      },
    )
  }
  return { ...doc, governors: doc.governors.filter(governor => governor.nation !== nation) }
}

function rotateGovernor(doc: RegistryDoc, governor: FoundingGovernor): RegistryDoc {
  const { nation } = governor
  assertGovernor(doc, nation)
  assertKeysFree({ ...doc, governors: doc.governors.filter(other => other.nation !== nation) }, governor)
  return { ...doc, governors: doc.governors.map(old => (old.nation === nation ? toGovernor(governor) : old)) }
}

/** more than half, and no more than there are. */
function withThreshold(doc: RegistryDoc, wanted: number | undefined): RegistryDoc {
  const threshold = wanted ?? doc.threshold
  const count = doc.governors.length
  if (threshold <= count && 2 * threshold > count) return { ...doc, threshold }
  const least = Math.floor(count / 2) + 1
  const what = threshold > count ? 'can never be met' : 'is not more than half'
  throw new UserError('change-threshold', `a threshold of ${threshold} ${what} of ${count} governors`, {
    fix: `Give a threshold from ${least} to ${count}, as --threshold ${least} with the change of a governor.`,
    data: { threshold, governors: count },
  })
}

/** One key has one holder: else it would count for two. */
function assertKeysFree(doc: RegistryDoc, { nation, primary, recovery }: FoundingGovernor): void {
  const taken = new Set(doc.governors.flatMap(governor => halvesOf(governor.primary, governor.recovery)))
  const own = halvesOf(primary, recovery)
  const rootIds = new Set(doc.nations.flatMap(entry => entry.rootKeyIds.map(toHex)))
  const isRoot = [primary, recovery].some(key => key !== undefined && rootIds.has(key.idHex))
  if (!isRoot && new Set(own).size === own.length && !own.some(half => taken.has(half))) return
  throw new UserError('change-key-taken', `a governor key of ${nation} is in use already`, {
    fix: 'Each governor has keys of its own, a primary and another one for recovery. Ask for another request.',
  })
}

function halvesOf(...keys: readonly (RootKey | undefined)[]): string[] {
  return keys.flatMap(key => (key === undefined ? [] : [toHex(key.edPk), toHex(key.mldsa65Pk)]))
}

function toGovernor({ nation, primary, recovery }: FoundingGovernor): RegistryDoc['governors'][number] {
  return { nation, primary: toRootKey(primary), recovery: recovery && toRootKey(recovery) }
}

export function isGovernor({ governors }: RegistryDoc, nation: NationId): boolean {
  return governors.some(governor => governor.nation === nation)
}

function assertGovernor(doc: RegistryDoc, nation: NationId): void {
  if (isGovernor(doc, nation)) return
  const names = doc.governors.map(governor => governor.nation).join(', ')
  throw notFitting(`${nation} is no governor`, `The governors are ${names}.`)
}

function notFitting(message: string, fix: string): UserError {
  return new UserError('change-governor', message, { fix })
}
