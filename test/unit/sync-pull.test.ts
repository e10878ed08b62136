import { describe, expect, test } from 'vitest'
import { toHex, u64be, utf8 } from '../../src/base/bytes.ts'
import { ProtocolError } from '../../src/base/errors.ts'
import { sha256 } from '../../src/base/hash.ts'
import { type LogIdHex, logIdHex, parseLogId } from '../../src/base/ids.ts'
import { type FrameStream, pull } from '../../src/node/network/sync-client.ts'
import { type SyncSource, serveSync } from '../../src/node/network/sync-server.ts'
import type { PullLocal } from '../../src/sync/pull.ts'
import type { Bundle, Envelope, EvidenceItem, Hello, LogHead } from '../../src/wire/gen/tocsin.ts'
import { encodeSyncMessage } from '../../src/wire/sync-frame.ts'

const id = (name: string) => parseLogId(sha256(utf8(name)))

interface Side {
  hello: Hello
  evidence: Map<string, EvidenceItem>
  logs: Map<LogIdHex, Envelope[]>
}

function side(logs: Record<string, number>, evidence: readonly string[], bodyBytes = 10): Side {
  const items = evidence.map(text => ({ type: 2, body: utf8(text) }))
  return {
    hello: {
      protocol: 1,
      allianceId: sha256(utf8('alliance')),
      nation: 'AAA',
      registryVersion: 1,
      registryHash: sha256(utf8('registry')),
      timeMs: 1,
      agent: 'test',
      evidenceDigest: sha256(utf8(evidence.join())),
      frontierDigest: sha256(utf8('frontier')),
    },
    evidence: new Map(items.map(item => [toHex(sha256(item.body)), item])),
    logs: new Map(Object.entries(logs).map(([name, size]) => [logIdHex(id(name)), envelopes(name, size, bodyBytes)])),
  }
}

function envelopes(name: string, size: number, bodyBytes: number): Envelope[] {
  return Array.from({ length: size }, (_, seq) => ({
    header: sha256(new Uint8Array([...utf8(name), ...u64be(seq)])),
    signature: new Uint8Array(64),
    body: new Uint8Array(bodyBytes),
  }))
}

function sourceOf(from: Side): SyncSource {
  const heads: LogHead[] = [...from.logs]
    .map(([hex, entries]) => ({
      logId: Uint8Array.from(Buffer.from(hex, 'hex')),
      size: entries.length,
      head: new Uint8Array(32),
    }))
    .sort((a, b) => Buffer.compare(a.logId, b.logId))
  return {
    hello: () => from.hello,
    evidenceHashes: () => [...from.evidence.keys()].map(hex => Uint8Array.from(Buffer.from(hex, 'hex'))),
    evidence: async hash => from.evidence.get(toHex(hash)),
    heads: () => heads,
    entries: async (logId, start, count) => (from.logs.get(logIdHex(logId)) ?? []).slice(start, start + count),
    provenTree: async () => undefined,
  }
}

function localOf(to: Side, limits: Record<string, number> = {}): PullLocal {
  return {
    hello: to.hello,
    hasEvidence: hex => to.evidence.has(hex),
    bodiesWanted: () => [],
    log: hex => {
      const entries = to.logs.get(hex)
      const limit = limits[hex] ?? Number.POSITIVE_INFINITY
      return entries === undefined && limit === Number.POSITIVE_INFINITY
        ? undefined
        : { size: entries?.length ?? 0, limit, branch: undefined, doubtful: false, leafAt: () => new Uint8Array(32) }
    },
  }
}

/** Two ends of one stream; nothing is read before it is asked for. */
function streamPair(): [FrameStream, FrameStream & { end(): void }] {
  const ends = [0, 1].map(() => ({ frames: [] as Uint8Array[], wake: () => {}, closed: false }))
  const make = (mine: number, theirs: number) => ({
    async read() {
      const queue = ends[mine]!
      while (queue.frames.length === 0) {
        if (queue.closed) return null
        await new Promise<void>(resolve => {
          queue.wake = resolve
        })
      }
      return queue.frames.shift()!
    },
    async write(frame: Uint8Array) {
      ends[theirs]!.frames.push(frame)
      ends[theirs]!.wake()
    },
    end() {
      ends[theirs]!.closed = true
      ends[theirs]!.wake()
    },
  })
  return [make(0, 1), make(1, 0)]
}

async function run(from: Side, to: Side, limits: Record<string, number> = {}) {
  const bundles: Bundle[] = []
  const applied: EvidenceItem[] = []
  let told: readonly LogHead[] = []
  const [client, server] = streamPair()
  const serving = serveSync(server, sourceOf(from))
  await pull(client, localOf(to, limits), {
    async applyEvidence(items) {
      for (const item of items) to.evidence.set(toHex(sha256(item.body)), item)
      applied.push(...items)
    },
    async ingestBundle(bundle) {
      await new Promise(resolve => setImmediate(resolve))
      bundles.push(bundle)
      const hex = logIdHex(parseLogId(bundle.logId))
      const held = to.logs.get(hex) ?? []
      expect(bundle.from).toBe(held.length)
      to.logs.set(hex, [...held, ...bundle.entries])
      return held.length + bundle.entries.length
    },
    storeBodies: async () => {},
    heads: heads => {
      told = heads
    },
  })
  ;(client as FrameStream & { end(): void }).end()
  await serving
  return { bundles, applied, told }
}

describe('a pull', () => {
  test('makes the evidence equal before it moves entries', async () => {
    const from = side({ a: 3 }, ['proof 1', 'proof 2'])
    const to = side({}, ['proof 1'])
    const { applied } = await run(from, to)
    expect(applied.map(item => Buffer.from(item.body).toString())).toEqual(['proof 2'])
    expect(to.logs.get(logIdHex(id('a')))).toHaveLength(3)
  })

  test('fetches every log that is longer there, from where it ends here', async () => {
    const from = side({ a: 1000, b: 5, c: 300 }, ['x'])
    const to = side({ a: 100, b: 5 }, ['x'])
    const { bundles, told } = await run(from, to)
    for (const [hex, entries] of from.logs) expect(to.logs.get(hex)).toHaveLength(entries.length)
    expect(bundles.every(bundle => bundle.entries.length <= 256)).toBe(true)
    expect(told).toHaveLength(3)
  })

  test('asks again where a range is longer than one request', async () => {
    const from = side({ a: 70_000 }, ['x'])
    const to = side({}, ['x'])
    await run(from, to)
    expect(to.logs.get(logIdHex(id('a')))).toHaveLength(70_000)
  })

  test('fetches nothing at or beyond the limit', async () => {
    const from = side({ a: 50 }, ['x'])
    const to = side({}, ['x'])
    await run(from, to, { [logIdHex(id('a'))]: 20 })
    expect(to.logs.get(logIdHex(id('a')))).toHaveLength(20)
  })

  test('keeps bundles of large bodies within a frame', async () => {
    const from = side({ a: 100 }, ['x'], 65_000)
    const to = side({}, ['x'])
    const { bundles } = await run(from, to)
    expect(to.logs.get(logIdHex(id('a')))).toHaveLength(100)
    expect(Math.max(...bundles.map(bundle => bundle.entries.length))).toBeLessThan(33)
  })

  test('ends with sync-alliance-differs at a peer of another alliance', async () => {
    const from = side({ a: 1 }, [])
    from.hello = { ...from.hello, allianceId: sha256(utf8('another')) }
    await expect(run(from, side({}, ['x']))).rejects.toMatchObject({ code: 'sync-alliance-differs' })
  })

  test('ends with sync-unexpected-frame where the peer answers something else', async () => {
    const [client, server] = streamPair()
    const reply = encodeSyncMessage({ kind: 'index', message: { hashes: [], more: 0 } })
    const answering = server.read().then(() => server.write(reply))
    const port = {
      applyEvidence: async () => {},
      ingestBundle: async () => 0,
      storeBodies: async () => {},
      heads: () => {},
    }
    await expect(pull(client, localOf(side({}, [])), port)).rejects.toMatchObject({ code: 'sync-unexpected-frame' })
    await answering
  })

  test('goes on with the other logs where one is bad, and says so at the end', async () => {
    const from = side({ a: 600, b: 600, c: 600 }, ['x'])
    const to = side({}, ['x'])
    const [client, server] = streamPair()
    const serving = serveSync(server, sourceOf(from))
    const bad = logIdHex(id('b'))
    const fetched = new Map<string, number>()
    const pulling = pull(client, localOf(to), {
      applyEvidence: async () => {},
      async ingestBundle(bundle) {
        const key = logIdHex(parseLogId(bundle.logId))
        if (key === bad) throw new ProtocolError('range-not-proven', 'not the tree that was signed')
        fetched.set(key, bundle.from + bundle.entries.length)
        to.logs.set(key, from.logs.get(key)!.slice(0, bundle.from + bundle.entries.length))
        return bundle.from + bundle.entries.length
      },
      storeBodies: async () => {},
      heads: () => {},
    })
    await expect(pulling).rejects.toMatchObject({ code: 'range-not-proven' })
    ;(client as FrameStream & { end(): void }).end()
    await serving
    expect(fetched).toEqual(new Map([id('a'), id('c')].map(logId => [logIdHex(logId), 600])))
  })

  test('ends where the peer claims more than it gives', async () => {
    const from = side({ a: 10 }, ['x'])
    const to = side({}, ['x'])
    const source = sourceOf(from)
    const lying: SyncSource = { ...source, heads: () => source.heads().map(head => ({ ...head, size: 2 ** 53 - 1 })) }
    const [client, server] = streamPair()
    const serving = serveSync(server, lying)
    await pull(client, localOf(to), {
      applyEvidence: async () => {},
      ingestBundle: async bundle => bundle.from + bundle.entries.length,
      storeBodies: async () => {},
      heads: () => {},
    })
    ;(client as FrameStream & { end(): void }).end()
    await serving
  })
})
