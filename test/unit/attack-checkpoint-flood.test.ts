import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { VerifiedCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import type { Evidence } from '../../src/chain/standing.ts'
import { createLogEvidence } from '../../src/node/knowledge/log-evidence.ts'

const LOG_ID = new Uint8Array(32).fill(7)

/** The author may sign as many trees as it likes; only a witness makes a cosignature. */
function signed(size: number, tree: number, witnesses: readonly number[] = []) {
  const root = new Uint8Array(32)
  new DataView(root.buffer).setUint32(0, tree)
  const cosignatures = witnesses.map(witness => {
    const witnessPk = new Uint8Array(32).fill(witness)
    return { witnessPk, line: witnessPk, timeSeconds: 0 }
  })
  const message = { note: root, cosignatures: [], genesis: undefined, fromSize: 0, consistency: [] }
  const verified = { log: { logId: LOG_ID }, checkpoint: { size, root }, cosignatures, continues: undefined, message }
  return verified as unknown as VerifiedCheckpointEvidence
}

/** Every witness key is of a nation of its own. */
const registry = { versions: [], nationsOf: (pkHex: string) => [pkHex] }

function sizeOf(each: string): string | undefined {
  return each.split(' ')[0]
}

/** What is kept of what came one by one, and then of what came at once. */
function held(
  order: readonly ReturnType<typeof signed>[],
  together: readonly ReturnType<typeof signed>[] = [],
): readonly string[] {
  const evidence = createLogEvidence()
  for (const verified of order) evidence.addCheckpoints([verified], () => ({ registry }) as unknown as Evidence)
  evidence.addCheckpoints(together, () => ({ registry }) as unknown as Evidence)
  const trees = evidence.checkpoints(LOG_ID as never)
  return trees
    .map(({ checkpoint, cosignatures }) => `${checkpoint.size} ${toHex(checkpoint.root)} ${cosignatures.length}`)
    .sort()
}

test('that an author signed two trees of one size is not forgotten over a larger one, and is shown to others', () => {
  const first = held([signed(10, 1), signed(10, 2), signed(20, 6)])
  expect(first.map(sizeOf)).toEqual(['10', '10', '20'])
  expect(held([signed(12, 4), signed(12, 5), signed(20, 6)]).map(sizeOf)).toEqual(['12', '12', '20'])
  // Two nodes that met different contradictions tell each other all that they hold.
  const one = [signed(10, 1), signed(10, 2), signed(20, 6)]
  const other = [signed(12, 4), signed(12, 5), signed(20, 6)]
  expect(held(one, other)).toEqual(first)
  expect(held(other, one)).toEqual(first)
})

test('an author that signs tree after tree keeps out no cosigned one, and all hold the same, whatever came first', () => {
  const flood = Array.from({ length: 100 }, (_, i) => signed(1_000_000, i + 1))
  const witnessed = signed(10, 500, [1, 2, 3])
  const first = held([witnessed, ...flood])
  expect(first.filter(each => each.startsWith('10 '))).toHaveLength(1)
  expect(held([...flood, witnessed])).toEqual(first)
  expect(held([...flood.slice(50).reverse(), witnessed, ...flood.slice(0, 50)])).toEqual(first)
  expect(first.length).toBeLessThanOrEqual(64)
})
