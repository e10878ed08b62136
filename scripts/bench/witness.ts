/** What checkpoints and cosignatures cost in an alliance of 32 and of 200 nations, each with a log of its own. */
import { toHex } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { buildCosignature, verifyCosignature } from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence, verifyCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { factEffect } from '../../src/chain/checkpoint-facts.ts'
import { chooseTreeToCosign } from '../../src/chain/cosigning.ts'
import { quorumOf, type WitnessRegistry } from '../../src/chain/quorum.ts'
import { standingOf } from '../../src/chain/standing.ts'
import { checkMlDsa44Cosignature, cosignMlDsa44 } from '../../src/crypto/cosignature.ts'
import { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import { installNative } from '../../src/crypto/native.ts'
import { encodeSignatureLine } from '../../src/crypto/signed-note.ts'
import {
  alliance,
  bytesOf,
  checkpointOf,
  contextOf,
  envelopeOf,
  logOf,
  signerOf,
} from '../../test/support/chain-fixture.ts'
import type { Report } from '../bench-figure.ts'
import { measureVerify } from './floor/ed25519.ts'

export const name = 'witness'

const NATIONS = [32, 200] as const
const LOG_SIZE = 8
const TIME_S = 1_790_000_000
const ROUNDS = 5

/** The best of some rounds, in milliseconds. */
function timeOf(work: () => void): number {
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    work()
    bestMs = Math.min(bestMs, performance.now() - started)
  }
  return bestMs
}

export async function run(report: Report): Promise<void> {
  installNative()
  const checkMs = 1000 / measureVerify(1000, 200)
  for (const count of NATIONS) measureAlliance(count, checkMs, report)
  measurePostQuantum(report)
}

function measureAlliance(count: number, checkMs: number, report: Report): void {
  const witnesses = Array.from({ length: count }, (_, i) => ({
    nation: parseNationId(`N${i}`),
    signer: signerOf(`witness ${i}`),
  }))
  const logs = witnesses.map(({ nation }) => logOf(LOG_SIZE, 'main', 0, { nation }))
  const registry: WitnessRegistry = registryOf(witnesses)
  const context = {
    ...contextOf(...logs),
    postQuantumKeys: () => [],
    isWitness: (pk: Uint8Array) => registry.nationsOf(toHex(pk)).length > 0,
  }
  const bare = logs.map(log => ({
    checkpoint: checkpointOf(log),
    cosignatures: [],
    genesis: envelopeOf(log.entries[0]!),
  }))
  const messages = bare.map(buildCheckpointEvidence)
  const me = witnesses[0]!.signer

  const round = timeOf(() => {
    for (const message of messages.slice(1)) {
      const of = verifyCheckpointEvidence(message, context)
      const view = {
        witnessPk: me.publicKey,
        stated: undefined,
        quorate: undefined,
        wholeSize: LOG_SIZE,
        isHeld: () => true,
      }
      const chosen = chooseTreeToCosign([{ ...factEffect(of), of }], view)
      buildCosignature(alliance, chosen!.of.checkpoint, me, TIME_S)
    }
  })
  // The GENESIS and the note of each are checked, and a signature is made, which takes about half a check.
  report({
    figure: `the checkpoints of ${count} nations cosigned by one`,
    value: round,
    unit: 'ms',
    floor: 2.5 * checkMs * (count - 1),
  })

  const [log, { checkpoint, genesis }] = [logs[0]!, bare[0]!]
  const others = witnesses.slice(1)
  const lines = others.map(({ signer }) => buildCosignature(alliance, checkpoint, signer, TIME_S))
  const checking = timeOf(() => {
    for (const line of lines) verifyCosignature(line, checkpoint, alliance)
  })
  report({
    figure: `the cosignatures of ${count} nations checked`,
    value: checking,
    unit: 'ms',
    floor: checkMs * (count - 1),
  })

  const quorum = quorumOf(others.length, undefined)!
  const cosignatures = lines.slice(0, quorum).map(line => verifyCosignature(line, checkpoint, alliance))
  const message = buildCheckpointEvidence({ checkpoint, cosignatures, genesis })
  report({ figure: `a checkpoint with its quorum of ${count} nations`, value: message.length, unit: 'bytes' })
  const evidence = {
    authority: { kind: 'active' as const },
    registry,
    checkpoints: [factEffect(verifyCheckpointEvidence(message, context))],
    proofs: [],
  }
  const deciding = timeOf(() => {
    for (let i = 0; i < 100; i++) standingOf(log.identity, evidence)
  })
  if (standingOf(log.identity, evidence).quorate === undefined) throw new Error('the quorum is none')
  report({ figure: `what stands decided by a quorum of ${count} nations`, value: deciding / 100, unit: 'ms' })
}

function registryOf(
  witnesses: readonly { nation: ReturnType<typeof parseNationId>; signer: { publicKey: Uint8Array } }[],
) {
  const nations = new Map(witnesses.map(({ nation, signer }) => [toHex(signer.publicKey), nation]))
  const rules = { version: 3, witnesses: new Set(nations.values()), byzantineNations: undefined }
  return { versions: [rules], nationsOf: (key: string) => [nations.get(key) ?? []].flat() }
}

function measurePostQuantum(report: Report): void {
  const signer = createMlDsa44Signer(bytesOf('ml-dsa seed'))
  const head = { origin: 'log.example', size: LOG_SIZE, root: bytesOf('root') }
  const line = cosignMlDsa44(head, head.origin, signer, TIME_S)
  const author = { name: head.origin, publicKey: signer.publicKey }
  report({ figure: 'an ML-DSA-44 line', value: encodeSignatureLine(line).length, unit: 'bytes' })
  const signing = timeOf(() => void cosignMlDsa44(head, head.origin, signer, TIME_S))
  report({ figure: 'an ML-DSA-44 line signed', value: signing, unit: 'ms' })
  const checking = timeOf(() => {
    if (checkMlDsa44Cosignature(head, author, line).kind !== 'valid') throw new Error('a good signature was refused')
  })
  report({ figure: 'an ML-DSA-44 line checked', value: checking, unit: 'ms' })
}
