import { expect, test } from 'vitest'
import type { AllianceId } from '../../src/base/ids.ts'
import { initialPull, type PullEvent, type PullLocal, type PullState, stepPull } from '../../src/sync/pull.ts'
import { FRONTIER_HEADS_MAX, INDEX_HASHES_MAX } from '../../src/wire/limits.ts'
import type { SyncMessage } from '../../src/wire/sync-frame.ts'

const zero = new Uint8Array(32)
const hello = (digest: number) => ({
  protocol: 1,
  allianceId: zero as AllianceId,
  nation: 'AAA',
  registryVersion: 1,
  registryHash: zero,
  timeMs: 0,
  agent: '',
  evidenceDigest: new Uint8Array(32).fill(digest),
  frontierDigest: zero,
})
const local: PullLocal = { hello: hello(1), hasEvidence: () => false, log: () => undefined, bodiesWanted: () => [] }

function hashAt(number: number): Uint8Array {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, number)
  return hash
}

function run(state: PullState, message: SyncMessage) {
  const event: PullEvent = { kind: 'message', message }
  return stepPull(state, event, local)
}

function greeted(digest: number): PullState {
  const [started] = stepPull(initialPull, { kind: 'start' }, local)
  return run(started, { kind: 'hello', message: hello(digest) })[0]
}

test('a peer that gives its frontier in crumbs is left', () => {
  const heads = [{ logId: hashAt(1), size: 1, head: zero }]
  const [, effects] = run(greeted(1), { kind: 'frontier', message: { heads, more: 1 } })
  expect(effects).toMatchObject([{ kind: 'fail', code: 'sync-unexpected-frame' }])
})

test('a peer that gives its index of evidence in crumbs is left', () => {
  const [, effects] = run(greeted(2), { kind: 'index', message: { hashes: [hashAt(1)], more: 1 } })
  expect(effects).toMatchObject([{ kind: 'fail', code: 'sync-unexpected-frame' }])
})

test('whole pages are taken up to the cap, in little time, and a frontier that goes back is refused', () => {
  const page = (from: number) =>
    Array.from({ length: FRONTIER_HEADS_MAX }, (_, i) => ({ logId: hashAt(from + i), size: 1, head: zero }))
  let state = greeted(1)
  for (let from = 0; from < 20 * FRONTIER_HEADS_MAX; from += FRONTIER_HEADS_MAX) {
    const [next, effects] = run(state, { kind: 'frontier', message: { heads: page(from), more: 1 } })
    expect(effects).toMatchObject([{ kind: 'send' }])
    state = next
  }
  const [, effects] = run(state, { kind: 'frontier', message: { heads: page(5), more: 0 } })
  expect(effects).toMatchObject([{ kind: 'fail' }])
})

test('an index of evidence ends', () => {
  let state = greeted(2)
  let pages = 0
  for (; state.phase === 'index'; pages++) {
    const hashes = Array.from({ length: INDEX_HASHES_MAX }, (_, i) => hashAt(pages * INDEX_HASHES_MAX + i))
    ;[state] = run(state, { kind: 'index', message: { hashes, more: 1 } })
  }
  expect(state.phase).toBe('done')
  expect(pages).toBeLessThan(100)
})
