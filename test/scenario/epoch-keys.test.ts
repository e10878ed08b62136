import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Clock, type Logger, silentLogger } from '../../src/base/ports.ts'
import { encodeKemKeys, type KemSecret } from '../../src/crypto/node-key-file.ts'
import { destroyKemKeys, homeAt, readKemKeys } from '../../src/node/home/home.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { createEpochKeys, ownKemKey } from '../../src/node/opening/epoch-keys.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { buildGrants } from '../../src/policy/epoch.ts'
import { openStore } from '../../src/store/open.ts'
import { encode } from '../../src/wire/codec.ts'
import { KIND, parseEnvelope } from '../../src/wire/entry.ts'
import { KeyGrant } from '../../src/wire/gen/tocsin.ts'
import { converged, createTestAlliance, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { createRawAuthor, startRawMember } from '../support/node-raw-member.ts'

const DAY_MS = 86_400_000

function claim(value: string, audience?: PublishItem['audience']): PublishItem {
  return { kind: 'claim', draft: { type: 'domain', value }, ...(audience && { audience }) }
}

async function reads(node: RunningNode, value: string): Promise<boolean> {
  const [answer] = await node.service.lookup([value])
  return answer?.result === 'found'
}

describe('R-3.7: destroying KEM keys', () => {
  it('keeps what was opened, and nothing opens any more what was sealed to them, with the whole home copied', async () => {
    await using alliance = await createTestAlliance(2)
    const aheadMs = [0, 0]
    const clockOf = (i: number): Clock => ({ now: () => Date.now() + aheadMs[i]! })
    const [first, second] = alliance.members as [(typeof alliance.members)[0], (typeof alliance.members)[0]]
    const home = homeAt(join(second.home, 'home'), {})
    await mkdir(home.keys, { recursive: true, mode: 0o700 })
    await writeFile(home.kemKeys, encodeKemKeys(second.nation, second.kemKeys), { mode: 0o600 })
    const a = await alliance.start(0, { clock: clockOf(0) })
    const b = await alliance.start(1, {
      clock: clockOf(1),
      home: home.data,
      kemKeys: await readKemKeys(home),
      rereadKemKeys: () => readKemKeys(home),
      destroyKemKeys: secrets => destroyKemKeys(home, secrets),
    })
    const old: readonly KemSecret[] = await readKemKeys(home)
    try {
      await ready([a, b])
      await a.service.publish([claim('kept.example', { to: ['BBB'] })])
      await converged([a, b])
      expect(await reads(b, 'kept.example')).toBe(true)
      expect(await b.node.sweepKemKeys()).toBe(0)

      const laterMs = old[0]!.untilMs + 31 * DAY_MS - Date.now()
      aheadMs[1] = laterMs
      // Its clock alone has jumped.
      expect(await b.node.sweepKemKeys()).toBe(0)
      aheadMs[0] = laterMs
      await until(() => (b.node.sync.clockJumpMs() ?? DAY_MS) < DAY_MS, 20_000)
      expect(await b.node.sweepKemKeys()).toBe(1)
      expect(await readKemKeys(home)).toEqual([])
      expect(await reads(b, 'kept.example')).toBe(true)
    } finally {
      await a[Symbol.asyncDispose]()
      await b[Symbol.asyncDispose]()
    }

    const copy = homeAt(join(first.home, 'copy'), {})
    await cp(home.path, copy.path, { recursive: true })
    await using store = await openStore(copy.data)
    const open = async (kemKeys: readonly KemSecret[]) => {
      const keys = kemKeys.map(ownKemKey)
      const epochs = createEpochKeys({
        allianceId: alliance.allianceId,
        nation: second.nation,
        kemKeys: keys,
        store,
        clock: clockOf(1),
        used: () => {},
      })
      const found: boolean[] = []
      for (const { head } of store.logs()) {
        for (const bytes of await store.entriesRange(head.logId, 0, 100)) {
          const { header } = parseEnvelope(bytes)
          if (header.kind !== KIND.BATCH) continue
          found.push((await epochs.lookUp(head.logId, header.epochId as never)) !== undefined)
        }
      }
      return found
    }
    expect(await open(await readKemKeys(copy))).toEqual([false])
    // The grant is there still: it is the key that is not.
    expect(await open(second.kemKeys)).toEqual([true])
    expect((await store.lookup('domain', 'kept.example'))?.claims).toHaveLength(1)
  })
})

describe('a member that was away', () => {
  it('for ten epochs opens them all when it is back', async () => {
    await using alliance = await createTestAlliance(3)
    const [a, c] = [await alliance.start(0), await alliance.start(2)]
    let b: RunningNode | undefined = await alliance.start(1)
    try {
      await ready([a, b, c])
      await b[Symbol.asyncDispose]()
      b = undefined
      for (let i = 0; i < 10; i++) {
        // Another audience each time, and so another epoch.
        await a.service.publish([claim(`epoch-${i}.example`, { to: i % 2 === 0 ? ['BBB'] : ['BBB', 'CCC'] })])
        await a.node.publisher.incarnate(true)
      }
      b = await alliance.start(1)
      await converged([a, b, c])
      for (let i = 0; i < 10; i++) {
        expect(await reads(b, `epoch-${i}.example`)).toBe(true)
        expect(await reads(c, `epoch-${i}.example`)).toBe(i % 2 === 1)
      }
    } finally {
      for (const node of [a, b, c]) await node?.[Symbol.asyncDispose]()
    }
  })
})

describe('R-3.2: a grant that is not what it says', () => {
  it.each([
    ['whose slot for a nation opens for another', 'grant-does-not-open', 2],
    ['whose audience_hash is of another audience', 'grant-wrong-audience', 3],
  ] as const)('%s is alerted, and its author hears of it under seal', async (_, code, reason) => {
    await using alliance = await createTestAlliance(3, { secondSites: [0] })
    const heard: unknown[] = []
    const logger: Logger = { ...silentLogger, warn: data => void heard.push(data) }
    const author = createRawAuthor(alliance, alliance.members[0]!)
    const [b, c, site] = [await alliance.start(1), await alliance.start(2), await alliance.start(3, { logger })]
    try {
      await ready([b, c, site])
      await using member = await startRawMember(alliance, 0, { only: [1, 2, 3] })
      const epoch = author.newEpoch()
      const [grant] = buildGrants(epoch, 65_536, undefined, systemRandom)
      author.append({ kind: KIND.KEY_GRANT, body: encode(KeyGrant, spoilt(grant!, code)) })
      const raw = { type: 99, body: new Uint8Array(1) }
      author.batch(epoch, [raw])
      await member.gossip(...author.entries)
      await until(() => (b.node.refusals.get(code) ?? 0) > 0, 10_000)
      const complained = { code: 'complaint-received', from: 'BBB', reason, seq: 1 }
      await until(
        () => heard.some(data => matches(data, complained)),
        10_000,
        () => JSON.stringify(heard),
      )
      const frames = (await entriesOf(b)).filter(({ header }) => header.kind === KIND.COMPLAINT)
      expect(frames).toHaveLength(1)
      // Neither whom it is about nor which grant stands outside of the seal.
      expect(Buffer.from(frames[0]!.body).includes(Buffer.from(author.logId))).toBe(false)
    } finally {
      for (const node of [b, c, site]) await node[Symbol.asyncDispose]()
    }
  })
})

describe('R-3.4: an epoch with two secrets', () => {
  it('is opened by the first alone, and the other is alerted by those that it is for and those that it is not', async () => {
    await using alliance = await createTestAlliance(3, { secondSites: [0] })
    const author = createRawAuthor(alliance, alliance.members[0]!)
    const [b, c, site] = [await alliance.start(1), await alliance.start(2), await alliance.start(3)]
    try {
      await ready([b, c, site])
      await using member = await startRawMember(alliance, 0, { only: [1, 2, 3] })
      const epoch = author.newEpoch()
      const second = { ...epoch, secret: new Uint8Array(32).fill(7) }
      for (const [each, reader] of [[epoch, 'BBB'] as const, [second, 'CCC'] as const]) {
        const [grant] = buildGrants(each, 65_536, undefined, systemRandom)
        const slots = grant!.slots.filter(({ nation }) => nation === reader)
        author.append({ kind: KIND.KEY_GRANT, body: encode(KeyGrant, { ...grant!, slots }) })
      }
      author.batch(second, [{ type: 99, body: new Uint8Array(1) }])
      await member.gossip(...author.entries)
      for (const { node } of [b, c]) await until(() => (node.refusals.get('grant-wrong-commit') ?? 0) > 0, 10_000)
      const { logId, epochId } = epoch.place
      expect((await b.node.epochs.lookUp(logId, epochId))?.secret).toEqual(epoch.secret)
      expect(await c.node.epochs.lookUp(logId, epochId)).toBeUndefined()
    } finally {
      for (const node of [b, c, site]) await node[Symbol.asyncDispose]()
    }
  })
})

function spoilt(grant: KeyGrant, code: 'grant-does-not-open' | 'grant-wrong-audience'): KeyGrant {
  if (code === 'grant-wrong-audience') return { ...grant, audienceHash: new Uint8Array(32) }
  const other = grant.slots.find(({ nation }) => nation === 'CCC')!
  const slots = grant.slots.map(slot => (slot.nation === 'BBB' ? { ...slot, enc: other.enc, ct: other.ct } : slot))
  return { ...grant, slots }
}

function matches(data: unknown, fields: object): boolean {
  return Object.entries(fields).every(([name, value]) => (data as Record<string, unknown>)[name] === value)
}

async function entriesOf(node: RunningNode) {
  const { logId } = node.node.ownLog.current()!
  return (await node.node.store.entriesRange(logId, 0, 100)).map(parseEnvelope)
}
