import { describe, expect, it } from 'vitest'
import { addDocument, addDocuments } from '../../src/registry/add-document.ts'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { DAY_MS, docHashHex } from '../../src/registry/doc-fields.ts'
import { emptyEvidence, findDocument, SIBLINGS_MAX } from '../../src/registry/evidence.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { pinsByAge, registryState } from '../../src/registry/registry-state.ts'
import type { ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import type { NationEntry } from '../../src/wire/gen/tocsin.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  nation,
  nextNation,
  nextRegistry,
  pinOf,
  rootSigner,
  type SignedNation,
  type SignedRegistry,
  signNation,
  signRegistry,
} from '../support/registry-world.ts'

const first = foundRegistry()
const { allianceId } = first
const second = signRegistry(nextRegistry(first))
const named = (prev: SignedRegistry, name: string) => signRegistry(nextRegistry(prev, { name }))
const left = named(second, 'Left')
const right = named(second, 'Right')
const afterLeft = named(left, 'After left')
const afterRight = named(right, 'After right')
const lastRight = named(afterRight, 'Last right')

function evidence(...docs: readonly { readonly signed: ParsedSignedDoc }[]) {
  return addDocuments(
    emptyEvidence(allianceId),
    docs.map(doc => doc.signed),
  )
}

function nameInForce(docs: readonly SignedRegistry[], pins = [] as ReturnType<typeof pinOf>[]) {
  return registryState(evidence(...docs), pins)!.inForce.name
}

const registries = [first, second, left, right, afterLeft, afterRight, lastRight]

describe('the registry in force (R-1.5)', () => {
  it('is nothing without a first version', () => {
    expect(registryState(evidence(second), [])).toBeUndefined()
    expect(openDirectory(evidence(second), [])).toBeUndefined()
  })

  it('stays before a split where both sides go on', () => {
    expect(nameInForce(registries)).toBe('Test Alliance')
    const { split } = registryState(evidence(...registries), [])!
    expect(split?.siblings.map(doc => doc.name).sort()).toEqual(['Left', 'Right'])
    expect(split?.open.map(doc => doc.name).sort()).toEqual([
      'After left',
      'After right',
      'Last right',
      'Left',
      'Right',
    ])
  })

  it('goes where a pin is, even one whose document has not come', () => {
    expect(nameInForce(registries, [pinOf(lastRight)])).toBe('Last right')
    expect(nameInForce(registries, [pinOf(left)])).toBe('After left')
    expect(nameInForce([first, second, left, right, afterLeft], [pinOf(right)])).toBe('Right')
    expect(nameInForce([first, second, left, afterLeft], [pinOf(right)])).toBe('Test Alliance')
  })

  it('sets a pin by age aside that contradicts the operator, and says so', () => {
    for (const [confirmed, old, name] of [
      [right, left, 'Last right'],
      [left, right, 'After left'],
    ] as const) {
      const state = registryState(evidence(...registries), [pinOf(old, 'age'), pinOf(confirmed)])!
      expect(state.inForce.name).toBe(name)
      expect(state.pinsAside).toEqual([pinOf(old, 'age')])
    }
  })

  it('pins what was in force here for 30 days', () => {
    const { version, hash } = pinOf(left)
    const seen = [{ version, hash, sinceMs: 1000 }]
    expect(pinsByAge(seen, 1000 + 30 * DAY_MS)).toEqual([pinOf(left, 'age')])
    expect(pinsByAge(seen, 999 + 30 * DAY_MS)).toEqual([])
  })

  it('keeps a pin by age against a longer branch that arrives later', () => {
    expect(nameInForce(registries, [pinOf(left, 'age')])).toBe('After left')
  })
})

describe('the evidence set', () => {
  it('lists what changed: a document and those that waited for it', () => {
    const waiting = addDocument(addDocument(emptyEvidence(allianceId), left.signed).set, second.signed).set
    const added = addDocument(waiting, first.signed)
    expect(added.outcome).toEqual({ kind: 'added' })
    expect(added.changed).toEqual([first, second, left].map(({ signed }) => docHashHex(signed.hash)))
  })

  it('merges the signatures of two copies of a document', () => {
    const one = signRegistry(second.message, ['gov AAA', 'gov BBB'])
    const other = signRegistry(second.message, ['gov BBB', 'gov CCC'])
    const merged = addDocument(evidence(first, one), other.signed)
    expect(merged.outcome).toEqual({ kind: 'merged' })
    expect(findDocument(merged.set, docHashHex(one.signed.hash))?.sigs).toHaveLength(3)
    expect(addDocument(merged.set, other.signed).outcome).toEqual({ kind: 'duplicate' })
  })

  it('keeps one signature of a governor, the primary key before the recovery key', () => {
    const byRecovery = signRegistry(second.message, ['recovery AAA', 'gov BBB'])
    const merged = addDocument(evidence(first, byRecovery), second.signed).set
    const kept = findDocument(merged, docHashHex(second.signed.hash))
    expect(kept).toEqual(second.signed)
  })

  it('takes no signatures from a copy of a nation document that its own roots did not sign', () => {
    const a1 = signNation(firstNation(allianceId, 'AAA'))
    const renewal = nextNation(a1, { roots: [toRootKey(rootSigner('new root').key)] })
    const waiting = evidence(first, a1, signNation(renewal, ['new root']))
    const partial = addDocument(waiting, signNation(renewal, ['root AAA']).signed)
    expect(partial.outcome).toMatchObject({ kind: 'refused', code: 'doc-threshold' })
    const whole = addDocument(partial.set, signNation(renewal, ['new root', 'root AAA']).signed)
    expect(whole.outcome).toEqual({ kind: 'added' })
  })

  it('keeps no valid document out for those that anybody can make', () => {
    let set = evidence(first)
    for (let i = 0; i <= SIBLINGS_MAX; i++) {
      const forged = firstNation(allianceId, 'AAA', {
        issuedMs: first.message.issuedMs + i,
        roots: [toRootKey(rootSigner('forger').key)],
      })
      const added = addDocument(set, signNation(forged, ['forger']).signed)
      expect(added.outcome).toEqual({ kind: 'waiting', code: 'nation-unbound' })
      set = added.set
    }
    expect(addDocument(set, signNation(firstNation(allianceId, 'AAA')).signed).outcome).toEqual({ kind: 'added' })
  })

  it('refuses more documents of one version than the cap, and the rest of the alliance goes on', () => {
    const a1 = signNation(firstNation(allianceId, 'AAA'))
    let set = evidence(first, a1)
    for (let i = 0; i < SIBLINGS_MAX; i++) {
      const twin = signNation(nextNation(a1, { issuedMs: a1.message.issuedMs + 1 + i }))
      set = addDocument(set, twin.signed).set
    }
    const oneMore = signNation(nextNation(a1))
    expect(addDocument(set, oneMore.signed).outcome).toMatchObject({ kind: 'refused', code: 'doc-siblings-full' })
    const pinning = signRegistry(
      nextRegistry(first, { nations: [entry('AAA', { pinVersion: 2, pinHash: oneMore.signed.hash }), entry('BBB')] }),
    )
    const pinned = addDocuments(set, [pinning.signed, oneMore.signed])
    expect(openDirectory(pinned, [])!.member(nation('AAA'))?.doc?.hash).toBe(docHashHex(oneMore.signed.hash))
  })
})

describe('a nation document far above its pin (R-1.6)', () => {
  const line: SignedNation[] = [signNation(firstNation(allianceId, 'AAA', { nodes: [] }))]
  while (line.length < 66)
    line.push(signNation(nextNation(line.at(-1)!, { issuedMs: first.message.issuedMs + line.length })))
  const pinning = (version: number) =>
    signRegistry(
      nextRegistry(first, {
        nations: [entry('AAA', { pinVersion: version, pinHash: line[version - 1]!.signed.hash }), entry('BBB')],
      }),
    )

  it('waits for a new pin', () => {
    const set = evidence(first, ...line)
    expect(openDirectory(set, [])!.member(nation('AAA'))?.doc?.version).toBe(64)
    expect(addDocument(evidence(first, ...line.slice(0, 64)), line[64]!.signed).outcome).toEqual({
      kind: 'waiting',
      code: 'nation-beyond-pin',
    })
    const pinned = addDocument(set, pinning(2).signed)
    expect(openDirectory(pinned.set, [])!.member(nation('AAA'))?.doc?.version).toBe(66)
  })

  it('is not replaced by another document of the version that is pinned', () => {
    const set = evidence(first, pinning(2), line[0]!, signNation(nextNation(line[0]!)))
    expect(openDirectory(set, [])!.member(nation('AAA'))?.doc?.version).toBe(1)
  })

  it('is reached from the pin without what came before', () => {
    const set = evidence(first, pinning(30), ...line.slice(29))
    expect(openDirectory(set, [])!.member(nation('AAA'))?.doc?.version).toBe(66)
  })
})

describe('a reset (R-1.7)', () => {
  const a1 = signNation(firstNation(allianceId, 'AAA'))
  const a2 = signNation(nextNation(a1))
  const a3 = signNation(nextNation(a2))
  const b2 = signNation(nextNation(a1, { roots: [toRootKey(rootSigner('second').key)] }), ['second'])
  const b3 = signNation(nextNation(b2), ['second'])
  const idsOf = (root: string) => [rootSigner(root).key.id]
  const lost = { reset: 1, docMinVersion: 2, rootKeyIds: idsOf('second') }

  /** Registry versions 2, 3 …, each 20 days after the one before and with another entry for AAA. */
  function line(...entries: readonly Partial<NationEntry>[]): SignedRegistry[] {
    const registries: SignedRegistry[] = [first]
    for (const fields of entries) {
      const issuedMs = registries.at(-1)!.message.issuedMs + 20 * DAY_MS
      const nations = [entry('AAA', fields), entry('BBB')]
      registries.push(signRegistry(nextRegistry(registries.at(-1)!, { nations, issuedMs, expiresMs: issuedMs + 1 })))
    }
    return registries.slice(1)
  }

  function inForceUnder(...entries: readonly Partial<NationEntry>[]) {
    const set = evidence(first, a1, a2, a3, b2, b3, ...line(...entries))
    return openDirectory(set, [])!.member(nation('AAA'))?.doc?.hash
  }
  const hashOf = ({ signed }: SignedNation) => docHashHex(signed.hash)

  it('keeps void what it voids when later versions do not carry it', () => {
    const compromised = { ...lost, reset: 2 }
    expect(inForceUnder()).toBe(hashOf(a3))
    expect(inForceUnder(compromised)).toBe(hashOf(b3))
    expect(inForceUnder(compromised, {})).toBe(hashOf(b3))
  })

  it('of lost roots takes effect when carried on, and begins anew when withdrawn or changed', () => {
    expect(inForceUnder(lost)).toBe(hashOf(a3))
    expect(inForceUnder(lost, lost)).toBe(hashOf(b3))
    expect(inForceUnder(lost, {}, lost)).toBe(hashOf(a3))
    expect(inForceUnder(lost, {}, lost, lost)).toBe(hashOf(b3))
    expect(inForceUnder({ ...lost, rootKeyIds: idsOf('third') }, lost)).toBe(hashOf(a3))
    expect(inForceUnder({ ...lost, docMinVersion: 3 }, lost)).toBe(hashOf(a3))
  })

  it('voids what an earlier one began at a higher version', () => {
    const earlier = { reset: 2, docMinVersion: 3, rootKeyIds: idsOf('third') }
    expect(inForceUnder(earlier)).toBe(hashOf(a2))
    expect(inForceUnder(earlier, { ...lost, reset: 2 })).toBe(hashOf(b3))
  })

  it('is not undone by a pin from before it took effect, and leaves the old keys their logs (R-0.1)', () => {
    const pinned = { pinVersion: 2, pinHash: a2.signed.hash }
    const set = evidence(first, a1, a2, ...line(pinned, { ...pinned, ...lost, reset: 2 }))
    const directory = openDirectory(set, [])!
    expect(directory.member(nation('AAA'))?.doc?.hash).toBe(hashOf(a1))
    expect(directory.mayOpenLog(nation('AAA'), a2.message.nodes[0]!.signPk)).toBe(true)
  })
})
