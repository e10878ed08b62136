import { describe, expect, it } from 'vitest'
import { parseHash, parseLogId } from '../../src/base/ids.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { type EvidenceSet, emptyEvidence } from '../../src/registry/evidence.ts'

import { type NationChange, planNation } from '../../src/registry/next-nation.ts'
import { KEY_STATUS } from '../../src/registry/node-key.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { DOC_TYPE, signDoc } from '../../src/registry/signed-doc.ts'
import {
  firstNation,
  foundRegistry,
  innerNode,
  kemKeys,
  nation,
  rootSigner,
  signNation,
  T0,
} from '../support/registry-world.ts'

const coded = (code: string) => expect.objectContaining({ code })
const first = foundRegistry()
const { allianceId } = first
const AAA = nation('AAA')
const kems = kemKeys('AAA', 4)
const contacts = [{ name: 'Watch', duty: 'day and night', reach: '+49 30 5550100' }]
const a1 = signNation(firstNation(allianceId, 'AAA', { kems, contacts }))
const second = innerNode(allianceId, 'AAA', 'second AAA')
const logId = parseLogId(new Uint8Array(32).fill(0xa1))
const bound = (size: number) => ({ logId, size, root: parseHash(new Uint8Array(32).fill(7)) })

const start = [first.signed, a1.signed].reduce((set, doc) => addDocument(set, doc).set, emptyEvidence(allianceId))
const inForce = (set: EvidenceSet) => openDirectory(set, [])!.member(AAA)!.doc!
const later = (days: number) => ({ issuedMs: T0 + days * DAY_MS, validDays: 365 })

/** Plans, signs with the roots that are named, and takes the document in as every node does. */
function follow(set: EvidenceSet, changes: readonly NationChange[], days = 1, signers = ['root AAA']) {
  const { docBytes } = planNation(inForce(set), changes, later(days))
  return addDocument(set, signDoc(DOC_TYPE.NATION, allianceId, docBytes, signers.map(rootSigner)))
}

function followed(changes: readonly NationChange[], set = start, days = 1): EvidenceSet {
  const { set: next, outcome } = follow(set, changes, days)
  expect(outcome).toEqual({ kind: 'added' })
  return next
}

const nodeOf = (set: EvidenceSet, at = 0) => inForce(set).nodes[at]!
const firstNode = nodeOf(start).identityHex

describe('the next document of a nation', () => {
  it('says the same for longer where nothing changes', () => {
    const renewed = inForce(followed([]))
    expect(renewed).toMatchObject({ version: 2, issuedMs: T0 + DAY_MS, expiresMs: T0 + 366 * DAY_MS, contacts })
    expect(renewed.nodes).toEqual(inForce(start).nodes)
    expect(renewed.kems).toEqual(inForce(start).kems)
  })

  it('follows a document that has expired', () => {
    expect(inForce(followed([], start, 1000)).version).toBe(2)
  })

  it('names a further node, whose proofs hold', () => {
    const doc = inForce(followed([{ kind: 'add-node', node: second }]))
    expect(doc.nodes).toHaveLength(2)
    expect(doc.nodes[1]).toMatchObject({ status: KEY_STATUS.ACTIVE, signPk: second.signPk, peerPk: second.peerPk })
  })

  it('refuses a node that it names already', () => {
    const known = innerNode(allianceId, 'AAA', 'node AAA', { addresses: [] })
    expect(() => planNation(inForce(start), [{ kind: 'add-node', node: known }], later(1))).toThrow(
      coded('nation-change-void'),
    )
  })

  it('marks a node as retired with its bound, keeps its key, and takes its addresses away', () => {
    const set = followed([{ kind: 'retire-node', node: firstNode, bounds: [bound(9)] }])
    expect(nodeOf(set)).toMatchObject({ identityHex: firstNode, status: KEY_STATUS.RETIRED, addresses: [] })
    expect([...inForce(set).bounds.values()]).toEqual([bound(9)])
  })

  it('marks a retired node as compromised with a lower bound, and never the other way (R-1.8)', () => {
    const retired = followed([{ kind: 'retire-node', node: firstNode, bounds: [bound(9)] }])
    const set = followed([{ kind: 'compromise-node', node: firstNode, bounds: [bound(4)] }], retired, 2)
    expect(nodeOf(set).status).toBe(KEY_STATUS.COMPROMISED)
    expect([...inForce(set).bounds.values()]).toEqual([bound(4)])
    const back: NationChange = { kind: 'retire-node', node: firstNode, bounds: [] }
    expect(() => planNation(inForce(set), [back], later(3))).toThrow(coded('nation-change-void'))
  })

  it('refuses to change a node that it does not name', () => {
    const change: NationChange = { kind: 'addresses', node: '00'.repeat(32), addresses: [] }
    expect(() => planNation(inForce(start), [change], later(1))).toThrow(coded('nation-node-unknown'))
  })

  it('changes where a node is reached, and its proofs still hold (R-1.12)', () => {
    const addresses = ['/dns4/tocsin.cert.example/tcp/7117']
    const set = followed([{ kind: 'addresses', node: firstNode, addresses }])
    expect(nodeOf(set)).toEqual({ ...nodeOf(start), addresses })
  })

  it('adds KEM windows that follow, and forgets those that ended 30 days ago (R-3.7)', () => {
    const added = kemKeys('AAA more', 12, kems.at(-1)!.untilMs)
    const doc = inForce(followed([{ kind: 'add-kems', kems: added }], start, 31 + 30))
    expect(doc.kems.map(({ fromMs }) => fromMs)).toEqual([...kems.slice(1), ...added].map(({ fromMs }) => fromMs))
  })

  it('refuses KEM windows that overlap, and more than sixteen ahead (R-3.7)', () => {
    const plan = (more: typeof kems) => () => planNation(inForce(start), [{ kind: 'add-kems', kems: more }], later(1))
    expect(plan(kemKeys('AAA more', 1, T0))).toThrow(coded('nation-kem-windows'))
    expect(plan(kemKeys('AAA more', 13, kems.at(-1)!.untilMs))).toThrow(coded('wire-field-range'))
  })

  it('replaces compromised KEM keys from now on', () => {
    const fresh = kemKeys('AAA fresh', 3)
    const doc = inForce(followed([{ kind: 'compromise-kems' }, { kind: 'add-kems', kems: fresh }]))
    const active = doc.kems.filter(({ status }) => status === KEY_STATUS.ACTIVE)
    expect(active.map(({ fromMs }) => fromMs)).toEqual(fresh.map(({ fromMs }) => fromMs))
    expect(doc.kems).toHaveLength(7)
  })

  it('keeps the list of KEM keys within its cap however often they are compromised', () => {
    let set = start
    for (let round = 1; round <= 6; round++) {
      const fresh = kemKeys(`AAA round ${round}`, 16, T0 + DAY_MS)
      set = followed([{ kind: 'compromise-kems' }, { kind: 'add-kems', kems: fresh }], set, round)
    }
    expect(inForce(set).kems).toHaveLength(64)
    expect(inForce(set).kems.filter(({ status }) => status === KEY_STATUS.ACTIVE)).toHaveLength(16)
  })

  it('changes roots with the signatures of the old and of the new, and with no fewer (R-1.2)', () => {
    const roots = ['new root 1', 'new root 2'].map(name => rootSigner(name).key)
    const change: NationChange = { kind: 'roots', roots, threshold: 2 }
    const signedBy = (...signers: string[]) => follow(start, [change], 1, signers).outcome
    expect(signedBy('new root 1', 'new root 2').kind).toBe('waiting')
    expect(signedBy('root AAA', 'new root 1')).toMatchObject({ kind: 'refused', code: 'doc-threshold' })
    expect(signedBy('root AAA', 'new root 1', 'new root 2').kind).toBe('added')
  })

  it('makes all changes of one document at once', () => {
    const doc = inForce(
      followed([
        { kind: 'compromise-node', node: firstNode, bounds: [] },
        { kind: 'add-node', node: second },
        { kind: 'contacts', contacts: [] },
      ]),
    )
    expect(doc.nodes.map(({ status }) => status)).toEqual([KEY_STATUS.COMPROMISED, KEY_STATUS.ACTIVE])
    expect(doc.contacts).toEqual([])
  })
})
