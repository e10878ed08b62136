import { expect, test } from 'vitest'
import { chooseTreeToCosign, type SignedTree, type WitnessView } from '../../src/chain/cosigning.ts'
import { sameTree, type TreeHead } from '../../src/chain/tree-head.ts'
import { bytesOf } from '../support/chain-fixture.ts'

const ME = bytesOf('me')
const OTHER = bytesOf('other')
const THIRD = bytesOf('third')

function tree(size: number, ...cosigners: readonly Uint8Array[]): SignedTree {
  return { size, root: bytesOf(`root ${size}`), cosigners }
}

const fork = (size: number, ...cosigners: readonly Uint8Array[]): SignedTree => ({
  size,
  root: bytesOf(`fork ${size}`),
  cosigners,
})

/** Holds the first 20 entries of the log, and nothing of its fork. */
const VIEW: WitnessView = {
  witnessPk: ME,
  stated: undefined,
  quorate: undefined,
  wholeSize: 20,
  isHeld: ({ size, root }) => size <= 20 && sameTree({ size, root }, tree(size)),
}

function chosen(signed: readonly SignedTree[], view: Partial<WitnessView> = {}): TreeHead | undefined {
  return chooseTreeToCosign(signed, { ...VIEW, ...view })
}

test('chooses the largest tree that is held whole, and nothing that is not held', () => {
  expect(chosen([tree(5), tree(9), fork(12)])?.size).toBe(9)
  expect(chosen([tree(5), tree(9)], { wholeSize: 8 })?.size).toBe(5)
  expect(chosen([fork(12)])).toBeUndefined()
})

test('follows the voices of others, until their tree is quorate', () => {
  const signed = [tree(5, OTHER, THIRD), tree(9, OTHER), tree(12)]
  expect(chosen(signed)?.size).toBe(5)
  expect(chosen(signed, { quorate: tree(5) })?.size).toBe(9)
  expect(chosen(signed, { quorate: tree(9) })?.size).toBe(12)
})

test('never chooses a smaller tree than it stated, on record or in the evidence', () => {
  expect(chosen([tree(5), tree(9)], { stated: tree(12) })).toBeUndefined()
  expect(chosen([tree(5), tree(9), tree(12, ME)])).toBeUndefined()
  expect(chosen([tree(5), tree(13)], { stated: tree(12) })?.size).toBe(13)
})

test('states nothing more of a log in which what it stated is not held', () => {
  expect(chosen([tree(5), tree(15)], { stated: fork(12) })).toBeUndefined()
  expect(chosen([tree(5), tree(15), fork(12, ME)])).toBeUndefined()
})

test('chooses again what it recorded and did not come to sign, whatever it had signed before', () => {
  expect(chosen([tree(12)], { stated: tree(12) })?.size).toBe(12)
  expect(chosen([tree(5, ME), tree(12)], { stated: tree(12) })?.size).toBe(12)
  expect(chosen([tree(5, ME), tree(12, ME)], { stated: tree(12) })).toBeUndefined()
})
