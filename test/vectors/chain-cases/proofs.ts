import { concat, toHex } from '../../../src/base/bytes.ts'
import type { VerifiedCheckpoint } from '../../../src/chain/checkpoint.ts'
import { buildEntry } from '../../../src/chain/next-entry.ts'
import {
  buildBadLeaf,
  buildBrokenPrev,
  buildCheckpointConflict,
  buildSamePosition,
  buildSameSeq,
  encodeProof,
} from '../../../src/chain/proof-build.ts'
import { buildOpenConsistency } from '../../../src/merkle/consistency.ts'
import { buildInclusion } from '../../../src/merkle/inclusion.ts'
import type { Proof } from '../../../src/wire/gen/tocsin.ts'
import {
  alliance,
  batchOf,
  bytesOf,
  checkpointOf,
  envelopeOf,
  hashAtOf,
  logOf,
  openLog,
  type TestLog,
  withBadSignature,
} from '../../support/chain-fixture.ts'
import type { ChainVector, NamedVectors } from './vector.ts'

const main = logOf(9)
const fork = logOf(11, 'fork', 3)
const genesis = main.entries[0]!
const logHex = toHex(main.identity.logId)

function proofVector(
  title: string,
  proof: Proof,
  expect: Record<string, unknown>,
  keys: readonly TestLog[] = [main],
  rule = 'R-2.5',
): ChainVector {
  return {
    rule,
    title,
    input: {
      kind: 'proof',
      allianceId: toHex(alliance),
      keys: keys.map(({ identity }) => ({ nation: identity.nation, signPk: toHex(identity.signPk) })),
      proof: toHex(encodeProof(proof)),
    },
    expect,
  }
}

function proves(title: string, proof: Proof, type: number, effect: string, at: number): ChainVector {
  return proofVector(title, proof, { type, logs: [logHex], effect, at })
}

function fails(title: string, proof: Proof, code = 'proof-proves-nothing'): ChainVector {
  return proofVector(title, proof, { code })
}

/** A log whose leaf 4 is no entry, with the author's checkpoint over it. */
const rotten: TestLog = { ...main, entries: main.entries.with(4, withBadSignature(main.entries[4]!)) }

export function proofVectors(): NamedVectors {
  return { ...entryProofs(), ...checkpointProofs(), ...leafProofs(), ...formFaults() }
}

function entryProofs(): NamedVectors {
  const sameSeq = buildSameSeq(main.entries[5]!, fork.entries[5]!, genesis)
  const broken = buildBrokenPrev(main.entries[4]!, fork.entries[5]!, genesis)
  const left = openLog({ genesis: { nonce: bytesOf('left').subarray(0, 16) } })
  const right = openLog({ genesis: { nonce: bytesOf('right').subarray(0, 16) } })
  const next = openLog({
    genesis: { incarnation: 2, predecessor: { logId: left.identity.logId, size: 1, root: bytesOf('root') } },
  })
  const position = buildSamePosition(left.entries[0]!, right.entries[0]!)
  const [a, b] = [left, right].sort((x, y) => (toHex(x.entries[0]!.leaf) < toHex(y.entries[0]!.leaf) ? -1 : 1))
  const forged = { ...withBadSignature(fork.entries[5]!) }
  const others = [...main.entries.slice(0, 5), fork.entries[5]!]
  const reissued = openLog({ timeMs: 1_790_000_000_001 }).entries[0]!
  return {
    'R-2.5-proof-same-seq': proves('two entries at seq 5', sameSeq, 1, 'conflict', 5),
    'R-2.5-proof-same-seq-of-two-genesis': proves(
      'two GENESIS entries with one body',
      buildSameSeq(genesis, reissued, genesis),
      1,
      'conflict',
      0,
    ),
    'R-2.5-proof-broken-prev': proves('entry 5 does not follow entry 4', broken, 2, 'conflict', 4),
    'R-2.1-proof-same-position': proofVector(
      'two GENESIS of one key and incarnation',
      position,
      { type: 1, logs: [toHex(a!.identity.logId), toHex(b!.identity.logId)], effect: 'conflict', at: 0 },
      [left],
      'R-2.1',
    ),
    'R-2.1-proof-of-two-incarnations': proofVector(
      'two GENESIS of one key, of incarnations 1 and 2',
      buildSamePosition(left.entries[0]!, next.entries[0]!),
      { code: 'proof-proves-nothing' },
      [left],
      'R-2.1',
    ),
    'R-2.5-proof-one-entry-twice': fails(
      'one entry shown twice',
      buildSameSeq(main.entries[5]!, main.entries[5]!, genesis),
      'proof-malformed',
    ),
    'R-2.5-proof-two-seqs': fails('entries at two seqs', buildSameSeq(main.entries[5]!, fork.entries[6]!, genesis)),
    'R-2.5-proof-unsigned-entry': fails(
      'an entry that the author never signed',
      buildSameSeq(main.entries[5]!, forged, genesis),
    ),
    'R-2.5-proof-entry-of-another-log': fails(
      'an entry of another log of the same key',
      buildBrokenPrev(
        main.entries[0]!,
        logOf(2, 'x', 0, { genesis: { nonce: bytesOf('left').subarray(0, 16) } }).entries[1]!,
        genesis,
      ),
    ),
    'R-2.5-proof-of-a-sound-link': fails(
      'entry 5 follows entry 4',
      buildBrokenPrev(others[4]!, main.entries[5]!, genesis),
    ),
    'R-2.5-proof-not-adjacent': fails('entries 4 and 6', buildBrokenPrev(main.entries[4]!, fork.entries[6]!, genesis)),
    'R-2.5-proof-unknown-key': proofVector(
      'the key of the log stands in no document',
      sameSeq,
      { code: 'genesis-key-unknown' },
      [],
    ),
    'R-2.5-proof-entries-with-bodies': fails(
      'an entry with its body',
      { ...sameSeq, entries: sameSeq.entries.map((_, i) => envelopeOf([main, fork][i]!.entries[5]!)) },
      'proof-malformed',
    ),
    'R-2.5-proof-entries-in-wrong-order': fails(
      'two entries in descending order of their leaves',
      { ...sameSeq, entries: sameSeq.entries.toReversed() },
      'proof-malformed',
    ),
  }
}

function checkpointProofs(): NamedVectors {
  const conflict = (a: VerifiedCheckpoint, b: VerifiedCheckpoint, of: TestLog) =>
    buildCheckpointConflict(a, b, a.size === b.size ? [] : buildOpenConsistency(hashAtOf(of), a.size, b.size), genesis)
  const apart = conflict(checkpointOf(main, 7), checkpointOf(fork, 10), fork)
  const power = conflict(checkpointOf(main, 8), checkpointOf(fork, 10), fork)
  const equal = conflict(checkpointOf(main, 6), checkpointOf(fork, 6), fork)
  const sound = conflict(checkpointOf(main, 5), checkpointOf(main, 9), main)
  const stranger = logOf(8, 'main', 8, { nation: 'BBB' })
  return {
    'R-2.5-proof-checkpoints': proves('the tree of 10 does not continue that of 7', apart, 3, 'conflict', 0),
    'R-2.5-proof-checkpoints-power-of-two': proves(
      'the tree of 10 does not continue that of 8',
      power,
      3,
      'conflict',
      0,
    ),
    'R-2.5-proof-checkpoints-one-size': proves('two trees of 6', equal, 3, 'conflict', 0),
    'R-2.5-proof-consistent-checkpoints': fails('the tree of 9 continues that of 5', sound),
    'R-2.5-proof-one-checkpoint-twice': fails(
      'one checkpoint shown twice',
      conflict(checkpointOf(main, 6), checkpointOf(main, 6), main),
      'proof-malformed',
    ),
    'R-2.5-proof-checkpoints-path-short': fails('a path without its last step', {
      ...apart,
      path: apart.path.slice(0, -1),
    }),
    'R-2.5-proof-checkpoints-path-long': fails('a path with a step too many', {
      ...apart,
      path: [...apart.path, bytesOf('step')],
    }),
    'R-2.5-proof-checkpoints-path-forged': fails('a path that leads to another root', {
      ...apart,
      path: apart.path.with(0, bytesOf('step')),
    }),
    'R-2.5-proof-checkpoints-path-between-equal-sizes': fails(
      'a path between two trees of one size',
      { ...equal, path: [bytesOf('step')] },
      'proof-malformed',
    ),
    'R-2.5-proof-checkpoint-of-another-log': fails(
      'a checkpoint of another log',
      { ...equal, notes: [equal.notes[0]!, checkpointOf(stranger).note] },
      'checkpoint-malformed',
    ),
  }
}

function leafProofs(): NamedVectors {
  const path = buildInclusion(hashAtOf(rotten), 4, 9)
  const bad = buildBadLeaf(rotten.entries[4]!, checkpointOf(rotten), path, genesis)
  const soundPath = buildInclusion(hashAtOf(main), 4, 9)
  const foreign = logOf(5, 'x', 0, { nation: 'BBB' }).entries[4]!
  const swapped: TestLog = { ...main, entries: main.entries.with(4, foreign) }
  return {
    'R-2.5-proof-bad-leaf': proves('leaf 4 of the author’s tree has no valid signature', bad, 4, 'bad-leaf', 4),
    'R-2.5-proof-leaf-of-another-log': proves(
      'leaf 4 of the author’s tree is an entry of another log',
      buildBadLeaf(foreign, checkpointOf(swapped), buildInclusion(hashAtOf(swapped), 4, 9), genesis),
      4,
      'bad-leaf',
      4,
    ),
    'R-2.5-proof-sound-leaf': fails(
      'leaf 4 has a valid signature',
      buildBadLeaf(main.entries[4]!, checkpointOf(main), soundPath, genesis),
    ),
    'R-2.5-proof-leaf-not-in-tree': fails(
      'a leaf that the tree does not hold',
      buildBadLeaf(rotten.entries[4]!, checkpointOf(main), soundPath, genesis),
    ),
    'R-2.5-proof-leaf-path-short': fails('a path without its last step', { ...bad, path: bad.path.slice(0, -1) }),
    'R-2.5-proof-leaf-path-long': fails('a path with a step too many', {
      ...bad,
      path: [...bad.path, bytesOf('step')],
    }),
    'R-2.5-proof-leaf-too-short': fails(
      'a leaf of 64 bytes',
      { ...bad, leaf: bad.leaf.subarray(-64) },
      'proof-malformed',
    ),
    'R-2.5-proof-leaf-is-no-entry': fails(
      'a leaf that is no header',
      { ...bad, leaf: concat(bytesOf('no header'), bad.leaf.subarray(-64)) },
      'wire-undecodable',
    ),
  }
}

function formFaults(): NamedVectors {
  const proof = buildSameSeq(main.entries[5]!, fork.entries[5]!, genesis)
  const unsigned = buildEntry(
    alliance,
    { logId: main.identity.logId, seq: 5, prev: bytesOf('prev') },
    batchOf('x'),
    () => new Uint8Array(64),
  )
  return {
    'R-2.5-proof-unknown-type': fails('type 5', { ...proof, type: 5 }, 'proof-malformed'),
    'R-2.5-proof-without-genesis': fails('no GENESIS', { ...proof, genesis: undefined }, 'proof-malformed'),
    'R-2.5-proof-with-a-superfluous-note': fails(
      'a note that its type has no use for',
      { ...proof, notes: [checkpointOf(main).note] },
      'proof-malformed',
    ),
    'R-2.5-proof-with-a-superfluous-path': fails(
      'a path that its type has no use for',
      { ...proof, path: [bytesOf('step')] },
      'proof-malformed',
    ),
    'R-2.5-proof-with-one-entry': fails(
      'a single entry',
      { ...proof, entries: proof.entries.slice(1) },
      'proof-malformed',
    ),
    'R-2.5-proof-with-three-entries': fails(
      'three entries',
      { ...proof, entries: [...proof.entries, proof.entries[0]!] },
      'proof-malformed',
    ),
    'R-2.5-proof-zero-signature': fails(
      'an entry with a signature of zero bytes',
      buildSameSeq(main.entries[5]!, unsigned, genesis),
    ),
    'R-2.5-proof-genesis-without-body': fails(
      'a GENESIS without its body',
      { ...proof, genesis: { ...proof.genesis!, body: new Uint8Array(0) } },
      'genesis-invalid',
    ),
  }
}
