/** What a bundle costs on its way to the head of its log, before anything is stored or opened. */
import { checkNext } from '../../src/chain/append.ts'
import type { LogHead } from '../../src/chain/log-head.ts'
import { type VerifiedEntry, verifyRange } from '../../src/chain/verify-entry.ts'
import { buildSubtreePath, verifyLeafRange } from '../../src/merkle/subtree.ts'
import { encodeEnvelope, parseEnvelope } from '../../src/wire/entry.ts'
import { alliance, checkpointOf, hashAtOf, leavesOf, logOf } from '../../test/support/chain-fixture.ts'
import type { Report } from '../bench-figure.ts'
import { measureVerify } from './floor/ed25519.ts'

const ENTRIES = 8192
const BUNDLE = 256
const ROUNDS = 5

/** The best of some rounds, in units of work a second. */
function rateOf(units: number, work: () => void): number {
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    work()
    bestMs = Math.min(bestMs, performance.now() - started)
  }
  return (units / bestMs) * 1000
}

export async function run(report: Report): Promise<void> {
  const log = logOf(ENTRIES)
  const tree = checkpointOf(log)
  const hashAt = hashAtOf(log)
  const bundles = Array.from({ length: ENTRIES / BUNDLE }, (_, i) => {
    const entries = log.entries.slice(i * BUNDLE, (i + 1) * BUNDLE)
    const path = buildSubtreePath(hashAt, i * BUNDLE, BUNDLE, ENTRIES)
    return { from: i * BUNDLE, entries, leaves: leavesOf(entries), wire: entries.map(encodeEnvelope), path }
  })
  const verify = (bundle: Pick<(typeof bundles)[number], 'entries' | 'path'>): readonly VerifiedEntry[] => {
    const outcome = verifyRange(bundle, tree, log.identity, alliance)
    if (outcome.kind !== 'verified') throw new Error(outcome.kind)
    return outcome.entries
  }
  const append = (entries: readonly VerifiedEntry[], before: LogHead | undefined): LogHead => {
    let head = before
    for (const entry of entries) {
      const outcome = checkNext(head, entry, () => entry.leaf)
      if (outcome.kind !== 'append') throw new Error(outcome.kind)
      head = outcome.head
    }
    return head as LogHead
  }

  const proofs = rateOf(bundles.length, () => {
    for (const { from, leaves, path } of bundles) {
      if (!verifyLeafRange({ from, leaves, path, size: tree.size, root: tree.root })) throw new Error('a proof failed')
    }
  })
  report({ figure: 'bundle proofs of 256 leaves verified', value: proofs, unit: 'bundles/s' })

  const verified = bundles.flatMap(verify)
  const appends = rateOf(ENTRIES, () => append(verified, undefined))
  report({ figure: 'entries appended to a head with its tree', value: appends, unit: 'entries/s' })

  const floor = measureVerify()
  const whole = rateOf(ENTRIES, () => {
    let head: LogHead | undefined
    for (const { wire, path } of bundles) head = append(verify({ entries: wire.map(parseEnvelope), path }), head)
  })
  report({ figure: 'entries parsed, proved by bundle and appended', value: whole, unit: 'entries/s', floor })
}
