import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { VerifiedCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import type { Evidence } from '../../src/chain/standing.ts'
import { createLogEvidence } from '../../src/node/log-evidence.ts'

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
const registry = { versions: [], nationOf: (pkHex: string) => pkHex }

function held(order: readonly ReturnType<typeof signed>[]): readonly string[] {
  const evidence = createLogEvidence()
  for (const verified of order) evidence.addCheckpoints([verified], () => ({ registry }) as unknown as Evidence)
  const trees = evidence.checkpoints(LOG_ID as never)
  return trees
    .map(({ checkpoint, cosignatures }) => `${checkpoint.size} ${toHex(checkpoint.root)} ${cosignatures.length}`)
    .sort()
}

test('an author that signs tree after tree keeps out no cosigned one, and all hold the same, whatever came first', () => {
  const flood = Array.from({ length: 100 }, (_, i) => signed(1_000_000, i + 1))
  const witnessed = signed(10, 500, [1, 2, 3])
  const first = held([witnessed, ...flood])
  expect(first.filter(each => each.startsWith('10 '))).toHaveLength(1)
  expect(held([...flood, witnessed])).toEqual(first)
  expect(held([...flood.slice(50).reverse(), witnessed, ...flood.slice(0, 50)])).toEqual(first)
  expect(first.length).toBeLessThanOrEqual(64)
})
