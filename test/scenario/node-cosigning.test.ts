import { expect, test } from 'vitest'
import { concat, readU64be, toHex, u64be } from '../../src/base/bytes.ts'
import { logIdHex } from '../../src/base/ids.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { DEFAULT_POLICY } from '../../src/registry/policy.ts'
import { ROLE } from '../../src/registry/registry-doc.ts'
import { openStore } from '../../src/store/open.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  hex,
  type RunningNode,
  ready,
  type StartOptions,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, entriesAt, startRawMember } from '../support/node-raw-member.ts'

/** Checkpoints and cosignatures are made when the test asks for them. */
const config: StartOptions['config'] = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 400, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

function quorateAt(nodes: readonly RunningNode[], author: RunningNode): (number | undefined)[] {
  const log = author.node.ownLog.current()!
  return nodes.map(({ node }) => node.book.standingOf(log).quorate?.size)
}

function sameEvidence(nodes: readonly RunningNode[]): boolean {
  return new Set(nodes.map(({ node }) => hex(node.book.digest()))).size === 1
}

function cosignersAt(node: RunningNode, author: RunningNode) {
  const { logId } = author.node.ownLog.current()!
  return node.node.book
    .checkpoints(logId)
    .flatMap(({ checkpoint, cosignatures }) =>
      cosignatures.map(({ witnessPk, timeSeconds }) => ({ size: checkpoint.size, pk: toHex(witnessPk), timeSeconds })),
    )
}

function witnessPkOf({ member }: RunningNode): string {
  return toHex(createEd25519Signer(member.keys.inner!.witnessSeed).publicKey)
}

test('three nations reach a quorate checkpoint of a fourth one’s log, and all hold the same evidence for it', async () => {
  await using alliance = await createTestAlliance(4)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  const d = await alliance.start(3, { config })
  const all = [a, b, c, d]
  await ready(all)
  await a.service.publish([domainDraft('one.example')])
  await converged(all)
  const size = a.node.ownLog.current()!.size
  await a.node.checkpoint()
  await until(
    () => all.every(({ node }) => node.book.newestCheckpoint(a.node.ownLog.current()!.logId) !== undefined),
    5000,
  )
  // n = 3 witnesses besides the author, f = 0: two make a quorum.
  await b.node.cosign()
  expect(quorateAt([b], a)).toEqual([undefined])
  await c.node.cosign()
  await until(() => quorateAt(all, a).every(at => at === size), 5000)
  await Promise.all([d.node.cosign(), a.node.cosign()])
  await until(() => sameEvidence(all), 10_000)
  expect(new Set(cosignersAt(a, a).map(({ pk }) => pk))).toEqual(new Set([b, c, d].map(witnessPkOf)))

  // Asked again, nobody has anything new to say, and who starts anew holds the same.
  const digest = hex(a.node.book.digest())
  for (const { node } of all) await node.cosign()
  expect(hex(a.node.book.digest())).toBe(digest)
  await d[Symbol.asyncDispose]()
  await using again = await alliance.start(3, { config })
  expect(hex(again.node.book.digest())).toBe(digest)
}, 60_000)

test('cosignatures of different sizes add up, what they make idle goes, and Q never falls', async () => {
  await using alliance = await createTestAlliance(4)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  const all = [a, b, c]
  await ready(all)
  const { logId } = await (async () => {
    await a.service.publish([domainDraft('first.example')])
    return a.node.ownLog.current()!
  })()
  let reached = 0
  for (let i = 0; i < 6; i++) {
    await a.service.publish([domainDraft(`more-${i}.example`)])
    await converged(all)
    await a.node.checkpoint()
    const { size } = a.node.book.newestCheckpoint(logId)!.checkpoint
    const witness = i % 2 === 0 ? b : c
    await until(() => witness.node.book.newestCheckpoint(logId)?.checkpoint.size === size, 5000)
    await witness.node.cosign()
    await until(() => sameEvidence(all), 10_000)
    const [q = 0] = quorateAt([a], a)
    expect(q).toBeGreaterThanOrEqual(reached)
    reached = q
    expect(a.node.book.checkpoints(logId).length).toBeLessThanOrEqual(5)
  }
  // Each has followed the other: the last but one checkpoint has both voices, by the link between the two.
  expect(reached).toBeGreaterThan(0)
  expect(new Set(quorateAt(all, a)).size).toBe(1)
}, 60_000)

test('a nation without WITNESS cosigns nothing, and one that is killed after its record signs the same again', async () => {
  const shape = { roles: new Map([[2, [ROLE.PUBLISH, ROLE.RECEIVE]]]) }
  await using alliance = await createTestAlliance(4, shape)
  await using a = await alliance.start(0, { config })
  const b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])
  await a.service.publish([domainDraft('one.example')])
  await converged([a, b, c])
  await a.node.checkpoint()
  const log = a.node.ownLog.current()!
  await until(() => [b, c].every(({ node }) => node.book.newestCheckpoint(log.logId) !== undefined), 5000)
  await c.node.cosign()
  expect(cosignersAt(c, a)).toEqual([])
  const { size, root } = b.node.book.newestCheckpoint(log.logId)!.checkpoint
  await b[Symbol.asyncDispose]()

  // What a crash leaves that comes between the record and the signature.
  const timeSeconds = 1_800_000_000
  const name = `cosigned ${logIdHex(log.logId)}`
  const store = await openStore(b.member.home)
  await store.commit({ notes: new Map([[name, concat(u64be(size), root, u64be(timeSeconds))]]) }, { sync: true })
  await using again = await alliance.start(1, { config, store })
  await ready([again])
  await again.node.cosign()
  expect(cosignersAt(again, a)).toEqual([{ size, pk: witnessPkOf(again), timeSeconds }])
}, 60_000)

test('a witness cosigns no tree that is not the one it holds, nor a smaller one than it has cosigned', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, { config })
  const b = await alliance.start(1, { config })
  await ready([a, b])
  for (let i = 0; i < 3; i++) await a.service.publish([domainDraft(`${i}.example`)])
  await converged([a, b])
  await a.node.checkpoint()
  const log = a.node.ownLog.current()!
  await until(() => b.node.book.newestCheckpoint(log.logId)?.checkpoint.size === log.size, 5000)
  await b[Symbol.asyncDispose]()

  const name = `cosigned ${logIdHex(log.logId)}`
  const record = async (size: number, root: Uint8Array) => {
    const store = await openStore(b.member.home)
    await store.commit({ notes: new Map([[name, concat(u64be(size), root, u64be(1))]]) }, { sync: true })
    return store
  }
  for (const [size, root] of [
    [log.size + 5, new Uint8Array(32).fill(1)],
    [2, new Uint8Array(32).fill(2)],
  ] as const) {
    await using again = await alliance.start(1, { config, store: await record(size, root) })
    await ready([again])
    await again.node.cosign()
    expect(cosignersAt(again, a)).toEqual([])
  }
}, 60_000)

test('a witness whose clock is set back states no larger tree at an earlier time', async () => {
  let offMs = 0
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config, clock: { now: () => Date.now() + offMs } })
  await ready([a, b])
  for (const [domain, off] of [
    ['one.example', 0],
    ['two.example', -3_600_000],
  ] as const) {
    offMs = off
    await a.service.publish([domainDraft(domain)])
    await converged([a, b])
    await a.node.checkpoint()
    const { logId, size } = a.node.ownLog.current()!
    await until(() => b.node.book.newestCheckpoint(logId)?.checkpoint.size === size, 5000)
    await b.node.cosign()
    const { timeSeconds } = cosignersAt(b, a).find(each => each.size === size)!
    expect(timeSeconds * 1000).toBeGreaterThan(Date.now() - 600_000)
  }
}, 60_000)

test('a witness that lacks a body states nothing beyond it, unless it was erased', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await ready([a, b])
  for (let i = 0; i < 3; i++) await a.service.publish([domainDraft(`${i}.example`)])
  await converged([a, b])
  const log = a.node.ownLog.current()!
  const missing = { logId: log.logId, seq: log.size - 2 }
  const entry = (await entriesAt(b, log.logId))[missing.seq]!
  await b.node.store.commit({ logs: [{ logId: log.logId, bodies: [{ ...entry, body: new Uint8Array(0) }] }] })
  const cosigns = async () => {
    await a.node.checkpoint()
    const { size } = a.node.ownLog.current()!
    await until(() => b.node.book.newestCheckpoint(log.logId)?.checkpoint.size === size, 5000)
    await b.node.cosign()
    return cosignersAt(b, a).map(each => each.size)
  }
  expect(await cosigns()).toEqual([])
  await a.node.erasure.erase(missing, 'error', 'local')
  await converged([a, b])
  // The whole log, not only what lies before the body.
  expect(await cosigns()).toEqual([a.node.ownLog.current()!.size])
}, 60_000)

test('rounds that are asked for at once state one tree, and what was recorded is what is signed', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await ready([a, b])
  const { logId } = await (async () => {
    await a.service.publish([domainDraft('first.example')])
    return a.node.ownLog.current()!
  })()
  for (let i = 0; i < 3; i++) {
    await a.service.publish([domainDraft(`more-${i}.example`)])
    await converged([a, b])
    await a.node.checkpoint()
    const { size } = a.node.ownLog.current()!
    await until(() => b.node.book.newestCheckpoint(logId)?.checkpoint.size === size, 5000)
    await Promise.all([b.node.cosign(), b.node.cosign(), b.node.cosign()])
    const largest = cosignersAt(b, a).toSorted((x, y) => y.size - x.size)[0]!
    const recorded = (await b.node.store.note(`cosigned ${logIdHex(logId)}`))!
    expect([readU64be(recorded), readU64be(recorded.subarray(40))]).toEqual([size, largest.timeSeconds])
    expect(largest.size).toBe(size)
  }
}, 60_000)

test('a fork below Q with a stolen key changes nothing that was witnessed', async () => {
  await using alliance = await createTestAlliance(5)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await using d = await alliance.start(3, { config })
  const all = [a, b, c, d]
  await ready(all)
  for (let i = 0; i < 3; i++) await a.service.publish([domainDraft(`${i}.example`)])
  await converged(all)
  await a.node.checkpoint()
  const log = a.node.ownLog.current()!
  await until(() => all.every(({ node }) => node.book.newestCheckpoint(log.logId) !== undefined), 5000)
  // n = 4, f = 1: three of four.
  for (const { node } of [b, c, d]) await node.cosign()
  await until(() => quorateAt(all, a).every(at => at === log.size), 10_000)
  await a.service.publish([domainDraft('after.example')])
  await converged(all)

  const honest = await entriesAt(a, log.logId)
  const thief = createRawAuthor(alliance, alliance.members[0]!, honest.slice(0, 2))
  const epoch = thief.newEpoch()
  thief.grant(epoch)
  await using raw = await startRawMember(alliance, 4, { peers: 4 })
  await raw.gossip(thief.entries.at(-1)!)
  const isSettled = ({ node, service }: RunningNode) =>
    node.store.log(log.logId)?.limit === log.size && service.status().backlog === 0
  await until(() => all.every(isSettled), 10_000)
  for (const { service } of all) {
    const [found] = await service.lookup(['2.example'])
    expect(found?.result).toBe('found')
    const [later] = await service.lookup(['after.example'])
    expect(later?.result).toBe('absent')
  }
}, 60_000)

test('in an alliance of five the voices settle: nobody says anything twice', async () => {
  expect(DEFAULT_POLICY.byzantineNations).toBeUndefined()
  await using alliance = await createTestAlliance(5)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await using d = await alliance.start(3, { config })
  await using e = await alliance.start(4, { config })
  const all = [a, b, c, d, e]
  await ready(all)
  await Promise.all(
    all.map(({ service, member }) => service.publish([domainDraft(`of-${member.nation.toLowerCase()}.example`)])),
  )
  await converged(all)
  await Promise.all(all.map(({ node }) => node.checkpoint()))
  await until(() => sameEvidence(all), 10_000)
  await Promise.all(all.map(({ node }) => node.cosign()))
  await until(
    () => sameEvidence(all) && all.every(author => quorateAt(all, author).every(at => at !== undefined)),
    10_000,
  )
  await until(() => all.every(({ node }) => node.heads.stated().length === all.length - 1), 10_000)
  const sent = () => all.reduce((sum, { node }) => sum + node.host.counters.topics.heads.messagesOut, 0)
  // From each the head of its registry, a checkpoint, its cosignatures in one message, and at most one more that links
  // what others cosigned.
  const before = sent()
  expect(before).toBeLessThanOrEqual(4 * all.length)
  await Promise.all(all.map(({ node }) => node.cosign()))
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect(sent()).toBe(before)
}, 60_000)
