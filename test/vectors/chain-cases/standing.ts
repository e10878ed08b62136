import { fromHex, toHex } from '../../../src/base/bytes.ts'
import { parseHash, parseLogId } from '../../../src/base/ids.ts'
import { frontierDigest } from '../../../src/chain/frontier.ts'
import { bytesOf, logOf } from '../../support/chain-fixture.ts'
import type {
  AuthorityRecord,
  ChainVector,
  CheckpointRecord,
  NamedVectors,
  ProofRecord,
  RegistryRecord,
  TreeRecord,
} from './vector.ts'

const ACTIVE: AuthorityRecord = { kind: 'active' }
const NATIONS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE']

/** AAA is the author; of the other four three are a quorum. BBB has two nodes. */
const registry: RegistryRecord = {
  versions: [{ version: 3, witnesses: NATIONS, byzantineNations: null }],
  witnessKeys: Object.fromEntries([...NATIONS.map(nation => [key(nation), nation]), [key('BBB second'), 'BBB']]),
}

function key(of: string): string {
  return toHex(bytesOf(`witness key ${of}`))
}

function tree(size: number, branch = 'main'): TreeRecord {
  return { size, root: toHex(bytesOf(`root ${branch} ${size}`)) }
}

function cosigned(by: readonly string[], at: TreeRecord, continues?: TreeRecord): CheckpointRecord {
  return { ...at, cosigners: by.map(key), ...(continues === undefined ? {} : { continues }) }
}

const conflictAt = (at: number): ProofRecord => ({ kind: 'conflict', at, trees: [] })
const badLeafAt = (at: number, in_: TreeRecord): ProofRecord => ({ kind: 'bad-leaf', at, tree: in_ })
const bounded = (governors: TreeRecord | null, own: TreeRecord | null): AuthorityRecord => ({
  kind: 'bounded',
  governors,
  own,
})
const quorate10 = cosigned(['BBB', 'CCC', 'DDD'], tree(10))

interface Known {
  readonly authority?: AuthorityRecord
  readonly checkpoints?: readonly CheckpointRecord[]
  readonly proofs?: readonly ProofRecord[]
  readonly registry?: RegistryRecord
  readonly genesisRegistryVersion?: number
}

interface Outcome {
  /** null: none. */
  readonly limit: number | null
  readonly branch: TreeRecord | null
  readonly reason: string
  readonly quorate: TreeRecord | null
  readonly alarms: readonly string[]
}

function standing(rule: string, title: string, known: Known, outcome: Partial<Outcome>): ChainVector {
  const input = { authority: ACTIVE, registry, checkpoints: [], proofs: [], genesisRegistryVersion: 3, ...known }
  const expect = { limit: null, branch: null, reason: 'open', quorate: null, alarms: [], ...outcome }
  return { rule, title, input: { kind: 'standing', nation: 'AAA', ...input }, expect }
}

/** Q is the tree of 10 on the main branch. */
function witnessed(title: string, known: Known, outcome: Partial<Outcome>, rule = 'R-2.6'): ChainVector {
  const checkpoints = [quorate10, ...(known.checkpoints ?? [])]
  return standing(rule, title, { ...known, checkpoints }, { branch: tree(10), quorate: tree(10), ...outcome })
}

export function standingVectors(): NamedVectors {
  return {
    ...conflictCases(),
    ...evidenceCases(),
    ...badLeafCases(),
    ...boundCases(),
    ...quorumCases(),
    ...contradictionCases(),
    ...tables(),
  }
}

function conflictCases(): NamedVectors {
  const none = { limit: 0, reason: 'conflict' } as const
  const contradictory: ProofRecord = {
    kind: 'conflict',
    at: 0,
    trees: [cosigned([], tree(12)), cosigned([], tree(15, 'fork'), tree(12, 'fork'))],
  }
  const alarms = ['contradictory-checkpoints']
  return {
    'R-2.6-open': standing('R-2.6', 'nothing limits a log of which nothing bad is known', {}, {}),
    'R-2.6-unauthorised': standing(
      'R-2.6',
      'no document in force authorises the log',
      { authority: { kind: 'none' } },
      { limit: 0, reason: 'unauthorised' },
    ),
    'R-2.6-conflict': standing(
      'R-2.6',
      'a fork at 7 that nobody has witnessed',
      { proofs: [conflictAt(7)] },
      { limit: 7, reason: 'conflict' },
    ),
    'R-2.6-lowest-conflict': standing(
      'R-2.6',
      'the lowest of three forks counts',
      { proofs: [conflictAt(9), conflictAt(4), conflictAt(6)] },
      { limit: 4, reason: 'conflict' },
    ),
    'R-2.6-conflict-below-the-quorate': witnessed(
      'a fork at 4 voids nothing of the ten entries that are witnessed',
      { proofs: [conflictAt(4)] },
      { limit: 10, reason: 'conflict' },
    ),
    'R-2.6-conflict-above-the-quorate': witnessed(
      'a fork at 14, beyond the ten that are witnessed',
      { proofs: [conflictAt(14)] },
      { limit: 14, reason: 'conflict' },
    ),
    'R-2.6-checkpoints': standing(
      'R-2.6',
      'contradictory checkpoints and no quorum',
      { proofs: [contradictory] },
      { ...none, alarms },
    ),
    'R-2.6-checkpoints-above-the-quorate': witnessed(
      'contradictory checkpoints beyond what is witnessed',
      { proofs: [contradictory] },
      { limit: 10, reason: 'conflict', alarms },
    ),
    'R-2.6-checkpoints-without-a-proof': standing(
      'R-2.6',
      'two checkpoints of one size contradict each other, whether or not anyone has made a proof of it',
      { checkpoints: [cosigned([], tree(12)), cosigned([], tree(12, 'fork'))] },
      { ...none, alarms },
    ),
  }
}

/** R-0.2: a set, so neither the order nor what comes twice counts; and one more piece can move the limit down or up. */
function evidenceCases(): NamedVectors {
  const larger = cosigned(['CCC', 'DDD', 'EEE'], tree(16), tree(10))
  const checkpoints = [quorate10, larger, cosigned([], tree(20), tree(16))]
  const proofs = [conflictAt(12), badLeafAt(18, tree(20)), conflictAt(17)]
  const outcome = { limit: 16, branch: tree(16), quorate: tree(16), reason: 'conflict' } as const
  return {
    'R-0.2-evidence-in-order': standing(
      'R-0.2',
      'three checkpoints and three proofs',
      { checkpoints, proofs },
      outcome,
    ),
    'R-0.2-evidence-in-reverse': standing(
      'R-0.2',
      'the same in the other order',
      { checkpoints: checkpoints.toReversed(), proofs: proofs.toReversed() },
      outcome,
    ),
    'R-0.2-evidence-twice': standing(
      'R-0.2',
      'the same, each piece twice',
      { checkpoints: [...checkpoints, ...checkpoints], proofs: [...proofs, ...proofs] },
      outcome,
    ),
    'R-0.2-evidence-grows': standing(
      'R-0.2',
      'without the larger quorum the conflict at 12 is the limit, and what was served before is quarantined',
      { checkpoints: [quorate10], proofs },
      { limit: 12, branch: tree(10), quorate: tree(10), reason: 'conflict' },
    ),
  }
}

function badLeafCases(): NamedVectors {
  const larger = cosigned([], tree(16), tree(10))
  return {
    'R-2.6-bad-leaf': standing(
      'R-2.6',
      'a leaf at 5 that is no entry',
      { proofs: [badLeafAt(5, tree(8))] },
      { limit: 5, reason: 'bad-leaf' },
    ),
    'R-2.6-bad-leaf-above-the-quorate': witnessed(
      'a bad leaf at 12',
      { proofs: [badLeafAt(12, tree(16))] },
      { limit: 12, reason: 'bad-leaf' },
    ),
    'R-2.6-bad-leaf-on-a-branch-of-a-thief': witnessed(
      'a bad leaf at 5 in a tree that is not shown to be of the witnessed branch voids nothing of what is witnessed',
      { proofs: [badLeafAt(5, tree(8, 'thief'))] },
      { limit: 10, reason: 'conflict' },
    ),
    'R-2.6-bad-leaf-on-the-witnessed-branch': witnessed(
      'a bad leaf at 5 in the witnessed tree itself',
      { proofs: [badLeafAt(5, tree(10))] },
      { limit: 5, reason: 'bad-leaf' },
    ),
    'R-2.6-bad-leaf-in-a-continuation': witnessed(
      'a bad leaf at 5 in a tree that continues the witnessed one',
      { checkpoints: [larger], proofs: [badLeafAt(5, tree(16))] },
      { limit: 5, reason: 'bad-leaf' },
    ),
    'R-2.6-bad-leaf-under-a-bound': standing(
      'R-2.6',
      'a bound at 8, and a bad leaf at 3 of its tree',
      { authority: bounded(tree(8), null), proofs: [badLeafAt(3, tree(8))] },
      { limit: 3, branch: tree(8), reason: 'bad-leaf' },
    ),
  }
}

function boundCases(): NamedVectors {
  const bound = (
    rule: string,
    title: string,
    authority: AuthorityRecord,
    outcome: Partial<Outcome>,
    more: Known = {},
  ) => witnessed(title, { authority, ...more }, { reason: 'bounded', ...outcome }, rule)
  const suspended = (governors: TreeRecord | null): AuthorityRecord => ({ kind: 'suspended', governors, own: null })
  return {
    'R-2.6-bound': bound('R-2.6', 'a bound of the governors at 12', bounded(tree(12), null), {
      limit: 12,
      branch: tree(12),
    }),
    'R-2.6-bound-below-the-quorate': bound(
      'R-2.6',
      'the governors may set aside what is witnessed',
      bounded(tree(6), null),
      {
        limit: 6,
        branch: tree(6),
      },
    ),
    'R-2.6-bound-despite-a-conflict': bound(
      'R-2.6',
      'a fork below a bound changes nothing: the bound names its branch',
      bounded(tree(12), null),
      { limit: 12, branch: tree(12) },
      { proofs: [conflictAt(4)] },
    ),
    'R-1.8-lower-bound': bound('R-1.8', 'of two bounds the lower counts', bounded(tree(14), tree(12)), {
      limit: 12,
      branch: tree(12),
    }),
    'R-1.8-equal-bounds': bound(
      'R-1.8',
      'of two bounds of one size the governors’ counts',
      bounded(tree(12, 'governors'), tree(12)),
      { limit: 12, branch: tree(12, 'governors') },
    ),
    'R-1.8-own-bound-below-the-quorate': bound(
      'R-1.8',
      'a nation’s own bound sets aside nothing that is witnessed',
      bounded(null, tree(6)),
      { limit: 10 },
    ),
    'R-1.8-own-bound-on-another-branch': bound(
      'R-1.8',
      'a nation’s own bound on a branch that contradicts the witnessed one',
      bounded(null, tree(12, 'fork')),
      { limit: 10, alarms: ['contradictory-checkpoints'] },
      { checkpoints: [cosigned([], tree(12, 'fork'), tree(10, 'fork'))] },
    ),
    'R-1.8-governors-between': bound(
      'R-1.8',
      'an own bound at 6, the governors’ at 8, ten entries witnessed',
      bounded(tree(8), tree(6)),
      { limit: 8, branch: tree(8) },
    ),
    'R-1.8-higher-own-bound-on-another-branch': bound(
      'R-1.8',
      'the governors’ bound is lower, whatever the branch of the nation’s',
      bounded(tree(12), tree(14, 'fork')),
      { limit: 12, branch: tree(12), alarms: ['contradictory-checkpoints'] },
      { checkpoints: [cosigned([], tree(14, 'fork'), tree(10, 'fork'))] },
    ),
    'R-1.8-no-bound': bound('R-1.8', 'a removed key without a bound: what is witnessed', bounded(null, null), {
      limit: 10,
    }),
    'R-1.8-no-bound-and-no-quorum': standing(
      'R-1.8',
      'a removed key without a bound and nothing witnessed',
      { authority: bounded(null, null) },
      { limit: 0, reason: 'bounded' },
    ),
    'R-2.6-suspended': witnessed(
      'a suspended nation: what is witnessed',
      { authority: suspended(null) },
      { limit: 10, reason: 'suspended' },
    ),
    'R-2.6-suspended-with-a-bound': witnessed(
      'a suspended nation with a bound',
      { authority: suspended(tree(13)) },
      { limit: 13, branch: tree(13), reason: 'suspended' },
    ),
  }
}

function quorumCases(): NamedVectors {
  const counted = (
    title: string,
    checkpoints: readonly CheckpointRecord[],
    quorate: TreeRecord | null,
    more: Known = {},
  ) => standing('R-2.7', title, { checkpoints, ...more }, { quorate, branch: quorate })
  const two = ['BBB', 'CCC']
  const versions = [
    { version: 2, witnesses: ['AAA', 'BBB', 'CCC'], byzantineNations: null },
    { version: 3, witnesses: NATIONS, byzantineNations: null },
  ]
  const unlinked = [cosigned(two, tree(10)), cosigned(['DDD'], tree(14))]
  return {
    'R-2.7-quorum': counted('three of four nations', [quorate10], tree(10)),
    'R-2.7-one-short': counted('two of four nations', [cosigned(two, tree(10))], null),
    'R-2.7-author-does-not-count': counted(
      'two of four nations and the author’s own',
      [cosigned(['AAA', ...two], tree(10))],
      null,
    ),
    'R-2.7-two-nodes-of-one-nation': counted(
      'two nations, one of them by two nodes',
      [cosigned([...two, 'BBB second'], tree(10))],
      null,
    ),
    'R-2.7-unknown-witness': counted(
      'two nations and a key that stands nowhere',
      [cosigned([...two, 'stranger'], tree(10))],
      null,
    ),
    'R-2.7-smaller-sizes-by-consistency': counted(
      'a cosignature counts for each smaller tree of its branch',
      [cosigned(two, tree(10)), cosigned(['DDD'], tree(14), tree(10))],
      tree(10),
    ),
    'R-2.7-consistency-in-steps': counted(
      'from 18 over 14 to 10',
      [cosigned(['BBB'], tree(10)), cosigned(['CCC'], tree(14), tree(10)), cosigned(['DDD'], tree(18), tree(14))],
      tree(10),
    ),
    'R-2.7-without-consistency': counted('trees that nobody has shown to be one branch', unlinked, null),
    'R-2.7-largest': counted(
      'of two quorate trees the larger',
      [quorate10, cosigned(['CCC', 'DDD', 'EEE'], tree(20), tree(10))],
      tree(20),
    ),
    'R-2.7-earlier-version': counted(
      'a quorum of version 2 counts from a GENESIS of version 2 on',
      [cosigned(two, tree(10))],
      tree(10),
      {
        registry: { ...registry, versions },
        genesisRegistryVersion: 2,
      },
    ),
    'R-2.7-version-before-the-genesis': counted('and not for a GENESIS of version 3', [cosigned(two, tree(10))], null, {
      registry: { ...registry, versions },
    }),
    'R-2.7-no-witness': counted('an alliance without witnesses has no quorum', [quorate10], null, {
      registry: { ...registry, versions: [{ version: 3, witnesses: ['AAA'], byzantineNations: null }] },
    }),
    'R-2.7-policy': counted('a policy of no liars asks for three of four too', [cosigned(two, tree(10))], null, {
      registry: { ...registry, versions: [{ version: 3, witnesses: NATIONS, byzantineNations: 0 }] },
    }),
  }
}

function contradictionCases(): NamedVectors {
  const versions = [
    { version: 3, witnesses: NATIONS, byzantineNations: null },
    { version: 4, witnesses: ['AAA', 'BBB', 'CCC'], byzantineNations: null },
  ]
  const rules = { ...registry, versions: [versions[0]!] }
  const later = { ...registry, versions }
  const fork = cosigned(['BBB', 'CCC', 'EEE'], tree(10, 'fork'))
  const shared = [
    cosigned(['BBB', 'CCC', 'DDD'], tree(10), tree(6)),
    cosigned(['BBB', 'CCC', 'EEE'], tree(12, 'fork'), tree(6)),
  ]
  const proof: ProofRecord = {
    kind: 'conflict',
    at: 0,
    trees: [cosigned([], tree(10)), cosigned([], tree(12, 'fork'), tree(10, 'fork'))],
  }
  const alarms = ['contradictory-checkpoints', 'contradictory-quorum']
  const old = cosigned(['CCC', 'DDD', 'EEE'], tree(10))
  return {
    'R-2.7-contradictory-quorums': standing(
      'R-2.7',
      'two quorate trees of one size in one version: neither counts',
      { registry: rules, checkpoints: [quorate10, fork] },
      { limit: 0, reason: 'conflict', alarms },
    ),
    'R-2.7-contradictory-quorums-in-two-versions': standing(
      'R-2.7',
      'the one that is quorate in the higher version wins',
      { registry: later, checkpoints: [old, fork] },
      {
        limit: 10,
        reason: 'conflict',
        branch: tree(10, 'fork'),
        quorate: tree(10, 'fork'),
        alarms: ['contradictory-checkpoints'],
      },
    ),
    'R-2.7-contradiction-of-a-tree-that-only-a-larger-one-shows': standing(
      'R-2.7',
      'of two trees that a third continues the larger continues the smaller: it contradicts what that one contradicts',
      {
        registry: later,
        checkpoints: [cosigned(['CCC', 'DDD', 'EEE'], tree(12), tree(11)), cosigned([], tree(12), tree(10)), fork],
      },
      {
        limit: 10,
        reason: 'conflict',
        branch: tree(10, 'fork'),
        quorate: tree(10, 'fork'),
        alarms: ['contradictory-checkpoints'],
      },
    ),
    'R-2.7-common-past-of-contradictory-quorums': standing(
      'R-2.7',
      'what both continue stays witnessed',
      { registry: rules, checkpoints: shared, proofs: [proof] },
      { limit: 6, reason: 'conflict', branch: tree(6), quorate: tree(6), alarms },
    ),
  }
}

function tables(): NamedVectors {
  const nations = Array.from({ length: 14 }, (_, n) => n)
  const sizes = (most: (n: number) => number) => nations.map(n => (n === 0 ? null : Math.floor((n + most(n)) / 2) + 1))
  const table = (byzantineNations: number | null, most: (n: number) => number): ChainVector => ({
    rule: 'R-2.7',
    title: `the quorum of 0 to 13 nations, ${byzantineNations === null ? 'by default' : `with f = ${byzantineNations}`}`,
    input: { kind: 'quorum', byzantineNations, nations },
    expect: { quorum: sizes(most) },
  })
  const cap = (n: number) => Math.floor((n - 1) / 3)
  const heads = ['AAA', 'BBB']
    .map(nation => logOf(3, 'main', 3, { nation }))
    .map(({ identity, entries }) => ({
      logId: toHex(identity.logId),
      size: entries.length,
      head: toHex(entries.at(-1)!.leaf),
    }))
  const sorted = heads.toSorted((a, b) => (a.logId < b.logId ? -1 : 1))
  const digest = frontierDigest(
    sorted.map(({ logId, size, head }) => ({
      logId: parseLogId(fromHex(logId)),
      size,
      head: parseHash(fromHex(head)),
    })),
  )
  return {
    'R-2.7-quorum-by-default': table(null, cap),
    'R-2.7-quorum-with-f-0': table(0, () => 0),
    'R-2.7-quorum-with-f-1': table(1, n => Math.min(1, cap(n))),
    'R-2.7-quorum-with-f-100': table(100, cap),
    'R-5.5-frontier-digest': {
      rule: 'R-5.5',
      title: 'the digest of a frontier, its logs given in descending order',
      input: { kind: 'frontier', heads: sorted.toReversed() },
      expect: { digest: toHex(digest) },
    },
  }
}
