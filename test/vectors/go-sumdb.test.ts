import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { concat, fromBase64, fromUtf8, toBase64, utf8 } from '../../src/base/bytes.ts'
import { ProtocolError } from '../../src/base/errors.ts'
import { type Hash, parseHash } from '../../src/base/ids.ts'
import { buildCosignature, verifyCosignature } from '../../src/chain/checkpoint.ts'
import { openCheckpoint } from '../../src/crypto/checkpoint.ts'
import { checkEd25519Cosignature, cosignMlDsa44 } from '../../src/crypto/cosignature.ts'
import { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import {
  encodeSignedNote,
  NOTE_TYPE_ED25519,
  NOTE_TYPE_ED25519_COSIGNATURE,
  parseSignatureLine,
  parseSignedNote,
} from '../../src/crypto/signed-note.ts'
import { buildConsistency, verifyConsistency } from '../../src/merkle/consistency.ts'
import { buildInclusion, verifyInclusion } from '../../src/merkle/inclusion.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { openStore } from '../../src/store/open.ts'
import { parseEnvelope } from '../../src/wire/entry.ts'
import { alliance, bytesOf, checkpointOf, leavesOf, logOf, signerOf } from '../support/chain-fixture.ts'
import { buildGoSumdb, type GoKey, type GoQuestion, type GoSumdb, goMissing } from '../support/go-sumdb.ts'
import { StoreAuthor } from '../support/store-author.ts'

/**
 * Checkpoints, cosignatures and proofs are what they say they are to another implementation too: Go's
 * `golang.org/x/mod/sumdb/{note,tlog}`. What one makes the other accepts, and both refuse the same spoiled things.
 */

const missing = goMissing()
if (missing !== undefined) console.warn(`skipped: Go cannot check what is made here: ${missing}`)

describe.skipIf(missing !== undefined)('golang.org/x/mod/sumdb', () => {
  let go: GoSumdb
  beforeAll(() => {
    go = buildGoSumdb()
  }, 120_000)
  afterAll(() => go?.[Symbol.dispose]())

  /** Expects Go to answer each question as is said beside it. */
  function expectAnswers(asked: readonly (readonly [GoQuestion, boolean])[]): void {
    const answers = go.check(asked.map(([question]) => question))
    const wrong = asked.filter(([, accepted], i) => (answers[i]!.error === '') !== accepted)
    expect(wrong).toEqual([])
    expect(answers).toHaveLength(asked.length)
  }

  // --- trees ------------------------------------------------------------------------------------------------------

  it('hashes an entry to the same leaf', () => {
    const { entries } = logOf(3)
    const record = ({ headerBytes, signature }: (typeof entries)[number]) => concat(headerBytes, signature)
    const answers = go.check(entries.map(entry => ({ kind: 'record', record: record(entry) })))
    expect(answers.map(({ hash }) => hash)).toEqual(entries.map(({ leaf }) => toBase64(leaf)))
  })

  it('accepts every inclusion proof of small logs, and refuses it spoiled as we do', () => {
    const leaves = leavesOf(logOf(20).entries)
    const asked: [GoQuestion, boolean][] = []
    for (let size = 1; size <= leaves.length; size++) {
      const root = rootOf(leaves.slice(0, size))
      for (let index = 0; index < size; index++) {
        const path = buildInclusion(hashAtFromLeaves(leaves), index, size)
        for (const spoiled of spoiledPaths(path)) {
          const proof = { path: spoiled, index, leaf: leaves[index]!, size, root }
          asked.push([{ kind: 'inclusion', ...proof }, verifyInclusion(proof)])
        }
        for (const proof of [
          { path, index, leaf: leaves[index]!, size: size + 1, root },
          { path, index: (index + 1) % size, leaf: leaves[index]!, size, root },
          { path, index, leaf: bytesOf('another leaf'), size, root },
          { path, index, leaf: leaves[index]!, size, root: bytesOf('another root') },
        ]) {
          asked.push([{ kind: 'inclusion', ...proof }, verifyInclusion(proof)])
        }
      }
    }
    expectAnswers(asked)
    expect(asked.filter(([, accepted]) => accepted).length).toBeGreaterThanOrEqual(210)
    expect(asked.filter(([, accepted]) => !accepted).length).toBeGreaterThan(1000)
  })

  it('accepts every consistency proof of small logs, and refuses it spoiled as we do', () => {
    const leaves = leavesOf(logOf(20).entries)
    const asked: [GoQuestion, boolean][] = []
    for (let toSize = 1; toSize <= leaves.length; toSize++) {
      const toRoot = rootOf(leaves.slice(0, toSize))
      for (let fromSize = 1; fromSize <= toSize; fromSize++) {
        const fromRoot = rootOf(leaves.slice(0, fromSize))
        const path = buildConsistency(hashAtFromLeaves(leaves), fromSize, toSize)
        for (const spoiled of spoiledPaths(path)) add({ fromSize, fromRoot, toSize, toRoot, path: spoiled })
        add({ fromSize, fromRoot: bytesOf('another root'), toSize, toRoot, path })
        add({ fromSize, fromRoot, toSize, toRoot: bytesOf('another root'), path })
        add({ fromSize, fromRoot: toRoot, toSize, toRoot: fromRoot, path })
      }
    }
    function add(proof: Parameters<typeof verifyConsistency>[0]): void {
      const { path, fromSize, fromRoot, toSize: size, toRoot: root } = proof
      asked.push([{ kind: 'consistency', path, fromSize, fromRoot, size, root }, verifyConsistency(proof)])
    }
    expectAnswers(asked)
    expect(asked.filter(([, accepted]) => accepted).length).toBeGreaterThanOrEqual(210)
    expect(asked.filter(([, accepted]) => !accepted).length).toBeGreaterThan(800)
  })

  it('accepts proofs that a store makes from its tiles', async () => {
    await using store = await openStore({ memory: true })
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [author.append(600)] })
    const hashAt = store.hashAt(author.logId)
    const leaves = leavesOf((await store.entriesRange(author.logId, 0, 601)).map(parseEnvelope))
    const rootAt = (size: number) => rootOf(leaves.slice(0, size))
    const sizes = [255, 256, 257, 512, 601]
    expectAnswers(
      sizes.flatMap(size => [
        ...[0, 1, 128, size - 1].map(index => {
          const path = buildInclusion(hashAt, index, size)
          return [{ kind: 'inclusion', path, index, leaf: leaves[index]!, size, root: rootAt(size) }, true] as const
        }),
        ...[1, 200, 254].map(fromSize => {
          const path = buildConsistency(hashAt, fromSize, size)
          const question = { path, fromSize, fromRoot: rootAt(fromSize), size, root: rootAt(size) }
          return [{ kind: 'consistency', ...question }, true] as const
        }),
      ]),
    )
  })

  it('makes proofs that are accepted here, and none of them spoiled', () => {
    const made = go.make(24)
    const leaves = made.leaves.map(hashOf)
    const roots = made.roots.map(hashOf)
    expect(roots).toEqual(leaves.map((_, last) => rootOf(leaves.slice(0, last + 1))))
    for (const { at: index, size, path } of made.inclusions) {
      const proof = { leaf: leaves[index]!, index, size, root: roots[size - 1]!, path: path.map(hashOf) }
      expectOnlyWhole(proof, verifyInclusion)
    }
    for (const { at: fromSize, size: toSize, path } of made.consistencies) {
      const ends = { fromSize, fromRoot: roots[fromSize - 1]!, toSize, toRoot: roots[toSize - 1]! }
      expectOnlyWhole({ ...ends, path: path.map(hashOf) }, verifyConsistency)
    }
    expect([made.inclusions.length, made.consistencies.length]).toEqual([300, 300])
  })

  // --- signed notes -----------------------------------------------------------------------------------------------

  const log = logOf(7)
  const checkpoint = checkpointOf(log)
  const witnesses = ['BBB', 'CCC'].map(name => signerOf(`witness ${name}`))
  const cosignatures = witnesses.map((witness, i) =>
    parseSignatureLine(buildCosignature(alliance, checkpoint, witness, 1_790_000_000 + i)),
  )
  const own = parseSignedNote(checkpoint.note).signatures[0]!
  const head = { origin: own.name, size: checkpoint.size, root: checkpoint.root }
  const postQuantum = cosignMlDsa44(head, own.name, createMlDsa44Signer(bytesOf('ML-DSA-44')), 1_790_000_000)
  const note = encodeSignedNote({ text: checkpoint.text, signatures: [own, ...cosignatures, postQuantum] })
  const authorKey: GoKey = { name: own.name, type: NOTE_TYPE_ED25519, key: log.signer.publicKey }
  const witnessKeys: readonly GoKey[] = witnesses.map(({ publicKey }, i) => ({
    name: cosignatures[i]!.name,
    type: NOTE_TYPE_ED25519_COSIGNATURE,
    key: publicKey,
  }))
  const keys = [authorKey, ...witnessKeys]

  it('opens a checkpoint with its cosignatures, and passes over the post-quantum line', () => {
    expect(go.check([{ kind: 'note', note, keys }])).toEqual([
      { error: '', text: checkpoint.text, verified: keys.map(({ name }) => name), unknown: [own.name] },
    ])
  })

  it('opens the bare checkpoint as it travels', () => {
    const [answer] = go.check([{ kind: 'note', note: checkpoint.note, keys }])
    expect(answer).toEqual({ error: '', text: checkpoint.text, verified: [own.name] })
  })

  it('opens a note of 64 lines, the most that an exported one has', () => {
    const many = Array.from({ length: 63 }, (_, i) => signerOf(`witness ${i}`))
    const lines = many.map(each => parseSignatureLine(buildCosignature(alliance, checkpoint, each, 1_790_000_000)))
    const long = encodeSignedNote({ text: checkpoint.text, signatures: [own, ...lines] })
    const [answer] = go.check([{ kind: 'note', note: long, keys: [authorKey] }])
    expect(answer).toMatchObject({ error: '', verified: [own.name] })
    expect(answer!.unknown).toHaveLength(63)
  })

  it.each([
    ['a text with another size', () => replaced('\n7\n', '\n8\n')],
    ['a text with another root', () => replaced(toBase64(checkpoint.root), toBase64(bytesOf('another root')))],
    ['a text with another origin', () => replaced(own.name, `${own.name.slice(0, -1)}0`)],
    ['an author that signed something else', () => withLine(0, { ...own, signature: flipped(own.signature) })],
    [
      'a cosignature with another time',
      () => withLine(1, { ...cosignatures[0]!, signature: flipped(cosignatures[0]!.signature, 7) }),
    ],
    [
      'a cosignature that is cut',
      () => withLine(1, { ...cosignatures[0]!, signature: cosignatures[0]!.signature.slice(0, -1) }),
    ],
    [
      'a cosignature under the key of another',
      () => withLine(1, { ...cosignatures[1]!, name: cosignatures[0]!.name, keyId: cosignatures[0]!.keyId }),
    ],
  ])('refuses %s, as we do', (_, spoil) => {
    const spoiled = spoil()
    expect(go.check([{ kind: 'note', note: spoiled, keys }])[0]!.error).not.toBe('')
    expect(() => openWhole(spoiled)).toThrow(ProtocolError)
  })

  it('does not take an author’s signature for a cosignature, nor the other way round', () => {
    const swapped = keys.map(key => ({ ...key, type: key.type === 1 ? 4 : 1 }))
    expect(go.check([{ kind: 'note', note, keys: swapped }])[0]!.error).toContain('no verifiable signatures')
  })

  it('signs and cosigns notes that are opened here, and none of them spoiled', () => {
    const made = go.make(5)
    const witness = { name: made.witness, publicKey: fromBase64(made.witnessKey) }
    for (const [last, encoded] of made.notes.entries()) {
      const signed = fromBase64(encoded)
      const opened = openCheckpoint(signed, made.origin, fromBase64(made.key))
      expect(opened.head).toEqual({ origin: made.origin, size: last + 1, root: hashOf(made.roots[last]!) })
      const line = opened.signatures.find(({ name }) => name === made.witness)!
      const valid = { kind: 'valid', timeSeconds: made.timeSeconds }
      expect(checkEd25519Cosignature(opened.text, witness, line)).toEqual(valid)
      expect(checkEd25519Cosignature(`${opened.text}more\n`, witness, line)).toEqual({ kind: 'invalid' })
      const text = signed.slice()
      text[made.origin.length + 1]! ^= 1
      expect(() => openCheckpoint(text, made.origin, fromBase64(made.key))).toThrow(ProtocolError)
      expect(() => openCheckpoint(signed, made.origin, witness.publicKey)).toThrow(ProtocolError)
    }
  })

  /** Opens a note with all its cosignatures, as a reader does who knows all these keys. */
  function openWhole(bytes: Uint8Array): void {
    const { text, signatures } = openCheckpoint(bytes, own.name, log.signer.publicKey)
    for (const line of signatures.filter(({ name }) => name !== own.name)) {
      const encoded = encodeSignedNote({ text, signatures: [line] })
      const lineBytes = encoded.slice(utf8(text).length + 1, -1)
      verifyCosignature(lineBytes, { ...checkpoint, text }, alliance)
    }
  }

  function replaced(from: string, to: string): Uint8Array {
    const text = fromUtf8(note)
    expect(text).toContain(from)
    return utf8(text.replace(from, to))
  }

  function withLine(index: number, line: typeof own): Uint8Array {
    return encodeSignedNote({ text: checkpoint.text, signatures: [own, ...cosignatures].with(index, line) })
  }
})

/** The path whole, and with a step more, less, doubled, swapped, and a bit in each of its steps turned. */
function spoiledPaths(path: readonly Hash[]): readonly (readonly Hash[])[] {
  const steps = path.map((_, i) => i)
  return [
    path,
    [...path, bytesOf('a step more')],
    [bytesOf('a step more'), ...path],
    ...steps.map(i => path.toSpliced(i, 1)),
    ...steps.map(i => path.with(i, parseHash(flipped(path[i]!)))),
    ...steps.slice(1).map(i => path.with(i, path[i - 1]!).with(i - 1, path[i]!)),
  ]
}

function expectOnlyWhole<T extends { readonly path: readonly Hash[] }>(proof: T, verify: (proof: T) => boolean): void {
  const [whole, ...spoiled] = spoiledPaths(proof.path)
  expect(verify({ ...proof, path: whole! })).toBe(true)
  for (const path of spoiled) expect(verify({ ...proof, path })).toBe(false)
}

function hashOf(text: string): Hash {
  return parseHash(fromBase64(text))
}

function flipped(bytes: Uint8Array, at = bytes.length - 1): Uint8Array {
  const other = bytes.slice()
  other[at]! ^= 1
  return other
}
