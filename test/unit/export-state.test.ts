import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type ExportState, readExportState, writeExportState } from '../../src/node/orders/export-state.ts'

const NOTE = 'export/dns'

function notes() {
  const held = new Map<string, Uint8Array>()
  return {
    held,
    note: async (name: string) => held.get(name),
    async commit(draft: { readonly notes?: ReadonlyMap<string, Uint8Array> }) {
      for (const [name, value] of draft.notes ?? []) held.set(name, value)
    },
  }
}

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
  const store = notes()
  await writeExportState(store, 'dns', STATE)
  expect(await readExportState(store, 'dns')).toEqual(STATE)
})

test('a live export with nothing remembered, or in the form of another version, is a new one', async () => {
  const store = notes()
  const fresh = await readExportState(store, 'dns')
  expect(fresh).toMatchObject({ serial: 0, held: null })
  for (const other of [{ ...STATE, window: [{ hour: 4, total: 2, nations: {}, removed: 1 }] }, { serial: 7 }, []]) {
    store.held.set(NOTE, utf8(JSON.stringify(other)))
    expect(await readExportState(store, 'dns')).toEqual(fresh)
  }
})
