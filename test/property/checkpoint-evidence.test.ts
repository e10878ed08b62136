import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { buildCosignature, type VerifiedCheckpoint, verifyCosignature } from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence, verifyCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { encodeFact } from '../../src/chain/checkpoint-facts.ts'
import { buildPostQuantumLine, postQuantumTree } from '../../src/chain/post-quantum.ts'
import type { WitnessRegistry } from '../../src/chain/quorum.ts'
import { type Evidence, standingOf } from '../../src/chain/standing.ts'
import { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import { buildOpenConsistency } from '../../src/merkle/consistency.ts'
import { createLogEvidence, type LogEvidence } from '../../src/node/knowledge/log-evidence.ts'
import {
  alliance,
  checkpointOf,
  contextOf,
  envelopeOf,
  hashAtOf,
  logOf,
  REGISTRY_VERSION,
  bytesOf as seedOf,
  signerOf,
} from '../support/chain-fixture.ts'

const SIZE = 9
const honest = logOf(SIZE)
const fork = logOf(SIZE, 'fork', 4)
const witnesses = ['BBB', 'CCC', 'DDD', 'EEE'].map(name => ({
  nation: parseNationId(name),
  signer: signerOf(`witness ${name}`),
}))
const author = createMlDsa44Signer(seedOf('ml-dsa-44 author'))
const context = { ...contextOf(honest), isWitness: () => true, postQuantumKeys: () => [author.publicKey] }
const nations = new Map(witnesses.map(({ nation, signer }) => [toHex(signer.publicKey), nation]))
const registry: WitnessRegistry = {
  versions: [{ version: REGISTRY_VERSION, witnesses: new Set(nations.values()), byzantineNations: undefined }],
  nationsOf: pk => [nations.get(pk) ?? []].flat(),
}

/** In three years. */
const LINE_TIMES = ['2026-03-01', '2026-12-31', '2027-01-01', '2028-06-01'].map(day => Date.parse(day) / 1000)

interface Message {
  readonly branch: 'honest' | 'fork'
  readonly size: number
  /** Its cosigners, as indices. */
  readonly by: readonly number[]
  readonly timeSeconds: number
  /** A smaller size that it is shown to continue; 0: none. */
  readonly from: number
  /** When its author signed it with the ML-DSA-44 key too, as an index of times; undefined: it did not. */
  readonly line: number | undefined
}

const messages = fc.array(
  fc.record<Message>({
    branch: fc.constantFrom('honest', 'honest', 'honest', 'fork'),
    size: fc.integer({ min: 1, max: SIZE }),
    by: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    timeSeconds: fc.integer({ min: 1, max: 3 }),
    from: fc.integer({ min: 0, max: SIZE - 1 }),
    line: fc.option(fc.integer({ min: 0, max: LINE_TIMES.length - 1 }), { nil: undefined, freq: 3 }),
  }),
  { minLength: 1, maxLength: 14 },
)

/** On the fork only the last witness signs: f = 1 of four. */
function bytesOf({ branch, size, by: asked, timeSeconds, from, line }: Message): Uint8Array {
  const by = branch === 'honest' ? asked : asked.filter(i => i === 3)
  const log = branch === 'honest' ? honest : fork
  const checkpoint = checkpointOf(log, size)
  const cosignatures = by.map(i =>
    verifyCosignature(buildCosignature(alliance, checkpoint, witnesses[i]!.signer, timeSeconds), checkpoint, alliance),
  )
  const path = from > 0 && from < size ? buildOpenConsistency(hashAtOf(log), from, size) : undefined
  return buildCheckpointEvidence({
    checkpoint,
    cosignatures,
    postQuantum: line === undefined ? undefined : lineOf(checkpoint, LINE_TIMES[line]!),
    genesis: envelopeOf(honest.entries[0]!),
    ...(path === undefined ? {} : { continues: { fromSize: from, path } }),
  })
}

function lineOf(checkpoint: VerifiedCheckpoint, timeSeconds: number) {
  return { timeSeconds, line: buildPostQuantumLine(alliance, checkpoint, author, timeSeconds) }
}

function evidenceOf(held: LogEvidence): Evidence {
  return { authority: { kind: 'active' }, registry, ...held.of(honest.identity) }
}

function add(held: LogEvidence, ...messages: readonly Uint8Array[]): void {
  const offered = messages.map(bytes => verifyCheckpointEvidence(bytes, context))
  held.addCheckpoints(offered, () => evidenceOf(held))
}

/** What a node passes on: the bytes by which others name what they hold. */
function bodies(held: LogEvidence): string[] {
  const all = held.checkpoints(honest.identity.logId).map(encodeFact)
  return all.map(toHex).sort()
}

function quorate(held: LogEvidence) {
  return standingOf(honest.identity, evidenceOf(held)).quorate?.size ?? 0
}

test('Q never falls, whatever else is said while no more lie than are reckoned with', () => {
  fc.assert(
    fc.property(messages, all => {
      const held = createLogEvidence()
      let reached = 0
      for (const message of all) {
        add(held, bytesOf(message))
        expect(quorate(held)).toBeGreaterThanOrEqual(reached)
        reached = quorate(held)
      }
    }),
    { numRuns: 100 },
  )
})

test('nodes that heard the same in any order hold the same bytes once they have asked each other', () => {
  const order = fc.array(fc.nat(), { minLength: 14, maxLength: 14 })
  fc.assert(
    fc.property(messages, order, order, (all, left, right) => {
      const bytes = all.map(bytesOf)
      const nodes = [left, right].map(keys => {
        const held = createLogEvidence()
        for (const i of bytes
          .keys()
          .toArray()
          .sort((a, b) => keys[a]! - keys[b]!))
          add(held, bytes[i]!)
        return held
      }) as [LogEvidence, LogEvidence]
      for (let round = 0; round < 2; round++) {
        const [a, b] = nodes.map(bodies) as [string[], string[]]
        add(nodes[1], ...a.map(fromHex))
        add(nodes[0], ...b.map(fromHex))
      }
      expect(bodies(nodes[0])).toEqual(bodies(nodes[1]))
      expect(quorate(nodes[0])).toBe(quorate(nodes[1]))
    }),
    { numRuns: 100 },
  )
})

test('of the author’s ML-DSA-44 lines the largest tree of each year is kept, whatever came first', () => {
  fc.assert(
    fc.property(messages, all => {
      const held = createLogEvidence()
      for (const message of all) add(held, bytesOf(message))
      const signed = all.filter(({ line }) => line !== undefined)
      const largest = (among: readonly Message[]) => Math.max(0, ...among.map(({ size }) => size))
      const facts = held.checkpoints(honest.identity.logId)
      expect(postQuantumTree(facts)?.size ?? 0).toBe(largest(signed))
      const years = Map.groupBy(signed, ({ line }) => new Date(LINE_TIMES[line!]! * 1000).getUTCFullYear())
      const kept = facts.flatMap(({ checkpoint, postQuantum }) => (postQuantum === undefined ? [] : [checkpoint.size]))
      expect(kept.sort()).toEqual([...years.values()].map(largest).sort())
    }),
    { numRuns: 60 },
  )
})
