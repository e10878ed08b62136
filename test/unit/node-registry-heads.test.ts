import { expect, test } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { createRegistryHeads } from '../../src/node/network/registry-heads.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import { alliance, bytesOf, signerOf } from '../support/chain-fixture.ts'

const NOW = 1_790_000_000_000
const [AAA, BBB] = ['AAA', 'BBB'].map(parseNationId) as [
  ReturnType<typeof parseNationId>,
  ReturnType<typeof parseNationId>,
]
const witnessOf = (nation: string) => signerOf(`witness ${nation}`)

/** Heads as a node of this nation has them, with this registry in force. */
function headsOf(nation: typeof AAA, version: number, name = 'in force') {
  const hinted: [string, number][] = []
  const clock = { ms: NOW, now: () => clock.ms }
  const heads = createRegistryHeads({
    allianceId: alliance,
    nation,
    directory: () => ({
      registry: { version, hash: docHashHex(bytesOf(name)) },
      nationsOfWitness: pk => [AAA, BBB].filter(each => equalBytes(witnessOf(each).publicKey, pk)),
    }),
    hints: { hint: (source, named) => void hinted.push([source, named]) },
    clock,
  })
  return { heads, hinted, clock }
}

test('who has an older registry in force is seen, and one that others are ahead of is told to ask (R-1.10)', () => {
  const ahead = headsOf(AAA, 5)
  const frozen = headsOf(BBB, 3, 'older')
  expect(ahead.heads.take(frozen.heads.make(witnessOf(BBB)))).toBe('accept')
  expect(ahead.heads.stated()).toMatchObject([{ nation: 'BBB', version: 3, timeMs: NOW }])
  expect(frozen.heads.take(ahead.heads.make(witnessOf(AAA)))).toBe('accept')
  expect(frozen.hinted).toEqual([['AAA', 5]])
})

test('another document of one version is followed as something unknown', () => {
  const here = headsOf(AAA, 5)
  here.heads.take(headsOf(BBB, 5, 'sibling').heads.make(witnessOf(BBB)))
  expect(here.hinted).toEqual([['BBB', Number.MAX_SAFE_INTEGER]])
})

test('what was said before, or far ahead of the clock, or by an unknown key, is not passed on', () => {
  const here = headsOf(AAA, 5)
  const other = headsOf(BBB, 4)
  const first = other.heads.make(witnessOf(BBB))
  other.clock.ms += 1000
  const second = other.heads.make(witnessOf(BBB))
  expect([second, first, second].map(here.heads.take)).toEqual(['accept', 'ignore', 'ignore'])
  other.clock.ms += 3_600_000
  expect(here.heads.take(other.heads.make(witnessOf(BBB)))).toBe('ignore')
  expect(here.heads.take(other.heads.make(signerOf('nobody')))).toBe('ignore')
  expect(here.heads.stated()).toMatchObject([{ nation: 'BBB', timeMs: NOW + 1000 }])
})

test('a head by the key of another nation is refused', () => {
  const here = headsOf(AAA, 5)
  const lie = headsOf(BBB, 4).heads.make(witnessOf(AAA))
  expect(() => here.heads.take(lie)).toThrow(expect.objectContaining({ code: 'note-malformed' }))
})
