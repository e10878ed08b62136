import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type ExportState, readExportState, writeExportState } from '../../src/node/orders/export-state.ts'
import { openStore } from '../../src/store/open.ts'

const STATE: ExportState = {
  serial: 7,
  madeMs: 1,
  settings: 'ab',
  entries: 2,
  files: [{ name: '', sha256: '00', bytes: 3 }],
  left: [{ reason: 'expired', count: 1, sample: 'domain a.example' }],
  own: [{ nation: 'BBB', count: 1, sample: 'domain b.example' }],
  window: [{ hour: 4, total: 2, nations: { BBB: 2 }, removed: 1, withdrawn: { CCC: 1 } }],
  held: {
    sinceMs: 5,
    id: 'cd',
    reasons: ['growth'],
    heldNations: ['BBB'],
    holdsGrowth: true,
    holdsAll: false,
    added: [{ nations: 'BBB', count: 2 }],
    types: [{ type: 'domain', count: 2 }],
    addedSamples: ['domain a.example'],
    removed: [{ why: 'expired', count: 1 }],
    removedSamples: ['domain c.example'],
  },
  pardoned: ['DDD'],
}

test('what a live export remembers is read as it was written', async () => {
  await using store = await openStore({ memory: true })
  await writeExportState(store, 'dns', STATE)
  expect(await readExportState(store, 'dns')).toEqual(STATE)
})

test('a live export with nothing remembered, or in the form of another version, is a new one', async () => {
  await using store = await openStore({ memory: true })
  const fresh = await readExportState(store, 'dns')
  expect(fresh).toMatchObject({ serial: 0, held: null })
  for (const other of [{ ...STATE, window: [{ hour: 4, total: 2, nations: {}, removed: 1 }] }, { serial: 7 }, []]) {
    await store.commit({ notes: new Map([['export/dns', utf8(JSON.stringify(other))]]) })
    expect(await readExportState(store, 'dns')).toEqual(fresh)
  }
})
