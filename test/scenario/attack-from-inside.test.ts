import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { Offence } from '../../src/net/conduct.ts'
import { topicText } from '../../src/net/gossip-options.ts'
import {
  controlRpc,
  encodeRpc,
  FLAG,
  FRAME,
  frame,
  type HostilePeer,
  many,
  startHostilePeer,
} from '../support/hostile-peer.ts'
import { type Bystander, startBystander } from '../support/net-bystander.ts'
import { ALLIANCE, newSeed, sleep } from './net-alliance.ts'

const MIB = 1024 * 1024
const TOPIC = topicText(ALLIANCE, 'entries')
/** What a flood may cost in memory, garbage that waits for its collection included. */
const GROWTH_BYTES_MAX = 192 * MIB

interface Attack {
  readonly what: string
  readonly code: Offence
  /** Until it is cut off. */
  readonly step: (peer: HostilePeer, i: number) => Promise<void>
}

const opened = (i: number) => 1_001 + 2 * i
const LS = Buffer.from('\x13/multistream/1.0.0\n'.concat('\x03ls\n'.repeat(10_000)))

const OFFERS = controlRpc({ ihave: [{ topicID: TOPIC, messageIDs: many(4_096, () => randomBytes(32)) }] })
const REQUESTS = controlRpc({ iwant: [{ messageIDs: many(4_096, () => randomBytes(32)) }] })
const REFUSALS = controlRpc({ idontwant: [{ messageIDs: many(1_024, () => randomBytes(32)) }] })

const ATTACKS: readonly Attack[] = [
  {
    what: 'announces a frame of 4 GiB and fills it',
    code: 'net-flood-frames',
    step: async (peer, i) => {
      if (i === 0) await peer.sendFrames(frame(FRAME.DATA, FLAG.NONE, 99, 0xfffffff0))
      await peer.sendFrames(new Uint8Array(65_536))
    },
  },
  {
    what: 'pings without end',
    code: 'net-flood-frames',
    step: peer => peer.sendFrames(Buffer.concat(many(5_000, i => frame(FRAME.PING, FLAG.SYN, 0, i)))),
  },
  {
    what: 'opens and resets streams without end',
    code: 'net-flood-frames',
    step: (peer, i) =>
      peer.sendFrames(
        Buffer.concat(
          many(500, k => [
            frame(FRAME.WINDOW, FLAG.SYN, opened(500 * i + k), 0),
            frame(FRAME.WINDOW, FLAG.RST, opened(500 * i + k), 0),
          ]).flat(),
        ),
      ),
  },
  {
    what: 'opens streams and never says for what',
    code: 'net-flood-frames',
    step: (peer, i) => peer.sendFrames(frame(FRAME.WINDOW, FLAG.SYN, opened(i), 0)),
  },
  {
    what: 'asks for the protocols without end on every stream',
    code: 'net-flood-frames',
    step: async (peer, i) => {
      const id = opened(i % 100)
      if (i < 100) await peer.sendFrames(frame(FRAME.WINDOW, FLAG.SYN, id, 0))
      await peer.sendFrames(Buffer.concat([frame(FRAME.DATA, FLAG.NONE, id, LS.length), LS]))
    },
  },
  {
    what: 'subscribes and unsubscribes without end',
    code: 'net-flood-control',
    step: peer => peer.sendRpc(encodeRpc({ subscriptions: many(32, i => ({ topic: TOPIC, subscribe: i % 2 === 0 })) })),
  },
  {
    what: 'grafts and prunes without end',
    code: 'net-flood-control',
    step: peer =>
      peer.sendRpc(
        controlRpc({
          graft: many(32, () => ({ topicID: TOPIC })),
          prune: many(32, () => ({ topicID: TOPIC, peers: [], backoff: 1 })),
        }),
      ),
  },
  {
    what: 'offers messages that there are not',
    code: 'net-flood-control',
    step: peer => peer.sendRpc(OFFERS),
  },
  {
    what: 'asks for messages without end',
    code: 'net-flood-control',
    step: peer => peer.sendRpc(REQUESTS),
  },
  {
    what: 'wants none of a thousand messages without end',
    code: 'net-flood-control',
    step: peer => peer.sendRpc(REFUSALS),
  },
  {
    what: 'sends messages of topics that nobody has',
    code: 'net-flood-control',
    step: peer => peer.sendRpc(encodeRpc({ messages: many(100, i => ({ topic: `x${i}`, data: randomBytes(100) })) })),
  },
  {
    what: 'sends RPCs with nothing in them',
    code: 'net-flood-control',
    step: async peer => {
      await Promise.all(many(2_000, () => peer.sendRpc(new Uint8Array(0))))
    },
  },
  {
    what: 'sends what is no RPC',
    code: 'net-malformed-rpc',
    step: peer => peer.sendRpc(randomBytes(65_536).fill(0xff, 0, 1)),
  },
  {
    what: 'sends more control messages than an RPC may hold',
    code: 'net-malformed-rpc',
    step: peer => peer.sendRpc(controlRpc({ graft: many(5_000, () => ({ topicID: TOPIC })) })),
  },
  {
    what: 'signs its messages, which gossipsub drops in silence',
    code: 'net-malformed-rpc',
    step: peer =>
      peer.sendRpc(
        encodeRpc({
          messages: [{ topic: TOPIC, data: randomBytes(100), from: randomBytes(34), signature: randomBytes(64) }],
        }),
      ),
  },
  {
    what: 'sends messages that are wrong whatever one knows',
    code: 'net-invalid-messages',
    step: peer => {
      const messages = many(10, () => ({ topic: TOPIC, data: Buffer.concat([Buffer.of(0xff), randomBytes(100)]) }))
      return peer.sendRpc(encodeRpc({ messages }))
    },
  },
]

describe('a member with a valid key that', () => {
  const seeds = [...ATTACKS.keys(), 'the flooder of good messages'].map(() => newSeed())
  const honestSeed = newSeed()
  let victim: Bystander
  let honest: Bystander
  let address: string

  beforeAll(async () => {
    victim = await startBystander({ ...base(newSeed()), members: [honestSeed, ...seeds].map(keyOf) })
    address = victim.addresses.find(each => each.includes('127.0.0.1'))!
    const peers = [{ key: victim.key, addresses: [address] }]
    honest = await startBystander({ ...base(honestSeed), members: [victim.key], peers, publishEveryMs: 20 })
    await hears()
  })

  afterAll(async () => {
    await victim?.[Symbol.asyncDispose]()
    await honest?.[Symbol.asyncDispose]()
  })

  /** Until messages of the honest one arrive that were sent from now on. */
  async function hears(): Promise<void> {
    await victim.report()
    for (let i = 0; i < 500; i++) {
      if ((await victim.report()).latenciesMs.length > 0) return
      await sleep(20)
    }
    throw new Error('the victim hears nothing of the honest one')
  }

  async function offenceOf(key: string) {
    const { peers } = await victim.report()
    return peers.find(({ peer }) => peer === key)?.offence ?? null
  }

  test.each(ATTACKS)(
    '$what is bounded, cut off and named, and others are heard',
    async ({ code, step }) => {
      const seed = seeds[ATTACKS.findIndex(attack => attack.step === step)]!
      await victim.peakRssBytes()
      const { rssBytes } = await victim.report()
      for (let call = 0; call < 30; call++) {
        await using peer = await startHostilePeer(seed, address).catch(() => ({
          connection: null,
          [Symbol.asyncDispose]: async () => {},
        }))
        if (peer.connection === null) break
        const endMs = Date.now() + 20_000
        for (let i = 0; peer.connection.status === 'open' && Date.now() < endMs; i++) await step(peer, i)
        expect(peer.connection.status, 'it is hung up on').not.toBe('open')
        if ((await offenceOf(keyOf(seed)))?.cut) break
      }
      expect(await offenceOf(keyOf(seed))).toMatchObject({ code, cut: true })
      await hears()
      expect((await victim.peakRssBytes()) - rssBytes).toBeLessThan(GROWTH_BYTES_MAX)
      expect(await offenceOf(honest.key)).toBeNull()
    },
    60_000,
  )

  test('floods with good messages is heard as far as there is time, and others all the same', async () => {
    await using peer = await startHostilePeer(seeds.at(-1)!, address)
    await victim.report()
    await victim.peakRssBytes()
    const { rssBytes } = await victim.report()
    const endMs = Date.now() + 2_000
    while (Date.now() < endMs) {
      await peer.sendRpc(encodeRpc({ messages: many(50, () => ({ topic: TOPIC, data: goodMessage() })) }))
    }
    await hears()
    expect((await victim.peakRssBytes()) - rssBytes).toBeLessThan(GROWTH_BYTES_MAX)
    expect((await offenceOf(keyOf(seeds.at(-1)!)))?.cut ?? false).toBe(false)
    expect(peer.connection.status).toBe('open')
  }, 60_000)
})

function base(seed: Uint8Array) {
  return { seed: Buffer.from(seed).toString('hex'), alliance: ALLIANCE }
}

function keyOf(seed: Uint8Array | string): string {
  return typeof seed === 'string' ? seed : Buffer.from(createEd25519Signer(seed).publicKey).toString('hex')
}

function goodMessage(): Uint8Array {
  return Buffer.concat([Buffer.of(1), randomBytes(599)])
}
