import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { type Clock, silentLogger } from '../../src/base/ports.ts'
import { openHost } from '../../src/net/host.ts'
import type { PeerKeyHex } from '../../src/net/peer-key.ts'
import { DOCS_PROTOCOL } from '../../src/node/network/docs-exchange.ts'
import { encode } from '../../src/wire/codec.ts'
import { DocsRequest, Evidence } from '../../src/wire/gen/tocsin.ts'
import { decodeStrict } from '../../src/wire/strict.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  freePort,
  type Member,
  type RunningNode,
  ready,
  type SerialisedAlliance,
  startFrom,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { boundOf, nextRegistry, renewNation, rotateNode } from '../support/node-rotation.ts'

const DAY_MS = 86_400_000
/** Longer than any document may be valid. */
const AWAY_DAYS = 410
const later: Clock = { now: () => Date.now() + AWAY_DAYS * DAY_MS }

interface Absence {
  /** As C knew it: A, B and C, with every document that C holds. */
  readonly before: TestAlliance
  /** A and B with new keys; C as it was; every document there is. */
  readonly now: SerialisedAlliance
  readonly members: readonly Member[]
  /** Entries that were published before C left. */
  readonly entries: number
}

/** All three exchange, C leaves, and the others change their keys, their addresses and twice the registry. */
async function goAway(before: TestAlliance, addresses: readonly string[]): Promise<Absence> {
  const { allianceId, members, documents } = before
  const nodes = await Promise.all([0, 1, 2].map(index => before.start(index)))
  await ready(nodes)
  for (const { service, member } of nodes) await service.publish([domainDraft(`${member.nation}-before.example`)])
  await converged(nodes)
  const rotated = await Promise.all([0, 1].map(index => rotate(nodes[index]!, before, index, addresses[index]!)))
  const entries = nodes[2]!.service.status().entries
  for (const node of nodes) await node[Symbol.asyncDispose]()
  const governors = members.map(({ root }) => root)
  const second = nextRegistry(allianceId, documents[0]!, governors, Date.now() + 150 * DAY_MS)
  const third = nextRegistry(allianceId, second, governors, Date.now() + 300 * DAY_MS)
  const current = [...rotated.map(each => each.member), members[2]!]
  const all = [...documents, second, third, ...rotated.map(each => each.document)]
  return { before, now: { allianceId, members: current, documents: all }, members: current, entries }
}

async function rotate(node: RunningNode, alliance: TestAlliance, index: number, address: string) {
  const doc = node.node.book.directory().member(node.member.nation)!.doc!
  const times = { issuedMs: Date.now() + 200 * DAY_MS, bounds: [await boundOf(node)], address }
  return rotateNode(alliance.allianceId, alliance.members[index]!, doc, times)
}

async function newAddress(): Promise<string> {
  return `/ip4/127.0.0.1/tcp/${await freePort()}`
}

/** The same node, listening elsewhere than its document says: nobody reaches it there. */
function moved(member: Member, address: string): Member {
  return { ...member, address }
}

const versionAt = ({ node }: RunningNode) => node.book.directory().registry.version
const peersOf = ({ service }: RunningNode) => service.status().peersConnected

describe('a node that was away for a year, with every key and address of the others changed', () => {
  test('is called at its old address by the others, learns of them in limbo, and is a member again', async () => {
    await using before = await createTestAlliance(3)
    const { now, members, entries } = await goAway(before, [await newAddress(), await newAddress()])
    await using a = await startFrom(now, 0, { clock: later })
    await using b = await startFrom(now, 1, { clock: later })
    for (const { service } of [a, b]) await service.incarnate()
    await a.service.publish([domainDraft('meanwhile.example')])
    await converged([a, b])

    const c = await before.start(2, { clock: later })
    expect(versionAt(c)).toBe(1)
    await until(() => versionAt(c) === 3 && peersOf(c) === 2, 30_000)
    await converged([a, b, c], 30_000)
    expect(c.service.status().entries).toBeGreaterThan(entries)
    // Its own document and KEM key have expired: what was said meanwhile is not sealed to it.
    expect((await c.service.lookup(['meanwhile.example']))[0]).toMatchObject({ result: 'absent' })
    const own = c.node.book.directory().member(c.member.nation)!.doc!
    await c[Symbol.asyncDispose]()

    const { member, document } = renewNation(members[2]!, own, later.now() - DAY_MS)
    const renewed = { ...now, members: [...members.slice(0, 2), member], documents: [...now.documents, document] }
    await using again = await startFrom(renewed, 2, { clock: later })
    await ready([again])
    await until(() => a.node.book.directory().member(member.nation)!.doc!.version === 2, 20_000)
    await a.service.publish([domainDraft('back.example')])
    await converged([a, b, again], 30_000)
    // One grant of each nation was not made for it.
    await until(() => again.service.status().indicators === 4, 5000)
    expect((await again.service.lookup(['back.example']))[0]).toMatchObject({ result: 'found' })
  }, 120_000)

  test('calls an old address where a new key answers, and is given the documents it lacks', async () => {
    await using before = await createTestAlliance(3)
    // A keeps its address. Nobody finds C where its document says that it is.
    const { now, members } = await goAway(before, [before.members[0]!.address, await newAddress()])
    await using a = await startFrom(now, 0, { clock: later })
    await using b = await startFrom(now, 1, { clock: later })
    const asC = { ...before, members: [...before.members.slice(0, 2), moved(members[2]!, await newAddress())] }
    await using c = await startFrom(asC, 2, { clock: later })
    await until(() => versionAt(c) === 3 && peersOf(c) === 2, 30_000)
    await converged([a, b, c], 30_000)
  }, 120_000)

  test('gives nothing to a stranger at a member’s old address, takes nothing from it, and finds the others', async () => {
    await using before = await createTestAlliance(3)
    const { now, members } = await goAway(before, [await newAddress(), await newAddress()])
    await using stranger = await openStranger(before, before.members[0]!.address)
    const asC = { ...before, members: [...before.members.slice(0, 2), moved(members[2]!, await newAddress())] }
    await using c = await startFrom(asC, 2, { clock: later })
    await until(() => stranger.asked > 0 && stranger.answers.length > 0, 20_000)
    expect(stranger.answers).toEqual([0])
    await until(() => stranger.host.peers().length === 0, 15_000)
    expect(c.node.host.counters.limboExceeded).toBe(1)
    expect(versionAt(c)).toBe(1)
    expect(c.service.documents()).toHaveLength(before.documents.length)
    expect(peersOf(c)).toBe(0)

    // B is at a new address, of which C cannot know, and calls C where that was.
    await c[Symbol.asyncDispose]()
    await using back = await before.start(2, { clock: later })
    await using b = await startFrom(now, 1, { clock: later })
    await until(() => versionAt(back) === 3 && peersOf(back) === 1, 30_000)
    await converged([b, back], 30_000)
  }, 120_000)
})

/** Listens where a member was, lets everybody in, asks for documents and hands out what anybody can make. */
async function openStranger({ allianceId, documents }: TestAlliance, address: string) {
  const host = await openHost({
    seed: new Uint8Array(32).fill(7),
    alliance: toHex(allianceId),
    listen: [address],
    agent: 'tocsin/stranger',
    standingOf: () => 'member',
    logger: silentLogger,
  })
  const state = { asked: 0, answers: [] as number[] }
  const forged = documents.map(document => ({ type: 1, body: document.with(200, document[200]! ^ 1) }))
  await host.handleStream(
    DOCS_PROTOCOL,
    async frames => {
      state.asked++
      await frames.write(encode(Evidence, { items: forged }))
    },
    { streamsMaxPerPeer: 4, streamsMaxTotal: 4 },
  )
  host.onPeer(async ({ kind, peer }) => {
    if (kind !== 'up') return
    state.answers.push(await askFor(peer).catch(() => 0))
  })

  async function askFor(peer: PeerKeyHex): Promise<number> {
    const frames = await host.openStream(peer, DOCS_PROTOCOL, AbortSignal.timeout(5000))
    await frames.write(encode(DocsRequest, { registryVersion: 0, after: 0 }))
    const frame = await frames.read()
    return frame === null ? 0 : decodeStrict(Evidence, frame, 1024 * 1024).items.length
  }

  return {
    host,
    get asked() {
      return state.asked
    },
    answers: state.answers,
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  }
}
