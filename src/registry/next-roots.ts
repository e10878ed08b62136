import { UserError } from '../base/errors.ts'
import { ROOT_KEYS_MAX } from '../wire/limits.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import type { NationChange } from './next-nation.ts'
import { countOf, keyName, shortId } from './phrase.ts'
import type { RootKeyRecord } from './root-key.ts'

/** What is to become of the root keys of a nation. */
export interface RootsWish {
  readonly add?: readonly RootKeyRecord[]
  /** Each the beginning of a key id, as people read it: spaces and case do not count. */
  readonly remove?: readonly string[]
  /** Undefined: as it is. */
  readonly threshold?: number | undefined
}

/** Fewer would be guessed wrong too easily. */
const KEY_PREFIX_DIGITS_MIN = 8

/**
 * The root keys of the next document, which a threshold of those before and of these must sign.
 * Throws UserError `nation-root-unknown`, `nation-last-root`, `nation-root-threshold`, `change-too-many` or
 * `nation-change-void`.
 */
export function nextRoots(
  { roots: before, rootThreshold }: Pick<ParsedNationDoc, 'roots' | 'rootThreshold'>,
  { add = [], remove = [], threshold = rootThreshold }: RootsWish,
): NationChange {
  const removed = new Set(remove.map(name => findRoot(before, name)))
  const kept = before.filter(root => !removed.has(root))
  const roots = add.reduce(withRoot, kept)
  if (roots.length === 0) {
    throw new UserError('nation-last-root', 'no root key of the nation would be left', {
      fix: 'Add another first: tocsin nation root add FILE. To replace the only one: tocsin nation rotate root.',
    })
  }
  if (roots.length > ROOT_KEYS_MAX) {
    throw new UserError('change-too-many', `a nation has at most ${ROOT_KEYS_MAX} root keys`, {
      fix: 'Remove one first: tocsin nation root remove KEY',
    })
  }
  assertThreshold(threshold, roots.length)
  if (add.length === 0 && removed.size === 0 && threshold === rootThreshold) {
    throw new UserError('nation-change-void', `${threshold} of ${countOf(roots.length, 'root key')} sign already`, {
      fix: 'There is nothing to do.',
    })
  }
  return { kind: 'roots', roots, threshold }
}

function assertThreshold(threshold: number, count: number): void {
  if (threshold >= 1 && threshold <= count) return
  throw new UserError(
    'nation-root-threshold',
    `${threshold} root keys would have to sign, and there would be ${count}`,
    { fix: count === 1 ? 'Give --threshold 1.' : `Give a --threshold from 1 to ${count}.` },
  )
}

function withRoot(roots: readonly RootKeyRecord[], root: RootKeyRecord): readonly RootKeyRecord[] {
  if (roots.every(({ idHex }) => idHex !== root.idHex)) return [...roots, root]
  throw new UserError('nation-change-void', `the root key ${shortId(root.idHex)} would stand there twice`, {
    fix: 'Leave it out: "tocsin nation show" lists the root keys of the nation.',
  })
}

function findRoot(roots: readonly RootKeyRecord[], name: string): RootKeyRecord {
  const prefix = name.replaceAll(/\s/g, '').toLowerCase()
  const found = prefix.length < KEY_PREFIX_DIGITS_MIN ? [] : roots.filter(({ idHex }) => idHex.startsWith(prefix))
  if (found.length === 1) return found[0]!
  throw new UserError('nation-root-unknown', `"${name}" names none of the root keys in the document`, {
    fix: `Give ${KEY_PREFIX_DIGITS_MIN} or more digits of one of: ${roots.map(root => keyName(root.idHex)).join(', ')}`,
  })
}
