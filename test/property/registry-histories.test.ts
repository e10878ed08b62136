import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDocument, addDocuments } from '../../src/registry/add-document.ts'
import { documentsOf, emptyEvidence } from '../../src/registry/evidence.ts'
import type { ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { answersOf, collect } from '../support/registry-answers.ts'
import { type Story, steps, storyFounding, tellStory } from '../support/registry-story.ts'

const { allianceId } = storyFounding
const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length })

/** On a busy machine fewer of them. */
const bounded = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 15_000 })

/** A copy that lacks some signatures, as it goes round before all have signed. */
function partial(doc: ParsedSignedDoc): ParsedSignedDoc {
  return { ...doc, sigs: doc.sigs.slice(1) }
}

/** All documents of a story as one node gets them: in some order, some of them twice or in an unfinished copy first. */
function delivery({ docs }: Story): fc.Arbitrary<readonly ParsedSignedDoc[]> {
  const more = fc
    .tuple(fc.subarray([...docs]), fc.subarray([...docs]))
    .map(([twice, early]) => [...docs, ...twice, ...early.map(partial)])
  return more.chain(shuffled)
}

const told = steps
  .map(tellStory)
  .chain(story =>
    fc.tuple(fc.constant(story), delivery(story), delivery(story), fc.subarray([...story.pins], { maxLength: 2 })),
  )

describe('any history of an alliance', () => {
  it('ends in the same state on every node, whatever the order, the doubles and the unfinished copies', () => {
    const seen = { splits: 0, versions: 0, waiting: 0 }
    fc.assert(
      fc.property(told, ([story, one, other, pins]) => {
        const state = answersOf(collect(allianceId, one), pins)
        expect(answersOf(collect(allianceId, other), pins)).toEqual(state)
        expect(answersOf(addDocuments(emptyEvidence(allianceId), story.docs), pins)).toEqual(state)
        seen.splits += state!.split === undefined ? 0 : 1
        seen.versions += state!.chain.length
        seen.waiting += story.docs.length - state!.valid.length
      }),
      bounded(40),
    )
    // the stories are worth telling
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0)
  })

  it('ends in the same state on two nodes that each got a part and then exchange what they hold', () => {
    fc.assert(
      fc.property(told, fc.infiniteStream(fc.boolean()), ([story, one, other, pins], coins) => {
        const [mine, theirs] = [one, other].map(docs => docs.filter(() => coins.next().value))
        const founded = [storyFounding.signed]
        let a = collect(allianceId, [...founded, ...mine!])
        let b = collect(allianceId, [...founded, ...theirs!])
        for (let round = 0; round <= story.docs.length; round++) {
          const fromA = documentsOf(a)
          a = documentsOf(b).reduce((set, doc) => addDocument(set, doc).set, a)
          b = fromA.reduce((set, doc) => addDocument(set, doc).set, b)
        }
        expect(answersOf(a, pins)).toEqual(answersOf(b, pins))
      }),
      bounded(20),
    )
  })
})
