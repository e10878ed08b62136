import type { Alliance } from '../../node/home/founding-alliance.ts'
import { describeNationChange } from '../../registry/describe-change.ts'
import type { Member } from '../../registry/directory.ts'
import { countOf, listOf, momentOf, shortId } from '../../registry/phrase.ts'
import type { ParsedRegistryDoc } from '../../registry/registry-doc.ts'
import type { RegistrySplit } from '../../registry/registry-state.ts'
import { branchesOf, canBeContinued, type SplitBranch } from '../../registry/split-branches.ts'
import { encodeTrust, fingerprint, trustOf } from '../../registry/trust-string.ts'

/** What contradicts itself in an alliance: registries of one version, and documents of one nation. */
export interface ContradictionsView {
  readonly registryVersion: number
  /** Null where the registry is one. */
  readonly split: SplitView | null
  /** The furthest registry that is not followed here for a pin's sake alone; null: there is none. */
  readonly pinnedOut: PinnedOutView | null
  readonly nations: readonly HeldUpView[]
}

interface PinnedOutView {
  readonly version: number
  readonly hash: string
  readonly fingerprint: string
}

interface SplitView {
  readonly version: number
  readonly signersOfBoth: readonly string[]
  readonly branches: readonly BranchView[]
  /** Nations to which nothing is sealed while the SPLIT lasts. */
  readonly notSealedTo: readonly string[]
  /** Whether the governors can still decide it by a next version; else only pins can. */
  readonly canBeContinued: boolean
}

interface BranchView {
  readonly hash: string
  readonly fingerprint: string
  readonly trust: string
  readonly issuedMs: number
  readonly signers: readonly string[]
  readonly signersOfThisAlone: readonly string[]
  /** Versions on the branch after this one. */
  readonly continuedBy: number
  readonly changes: readonly string[]
}

interface HeldUpView {
  readonly nation: string
  /** At which it stays; 0: it has none in force. */
  readonly version: number
  readonly siblings: readonly {
    readonly hash: string
    readonly issuedMs: number
    readonly changes: readonly string[]
  }[]
}

export function contradictionsOf(alliance: Alliance, nowMs: number): ContradictionsView {
  const { directory } = alliance
  const { split, registry, pinnedOut } = directory
  return {
    registryVersion: registry.version,
    split: split === undefined ? null : splitView(alliance, split, nowMs),
    pinnedOut: pinnedOut === undefined ? null : pinnedOutView(pinnedOut),
    nations: directory
      .members()
      .filter(({ siblings }) => siblings.length > 0)
      .map(heldUpView),
  }
}

function splitView({ evidence, directory }: Alliance, split: RegistrySplit, nowMs: number): SplitView {
  const branches = branchesOf(evidence, split)
  const { withheld } = directory.audience(nowMs)
  return {
    version: split.siblings[0]!.version,
    signersOfBoth: split.signersOfBoth,
    branches: branches.map(branchView),
    notSealedTo: withheld.filter(({ reason }) => reason === 'split').map(({ nation }) => nation),
    canBeContinued: branches.some(({ doc }) => canBeContinued(branches, doc.hash)),
  }
}

function branchView({ doc, changes, signersOfThisAlone, tips }: SplitBranch): BranchView {
  const trust = trustOf(doc)
  return {
    hash: doc.hash,
    fingerprint: fingerprint(trust),
    trust: encodeTrust(trust),
    issuedMs: doc.issuedMs,
    signers: [...doc.signers].sort(),
    signersOfThisAlone,
    continuedBy: Math.max(...tips.map(({ version }) => version)) - doc.version,
    changes,
  }
}

function pinnedOutView(doc: ParsedRegistryDoc): PinnedOutView {
  return { version: doc.version, hash: doc.hash, fingerprint: fingerprint(trustOf(doc)) }
}

function heldUpView({ nation, doc, siblings }: Member): HeldUpView {
  return {
    nation,
    version: doc?.version ?? 0,
    siblings: siblings.map(sibling => ({
      hash: sibling.hash,
      issuedMs: sibling.issuedMs,
      changes: describeNationChange(doc, sibling),
    })),
  }
}

/** In paragraphs, each a list of lines. */
export function contradictionWords({
  split,
  pinnedOut,
  nations,
  registryVersion,
}: ContradictionsView): readonly (readonly string[])[] {
  return [
    ...(split === null ? [] : splitWords(split, registryVersion)),
    ...(pinnedOut === null ? [] : [pinnedOutWords(pinnedOut, registryVersion)]),
    ...nations.map(heldUpWords),
  ]
}

function pinnedOutWords({ version, hash, fingerprint }: PinnedOutView, inForce: number): string[] {
  return [
    `PINNED OUT: registry version ${version}, hash ${shortId(hash)}, fingerprint ${fingerprint}, is signed by a threshold of governors.`,
    `  What is pinned here excludes it: version ${inForce} stays in force at this node, and others may have gone on.`,
    '  Compare the fingerprint with the governors by telephone. If that registry is the right one:',
    `    tocsin alliance resolve --pin ${hash.slice(0, 16)}`,
  ]
}

function splitWords(split: SplitView, inForce: number): string[][] {
  const { version, branches, signersOfBoth, notSealedTo } = split
  const both =
    signersOfBoth.length === 0 ? 'No governor signed more than one' : `${listOf(signersOfBoth)} signed more than one`
  return [
    [
      `SPLIT: ${branches.length} registries of version ${version} are here, each signed by a threshold of governors. ${both}.`,
    ],
    ...branches.map((branch, i) => branchWords(branch, i + 1, version)),
    [
      'Meanwhile:',
      `  Version ${inForce} stays in force; nobody is admitted, expelled or reset.`,
      `  Messages go on; to those whom any branch excludes nothing is sealed: ${listOf(notSealedTo) || 'nobody'}.`,
    ],
    ['The ways out:', ...waysOut(split)],
  ]
}

function branchWords(branch: BranchView, number: number, version: number): string[] {
  const { hash, issuedMs, changes, signers, signersOfThisAlone, continuedBy } = branch
  return [
    `Branch ${number}: version ${version}, hash ${shortId(hash)}, fingerprint ${branch.fingerprint}, issued ${momentOf(issuedMs)}`,
    `  signed by ${listOf(signers)}; of these only this one: ${listOf(signersOfThisAlone) || 'nobody'}`,
    ...(continuedBy === 0 ? [] : [`  continued by ${countOf(continuedBy, 'version')}`]),
    ...changes.slice(1).map(change => `  ${change}`),
  ]
}

function waysOut({ branches, signersOfBoth, canBeContinued }: SplitView): string[] {
  const hashes = branches.map(({ hash }) => hash.slice(0, 16)).join(' or ')
  const without = signersOfBoth.map(nation => ` --without ${nation}`).join('')
  const governors = canBeContinued
    ? [
        '  The governors agree by telephone on one branch and sign a version that continues it; it wins everywhere:',
        `    tocsin alliance resolve --choose HASH${without}     with HASH ${hashes}`,
      ]
    : ['  More than one branch is continued already, so no further version can decide; every operator has to pin.']
  return [
    ...governors,
    '  This operator alone, after the telephone: this node follows one branch, others do not by that:',
    '    tocsin alliance resolve --pin HASH',
  ]
}

function heldUpWords({ nation, version, siblings }: HeldUpView): string[] {
  const held = version === 0 ? 'has no document in force' : `stays at document ${version}`
  return [
    `${nation} signed ${siblings.length} documents of one version, and ${held}; nobody else is held up.`,
    ...siblings.flatMap(({ hash, issuedMs, changes }) => [
      `  hash ${shortId(hash)}, issued ${momentOf(issuedMs)}`,
      ...changes.slice(1).map(change => `    ${change}`),
    ]),
    `  It ends when ${nation} signs a document that follows one of them alone, or when the governors pin one:`,
    `    tocsin alliance propose pin ${nation} HASH     with HASH ${siblings.map(({ hash }) => hash).join(' or ')}`,
  ]
}
