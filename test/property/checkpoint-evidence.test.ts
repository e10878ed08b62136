import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { buildCosignature, verifyCosignature } from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence, verifyCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { encodeFact } from '../../src/chain/checkpoint-facts.ts'
import type { WitnessRegistry } from '../../src/chain/quorum.ts'
import { type Evidence, standingOf } from '../../src/chain/standing.ts'
import { buildOpenConsistency } from '../../src/merkle/consistency.ts'
import { createLogEvidence, type LogEvidence } from '../../src/node/log-evidence.ts'
import {
  alliance,
  checkpointOf,
  contextOf,
  envelopeOf,
  hashAtOf,
  logOf,
  REGISTRY_VERSION,
  signerOf,
} from '../support/chain-fixture.ts'

const SIZE = 9
const honest = logOf(SIZE)
const fork = logOf(SIZE, 'fork', 4)
const witnesses = ['BBB', 'CCC', 'DDD', 'EEE'].map(name => ({
  nation: parseNationId(name),
  signer: signerOf(`witness ${name}`),
}))
const context = { ...contextOf(honest), isWitness: () => true }
const nations = new Map(witnesses.map(({ nation, signer }) => [toHex(signer.publicKey), nation]))
const registry: WitnessRegistry = {
  versions: [{ version: REGISTRY_VERSION, witnesses: new Set(nations.values()), byzantineNations: undefined }],
  nationOf: pk => nations.get(pk),
}

interface Message {
  readonly branch: 'honest' | 'fork'
  readonly size: number
  /** Its cosigners, as indices. */
  readonly by: readonly number[]
  readonly timeSeconds: number
  /** A smaller size that it is shown to continue; 0: none. */
  readonly from: number
}

const messages = fc.array(
  fc.record<Message>({
    branch: fc.constantFrom('honest', 'honest', 'honest', 'fork'),
    size: fc.integer({ min: 1, max: SIZE }),
    by: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    timeSeconds: fc.integer({ min: 1, max: 3 }),
    from: fc.integer({ min: 0, max: SIZE - 1 }),
  }),
  { minLength: 1, maxLength: 14 },
)

/** On the fork only the last witness signs: f = 1 of four. */
function bytesOf({ branch, size, by: asked, timeSeconds, from }: Message): Uint8Array {
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
    genesis: envelopeOf(honest.entries[0]!),
    ...(path === undefined ? {} : { continues: { fromSize: from, path } }),
  })
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
