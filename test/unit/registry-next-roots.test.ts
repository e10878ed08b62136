import { describe, expect, it } from 'vitest'
import { nextRoots, type RootsWish } from '../../src/registry/next-roots.ts'
import { keyName } from '../../src/registry/phrase.ts'
import { ROOT_KEYS_MAX } from '../../src/wire/limits.ts'
import { rootSigner } from '../support/registry-world.ts'

const key = (name: string) => rootSigner(name).key
const [one, two, three] = [key('one'), key('two'), key('three')]
const lone = { roots: [one], rootThreshold: 1 }
const pair = { roots: [one, two], rootThreshold: 2 }
const coded = (code: string) => expect.objectContaining({ code })

describe('the root keys of the next document', () => {
  it('are those of before with those that are added, and a threshold of its own', () => {
    expect(nextRoots(lone, { add: [two, three], threshold: 2 })).toEqual({
      kind: 'roots',
      roots: [one, two, three],
      threshold: 2,
    })
    expect(nextRoots(lone, { add: [two] })).toMatchObject({ threshold: 1 })
    expect(nextRoots(pair, { threshold: 1 })).toMatchObject({ roots: [one, two], threshold: 1 })
  })

  it('are without those that are removed, named as people read them', () => {
    const wish = { remove: [keyName(two.idHex).toUpperCase()], threshold: 1 }
    expect(nextRoots(pair, wish)).toMatchObject({ roots: [one], threshold: 1 })
    expect(nextRoots(pair, { add: [three], remove: [one.idHex] })).toMatchObject({ roots: [two, three], threshold: 2 })
  })

  it.each<[string, RootsWish, string]>([
    ['a threshold above the number of keys', { threshold: 3 }, 'nation-root-threshold'],
    ['a threshold of none', { threshold: 0 }, 'nation-root-threshold'],
    ['a removal that leaves fewer than the threshold', { remove: [two.idHex] }, 'nation-root-threshold'],
    ['the removal of the last', { remove: [one.idHex, two.idHex] }, 'nation-last-root'],
    ['a key that it has', { add: [two] }, 'nation-change-void'],
    ['one key twice', { add: [three, three] }, 'nation-change-void'],
    ['the removal of a key that it has not', { remove: [three.idHex] }, 'nation-root-unknown'],
    ['too short a name of a key', { remove: [one.idHex.slice(0, 7)] }, 'nation-root-unknown'],
    ['nothing that changes', { threshold: 2 }, 'nation-change-void'],
  ])('refuse %s', (_, wish, code) => {
    expect(() => nextRoots(pair, wish)).toThrow(coded(code))
  })

  it('are no more than a document may name', () => {
    const roots = Array.from({ length: ROOT_KEYS_MAX }, (_, i) => key(`root ${i}`))
    expect(nextRoots(lone, { add: roots.slice(1) })).toMatchObject({ threshold: 1 })
    expect(() => nextRoots(lone, { add: roots })).toThrow(coded('change-too-many'))
  })
})
