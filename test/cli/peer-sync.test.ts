import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SyncPeer, SyncState } from '../../src/node/network/sync-state.ts'
import { type CliHome, openCliHome } from '../support/cli.ts'

let home: CliHome
beforeAll(async () => {
  home = await openCliHome()
})
afterAll(() => home[Symbol.asyncDispose]())

const PEER: SyncPeer = {
  nation: 'BBB',
  peer: 'ab'.repeat(32),
  asking: true,
  wholeMs: 0,
  failedMs: 0,
  errorCode: '',
  error: '',
}

function stateAt(nowMs: number, left: number, peer: Partial<SyncPeer>, bodies = 0): SyncState {
  const of = left === 0 ? [] : [{ nation: 'BBB', left, perSecond: 50, leftMs: left * 20, waitsUntilMs: null }]
  return { nowMs, left: of, bodies, peers: [{ ...PEER, ...peer }] }
}

test('peer sync --follow ends with 0 when all is here, and says how far it is on the way', async () => {
  home.node.state.sync = [
    stateAt(1000, 100, {}),
    stateAt(1300, 50, {}),
    stateAt(1600, 0, { asking: false, wholeMs: 1500 }),
  ]
  const { status, stdout } = await home.run(['peer', 'sync', '--follow', '-o', 'ndjson'])
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines.map(({ left, equal }) => [left, equal])).toEqual([
    [100, 0],
    [50, 0],
    [0, 1],
  ])
  expect(status).toBe(0)
})

test('peer sync --follow ends with 1 where a peer failed, or bodies are missing still', async () => {
  const failed = { asking: false, failedMs: 1200, errorCode: 'range-not-proven', error: 'no' }
  home.node.state.sync = [stateAt(1000, 9, {}), stateAt(1300, 9, failed)]
  const first = await home.run(['peer', 'sync', 'BBB', '--follow'])
  expect([first.status, first.stdout]).toEqual([1, expect.stringMatching(/BBB .* failed .* range-not-proven/)])
  home.node.state.sync = [stateAt(1000, 0, {}), stateAt(1300, 0, { asking: false, wholeMs: 1200 }, 3)]
  const second = await home.run(['peer', 'sync', '--follow'])
  expect([second.status, second.stderr]).toEqual([1, expect.stringContaining('3 bodies are missing')])
})

test('peer sync --follow does not wait for what a quota lets in later', async () => {
  const left = [{ nation: 'BBB', left: 34, perSecond: 0, leftMs: null, waitsUntilMs: 3_600_000 }]
  home.node.state.sync = [stateAt(1000, 100, {}), { ...stateAt(1300, 0, {}), left }]
  const { status, stderr } = await home.run(['peer', 'sync', '--follow'])
  expect([status, stderr]).toEqual([1, expect.stringContaining('at the rate of the quota: 34 entries of BBB')])
})
