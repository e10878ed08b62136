import { expect, test } from 'vitest'
import { addDocuments } from '../../src/registry/add-document.ts'
import { findAlarms } from '../../src/registry/alarms.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { shortId } from '../../src/registry/phrase.ts'
import type { Pin } from '../../src/registry/registry-state.ts'
import type { ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  nextNation,
  nextRegistry,
  pinOf,
  rootSigner,
  signNation,
  signRegistry,
  T0,
} from '../support/registry-world.ts'

const founded = foundRegistry()
const aaa = signNation(firstNation(founded.allianceId, 'AAA'))
const EXPIRES_MS = founded.message.expiresMs

function sentences(
  documents: readonly { readonly signed: ParsedSignedDoc }[],
  nowMs = T0,
  pins: readonly Pin[] = [],
): string[] {
  const set = addDocuments(
    emptyEvidence(founded.allianceId),
    documents.map(({ signed }) => signed),
  )
  return findAlarms(openDirectory(set, pins)!, nowMs).map(({ grade, sentence }) => `${grade}: ${sentence}`)
}

test('nothing is said of documents in order', () => {
  expect(sentences([founded, aaa])).toEqual([])
})

test('an expiry is warned of 60 days ahead, and is an alarm when the 30 days after it are over', () => {
  const at = (days: number) => sentences([founded], EXPIRES_MS + days * DAY_MS)
  expect(at(-61)).toEqual([])
  expect(at(-60)).toEqual(['warning: The registry expires in 60 days, on 2027-01-01.'])
  expect(at(-1)).toEqual(['warning: The registry expires in 1 day, on 2027-01-01.'])
  expect(at(0)).toEqual(['warning: The registry expired 0 days ago; from 2027-01-31 on nobody publishes under it.'])
  expect(at(30)).toEqual(['alarm: The registry expired 30 days ago: nobody publishes under it.'])
  expect(sentences([founded, aaa], EXPIRES_MS + 30 * DAY_MS)).toContain(
    'alarm: The document of AAA expired 30 days ago: nobody seals to AAA.',
  )
})

test('a SPLIT names the governors who signed both, and a pin ends it', () => {
  const left = signRegistry(nextRegistry(founded, { name: 'Left' }), ['gov AAA', 'gov BBB'])
  const right = signRegistry(nextRegistry(founded, { name: 'Right' }), ['recovery AAA', 'gov CCC'])
  expect(sentences([founded, left, right])).toEqual([
    'alarm: 2 registries of version 2 are here, each signed by a threshold of governors. AAA signed more than one. Version 1 stays in force.',
  ])
  expect(sentences([founded, left, right], T0, [pinOf(left)])).toEqual([])
  expect(sentences([founded, left, right], T0, [pinOf(left), pinOf(right, 'age')])[0]).toMatch(
    /^alarm: The pin of registry version 2 \([0-9a-f]{16}…, by age\) contradicts another/,
  )
})

test('a nation that signed two documents is named, and where it stays', () => {
  const next = [1, 2].map(days => signNation(nextNation(aaa, { issuedMs: T0 + days * DAY_MS })))
  expect(sentences([founded, aaa, ...next])).toEqual([
    'alarm: AAA signed 2 documents of version 2, and stays at version 1 until one has a successor or a registry pins one.',
  ])
})

test('a nation for which the governors spoke is named', () => {
  const other = signNation({ ...nextNation(aaa), version: 3 })
  const pinning = signRegistry(
    nextRegistry(founded, { nations: [entry('AAA', { pinVersion: 3, pinHash: other.signed.hash }), entry('BBB')] }),
  )
  expect(sentences([founded, aaa, other, pinning])).toEqual([
    'alarm: The governors put version 3 of the document of AAA in force, which AAA did not sign for (doc-version).',
  ])
})

test('a LOST reset that is announced is told with the day on which it can take effect', () => {
  const reset = entry('AAA', { reset: 1, docMinVersion: 2, rootKeyIds: [rootSigner('new root AAA').key.id] })
  const announcing = signRegistry(nextRegistry(founded, { nations: [reset, entry('BBB')] }))
  expect(sentences([founded, aaa, announcing])).toEqual([
    'warning: The governors say that AAA lost its root keys, and replace them with a registry issued on 2026-01-16 or later; until then AAA can object.',
  ])
})

test('a version that the pins exclude is named once others may have gone there', () => {
  const left = signRegistry(nextRegistry(founded, { name: 'Left' }))
  const right = signRegistry(nextRegistry(founded, { name: 'Right' }))
  const afterRight = signRegistry(nextRegistry(right))
  expect(sentences([founded, left, right], T0, [pinOf(left, 'age')])).toEqual([])
  const { hash } = pinOf(afterRight)
  expect(sentences([founded, left, right, afterRight], T0, [pinOf(left, 'age')])).toEqual([
    `alarm: Registry version 3 (${shortId(hash)}) is here, and what is pinned excludes it: version 2 stays in force here.`,
  ])
})
