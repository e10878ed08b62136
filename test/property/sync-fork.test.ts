import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EMPTY, u64be, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { logIdHex, parseLogId } from '../../src/base/ids.ts'
import { initialPull, type PullEvent, type PullLocal, type PullState, stepPull } from '../../src/sync/pull.ts'
import { leafOf } from '../../src/wire/entry.ts'
import type { Bundle, Envelope, Hello } from '../../src/wire/gen/tocsin.ts'

const logId = parseLogId(sha256(utf8('log')))
const hello: Hello = {
  protocol: 1,
  allianceId: sha256(utf8('alliance')),
  nation: 'AAA',
  registryVersion: 1,
  registryHash: sha256(utf8('registry')),
  timeMs: 1,
  agent: 'test',
  evidenceDigest: sha256(utf8('evidence')),
  frontierDigest: sha256(utf8('frontier')),
}

/** Entries that are the same below `common`. */
function branch(name: string, size: number, common: number): Envelope[] {
  return Array.from({ length: size }, (_, seq) => {
    const header = sha256(new Uint8Array([...utf8(seq < common ? 'common' : name), ...u64be(seq)]))
    return { header, signature: new Uint8Array(64), body: EMPTY }
  })
}

const leaf = ({ header, signature }: Envelope) => leafOf(header, signature)

/** One pull by who holds `ours` from who holds `theirs`: what was ingested, and after how many requests. */
function pullOnce(ours: readonly Envelope[], theirs: readonly Envelope[]): { bundles: Bundle[]; requests: number } {
  const held = {
    size: ours.length,
    limit: Number.MAX_SAFE_INTEGER,
    branch: undefined,
    doubtful: false,
    leafAt: (seq: number) => leaf(ours[seq]!),
  }
  const local: PullLocal = { hello, hasEvidence: () => true, log: () => held, bodiesWanted: () => [] }
  const heads = [{ logId, size: theirs.length, head: leaf(theirs.at(-1)!) }]
  const events: PullEvent[] = [{ kind: 'start' }]
  const bundles: Bundle[] = []
  let state: PullState = initialPull
  let requests = 0
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    const [next, effects] = stepPull(state, event, local)
    state = next
    for (const effect of effects) {
      if (effect.kind === 'fail') throw new Error(effect.reason)
      if (effect.kind === 'ingest') {
        bundles.push(effect.bundle)
        const { from, entries } = effect.bundle
        const to = from + entries.length
        events.push({ kind: 'bundle-ingested', logId: logIdHex(logId), from, to, size: ours.length })
      }
      if (effect.kind === 'choose') {
        const [share] = effect.wanted.map(({ from, to }) => ({ logId: logIdHex(logId), from, to }))
        events.push({ kind: 'chosen', share })
      }
      if (effect.kind !== 'send') continue
      const { message: request } = effect
      if (request.kind === 'hello') events.push({ kind: 'message', message: { kind: 'hello', message: hello } })
      if (request.kind === 'frontier-request')
        events.push({ kind: 'message', message: { kind: 'frontier', message: { heads, more: 0 } } })
      if (request.kind !== 'range-request') continue
      requests++
      const { from, count } = request.message
      const bundle = { logId, from, entries: theirs.slice(from, from + count), note: EMPTY, path: [] }
      events.push({ kind: 'message', message: { kind: 'bundle', message: bundle } })
    }
  }
  expect(state.phase).toBe('done')
  return { bundles, requests }
}

test('of two branches the first entry that differs is fetched, whatever their lengths, and nothing else', () => {
  const sizes = fc.record({ ours: fc.integer({ min: 1, max: 300 }), theirs: fc.integer({ min: 1, max: 300 }) })
  fc.assert(
    fc.property(sizes, fc.nat(), (size, pick) => {
      const theirs = Math.min(size.ours, size.theirs)
      const common = pick % theirs
      const { bundles, requests } = pullOnce(branch('ours', size.ours, common), branch('theirs', theirs, common))
      expect(bundles.map(({ from, entries }) => [from, entries.length])).toEqual([[common, 1]])
      expect(requests).toBeLessThanOrEqual(Math.ceil(Math.log2(theirs)) + 1)
    }),
  )
})

test('who holds the same or more of the same is asked for nothing', () => {
  const ours = branch('ours', 40, 40)
  expect(pullOnce(ours, ours.slice(0, 40))).toEqual({ bundles: [], requests: 0 })
  expect(pullOnce(ours, ours.slice(0, 7))).toEqual({ bundles: [], requests: 0 })
})
