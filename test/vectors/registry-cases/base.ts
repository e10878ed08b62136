import { toRootKey } from '../../../src/registry/build-registry.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  nextNation,
  nextRegistry,
  rootSigner,
  signNation,
  signRegistry,
} from '../../support/registry-world.ts'
import { hexOf, type NamedVectors } from './vector.ts'

/** A valid beginning, which the other vectors build on, and documents that several of them use. */
export const registry1 = foundRegistry()
export const { allianceId } = registry1
export const registry2 = signRegistry(nextRegistry(registry1))
export const aaa1 = signNation(firstNation(allianceId, 'AAA'))
export const aaa2 = signNation(nextNation(aaa1))
export const bbb1 = signNation(firstNation(allianceId, 'BBB'))

/** Two versions in one place, and one after the second. */
const third = nextRegistry(registry2)
export const left = signRegistry({ ...third, name: 'Left' }, ['gov AAA', 'gov BBB'])
export const right = signRegistry({ ...third, name: 'Right' }, ['gov BBB', 'gov CCC'])
const afterRight = signRegistry(nextRegistry(right))

/** Another document in the place of `aaa2`. */
export const twin = signNation(nextNation(aaa1, { contacts: [{ name: 'Twin', duty: '', reach: '' }] }))

/** A document after `aaa2` of new roots that the old ones did not sign for, and a registry that reports them lost. */
const newRoot = rootSigner('new root AAA').key
export const renewed = signNation(nextNation(aaa2, { roots: [toRootKey(newRoot)] }), ['new root AAA'])
export const resetEntry = (reset: number) => entry('AAA', { reset, docMinVersion: 3, rootKeyIds: [newRoot.id] })
export const lost = signRegistry(nextRegistry(registry2, { nations: [resetEntry(1), entry('BBB')] }))

export const deliverBase = ['registry-1', 'registry-2', 'aaa-1', 'aaa-2', 'bbb-1'].map(doc => ({
  doc,
  outcome: 'added' as const,
}))

export const base: NamedVectors = {
  base: {
    rule: 'R-1.3',
    title: 'a valid walk of a registry and of two nations',
    docs: {
      'registry-1': hexOf(registry1.signed),
      'registry-2': hexOf(registry2.signed),
      'aaa-1': hexOf(aaa1.signed),
      'aaa-2': hexOf(aaa2.signed),
      'bbb-1': hexOf(bbb1.signed),
      left: hexOf(left.signed),
      right: hexOf(right.signed),
      'after-right': hexOf(afterRight.signed),
      twin: hexOf(twin.signed),
      renewed: hexOf(renewed.signed),
      lost: hexOf(lost.signed),
    },
    deliver: deliverBase,
    expect: { registry: 'registry-2', nations: { AAA: 'aaa-2', BBB: 'bbb-1' } },
  },
}
