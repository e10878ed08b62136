import type { NationId } from '../base/ids.ts'
import { describeRegistryChange } from './describe-change.ts'
import type { DocHashHex } from './doc-fields.ts'
import type { EvidenceSet } from './evidence.ts'
import type { RegistrySplit } from './registry-state.ts'
import type { ValidRegistryDoc } from './verify-registry.ts'

/** One of the registries of a SPLIT, and what was built on it. */
export interface SplitBranch {
  readonly doc: ValidRegistryDoc
  /** What it changes in the version in force, as `describeRegistryChange`. */
  readonly changes: readonly string[]
  /** Governors who signed this sibling and no other. */
  readonly signersOfThisAlone: readonly NationId[]
  /** Where a next version continues it; several where the branch splits again. */
  readonly tips: readonly ValidRegistryDoc[]
}

export function branchesOf(set: EvidenceSet, { siblings, signersOfBoth }: RegistrySplit): readonly SplitBranch[] {
  return siblings.map(doc => ({
    doc,
    changes: describeRegistryChange(doc.prevHash && set.registries.get(doc.prevHash)?.doc, doc),
    signersOfThisAlone: [...doc.signers].filter(nation => !signersOfBoth.includes(nation)).sort(),
    tips: tipsOf(set, doc),
  }))
}

/** prefers the only branch that has a successor: where two have one, no further document can decide. */
export function canBeContinued(branches: readonly SplitBranch[], chosen: DocHashHex): boolean {
  return branches.every(({ doc, tips }) => doc.hash === chosen || tips.every(tip => tip.hash === doc.hash))
}

function tipsOf(set: EvidenceSet, doc: ValidRegistryDoc): ValidRegistryDoc[] {
  const children = [...set.registries.values()].filter(node => node.doc.prevHash === doc.hash)
  return children.length === 0 ? [doc] : children.flatMap(child => tipsOf(set, child.doc))
}
