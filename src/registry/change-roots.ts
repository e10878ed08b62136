import { EMPTY, fromHex, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { type NationId, parseHash } from '../base/ids.ts'
import { type NationEntry, RegistryDoc } from '../wire/gen/tocsin.ts'
import { SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import type { DocHashHex } from './doc-fields.ts'
import { nationBase, type RegistryBase } from './registry-base.ts'
import { type ParsedRegistryDoc, RESET, type Reset } from './registry-doc.ts'
import type { RootKeyRecord } from './root-key.ts'
import { type RootSet, rootSetOf } from './root-set.ts'

/** What a nation asks to be known by: its root keys, of which `rootThreshold` sign for it. */
export interface NationRoots {
  readonly nation: NationId
  readonly label: string
  readonly rootThreshold: number
  readonly roots: readonly RootKeyRecord[]
  /** It asks for the role OBSERVE, and for nothing else. */
  readonly observer?: boolean
}

/** What was pinned of documents that the reset voids would save them. */
export function withReset(
  doc: RegistryDoc,
  entry: NationEntry,
  request: NationRoots,
  reset: Reset,
  fromVersion: number | undefined,
  base: RegistryBase,
): NationEntry {
  assertOfNation(request, entry.nation)
  const inForce = nationBase(base, entry.nation)?.line.at(-1)
  const newest = inForce?.version ?? 0
  const docMinVersion = fromVersion ?? newest + 1
  if (!Number.isInteger(docMinVersion) || docMinVersion < 1 || docMinVersion > newest + 1) {
    throw new UserError('change-value', `no document of ${entry.nation} could be version ${docMinVersion} next`, {
      fix: `Its newest is version ${newest}: name a version from 1 to ${newest + 1}.`,
    })
  }
  if (requestedRoots(request) === (inForce?.rootSet ?? rootsInEntry(entry))) {
    throw new UserError('change-void', `these are the root keys of ${entry.nation} already`, {
      fix: 'Ask the nation for a request with its new keys.',
    })
  }
  const roots = { ...entry, ...rootFields(doc, request) }
  return pinned({ ...roots, reset, docMinVersion }, base)
}

/** The nation has objected: the root keys of before the reset, which is not in effect yet. */
export function withoutReset(entry: NationEntry, base: RegistryBase): NationEntry {
  const history = nationBase(base, entry.nation)?.history
  const pending = history?.pendingReset
  if (history === undefined || pending === undefined || pending.roots !== rootsInEntry(entry)) {
    throw new UserError('change-status', `no reset of ${entry.nation} is pending`, {
      fix: 'A reset that is in effect cannot be taken back; another one can follow it.',
    })
  }
  const inEffect = history.resets.at(-1)?.roots
  const before = base.line
    .map(doc => entryIn(doc, entry.nation))
    .findLast(each => each !== undefined && (each.reset === RESET.NONE || rootsInEntry(each) === inEffect))
  if (before === undefined) {
    throw new UserError('change-status', `${entry.nation} had no other root keys before`, {
      fix: 'Propose a reset to the right keys instead.',
    })
  }
  const { rootThreshold, rootKeyIds, docMinVersion } = before
  return pinned({ ...entry, rootThreshold, rootKeyIds, reset: RESET.NONE, docMinVersion }, base)
}

/** of several documents of one version the one that counts. */
export function withPin(entry: NationEntry, hash: DocHashHex, base: RegistryBase): NationEntry {
  const doc = nationBase(base, entry.nation)?.nodes.get(hash)?.doc
  if (doc !== undefined && doc.version >= entry.pinVersion) {
    return { ...entry, pinVersion: doc.version, pinHash: fromHex(doc.hash) }
  }
  const what = doc === undefined ? 'is not here' : `is older than version ${entry.pinVersion}, which is pinned`
  throw new UserError('change-value', `the document ${hash.slice(0, 16)}… of ${entry.nation} ${what}`, {
    fix: 'Name the hash of one of its documents, as "tocsin nation show" or "alliance resolve" prints it.',
  })
}

/**
 * the newest document of the nation that is held here. While a reset is not in effect, only what it leaves: a pin
 * given with the version in which it takes effect would save what it voids.
 */
export function pinned(entry: NationEntry, base: RegistryBase): NationEntry {
  const below = entry.reset === RESET.NONE ? Number.POSITIVE_INFINITY : entry.docMinVersion
  const newest = nationBase(base, entry.nation)?.line.findLast(doc => doc.version < below)
  const isKept = entry.pinVersion < below && entry.pinVersion > (newest?.version ?? 0)
  if (isKept) return entry
  if (newest === undefined) return { ...entry, pinVersion: 0, pinHash: EMPTY }
  return { ...entry, pinVersion: newest.version, pinHash: fromHex(newest.hash) }
}

/** One key has one holder. Throws UserError `change-key-taken`. */
export function rootFields(doc: RegistryDoc, { nation, rootThreshold, roots }: NationRoots) {
  const others = doc.nations.filter(entry => entry.nation !== nation).flatMap(entry => entry.rootKeyIds.map(toHex))
  const governing = doc.governors.flatMap(({ primary, recovery }) => [primary, recovery])
  const taken = new Set([...others, ...governing.map(key => key && toHex(key.edPk))])
  if (roots.some(root => taken.has(root.idHex) || taken.has(toHex(root.edPk)))) {
    throw new UserError('change-key-taken', `a root key of ${nation} is in use already`, {
      fix: 'Each nation has root keys of its own. Ask it for another request.',
    })
  }
  return { rootThreshold, rootKeyIds: roots.map(root => root.id) }
}

/** Throws UserError `change-other-nation`. */
export function assertOfNation({ nation }: NationRoots, expected: string): void {
  if (nation === expected) return
  throw new UserError('change-other-nation', `the request is of ${nation}, and the keys of ${expected} are to change`, {
    fix: `Give what "tocsin nation export" wrote at ${expected}.`,
  })
}

export function rootsInEntry({ rootThreshold, rootKeyIds }: NationEntry): RootSet {
  return rootSetOf(
    rootThreshold,
    rootKeyIds.map(id => parseHash(id)),
  )
}

export function requestedRoots({ rootThreshold, roots }: NationRoots): RootSet {
  return rootSetOf(
    rootThreshold,
    roots.map(root => root.id),
  )
}

function entryIn({ signed }: ParsedRegistryDoc, nation: string): NationEntry | undefined {
  return decodeStrict(RegistryDoc, signed.docBytes, SIGNED_DOC_BYTES_MAX).nations.find(entry => entry.nation === nation)
}
