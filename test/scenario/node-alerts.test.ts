import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { checkAlertFile } from '../../src/audit/alert-check.ts'
import { toHex } from '../../src/base/bytes.ts'
import { type Hash, parseHash } from '../../src/base/ids.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { buildCheckpointNote, verifyCheckpoint } from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { homeAt } from '../../src/node/home/home.ts'
import { EVIDENCE } from '../../src/node/knowledge/evidence-book.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import { runCli } from '../support/cli.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, ownEntries, type RawMember, startRawMember } from '../support/node-raw-member.ts'

/** AAA and BBB are honest; the keys of both are known to CCC, which no sync needs to bring what it says. */
const config: NonNullable<StartOptions['config']> = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 3_600_000, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

let alliance: TestAlliance
let a: RunningNode
let b: RunningNode
let thief: RawMember

beforeAll(async () => {
  alliance = await createTestAlliance(3)
  a = await alliance.start(0, { config })
  b = await alliance.start(1, { config })
  thief = await startRawMember(alliance, 2, { only: [0] })
  for (const { node } of [a, b]) await node.publisher.incarnate(true)
  await ready([a, b])
  for (let i = 0; i < 4; i++) {
    await a.service.publish([domainDraft(`of-a-${i}.example`)])
    await b.service.publish([domainDraft(`of-b-${i}.example`)])
  }
  await converged([a, b])
}, 60_000)

afterAll(async () => {
  for (const each of [thief, a, b, alliance]) await each[Symbol.asyncDispose]()
})

const trust = () => parseTrustClaim(a.service.registry().trust)

async function* pieces(file: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < file.length; at += 1000) yield file.subarray(at, at + 1000)
}

function alertAt(node: RunningNode, kind: string) {
  return node.service.alerts().find(alert => alert.kind === kind)
}

function checkpointOf(author: RunningNode, genesis: ParsedEntry, size: number, root: Hash) {
  const head = author.node.ownLog.current()!
  const signer = createEd25519Signer(author.member.keys.inner!.signSeed)
  const note = buildCheckpointNote(alliance.allianceId, head.logId, { size, root }, signer)
  const { headerBytes, signature, body } = genesis
  const message = buildCheckpointEvidence({
    checkpoint: verifyCheckpoint(note, head, alliance.allianceId),
    cosignatures: [],
    genesis: { header: headerBytes, signature, body },
  })
  return { type: EVIDENCE.CHECKPOINT, body: message }
}

test('a fork is an alert of the same id everywhere at once, and its file convinces who has the fingerprint alone', async () => {
  expect(a.service.alerts()).toEqual([])
  const twin = createRawAuthor(alliance, b.member, (await ownEntries(b)).slice(0, 3))
  await thief.gossip(twin.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) }))
  // By gossip alone: no node asks another for an hour.
  await until(() => [a, b].every(node => alertAt(node, 'fork') !== undefined), 3000)
  const alert = alertAt(a, 'fork')!
  expect(alert).toMatchObject({ nation: 'BBB', log: toHex(twin.logId), at: 3, id: alertAt(b, 'fork')!.id })
  expect(alert.effect).toBe('The first 3 entries of the log stand, and nothing behind them.')
  expect(a.service.status().alerts).toBe(1)
  const { file } = a.service.alertFile(alert.id.slice(0, 6))
  const check = await checkAlertFile(pieces(file!), trust())
  expect(check).toMatchObject({ verdict: 'proved', findings: [] })
  expect(check.alerts).toMatchObject([{ id: alert.id, kind: 'fork', nation: 'BBB', at: 3, effect: alert.effect }])
})

test('contradictory checkpoints are proved by who holds the log, and told to all at once', async () => {
  const entries = await ownEntries(a)
  const author = a.node.ownLog.current()!
  // The thief's checkpoint is on its way first: nothing contradicts it that the author has signed.
  const forged = checkpointOf(a, entries[0]!, 3, parseHash(randomBytes(32)))
  await b.node.book.apply([forged], 'test')
  expect(alertAt(b, 'checkpoints')).toBeUndefined()
  await a.node.checkpoint()
  await until(() => [a, b].every(node => alertAt(node, 'checkpoints') !== undefined), 3000)
  expect(alertAt(a, 'checkpoints')!.id).toBe(alertAt(b, 'checkpoints')!.id)
  expect([a, b].map(({ node }) => node.book.limitOf(author))).toEqual([0, 0])
  await until(() => toHex(a.node.book.digest()) === toHex(b.node.book.digest()), 3000)
  const { file } = b.service.alertFile(alertAt(b, 'checkpoints')!.id)
  const check = await checkAlertFile(pieces(file!), trust())
  expect(check).toMatchObject({ verdict: 'proved', alerts: [{ kind: 'checkpoints', nation: 'AAA' }] })
})

test('a file that is cut, spoiled or of another alliance proves nothing', async () => {
  const { file } = a.service.alertFile(alertAt(a, 'fork')!.id)
  const verdict = async (bytes: Uint8Array, claim = trust()) => (await checkAlertFile(pieces(bytes), claim)).verdict
  expect(await verdict(file!.subarray(0, file!.length - 10))).toBe('missing')
  const spoiled = file!.slice()
  spoiled[spoiled.length - 500]! ^= 1
  expect(await verdict(spoiled)).toBe('false')
  await using other = await createTestAlliance(1)
  await using stranger = await other.start(0)
  expect(await verdict(file!, parseTrustClaim(stranger.service.registry().trust))).toBe('false')
  expect(() => a.service.alertFile('ffff')).toThrow(/no alert/)
}, 20_000)

test('an operator lists it, sees the proof in full, writes it to a file and judges both', async () => {
  const home = await mkdtemp(join(tmpdir(), 'tocsin-alerts-'))
  try {
    await writeFile(join(home, 'config.yaml'), 'nation: AAA\n')
    await writeFile(join(home, 'trust'), a.service.registry().trust)
    await using _ = await openControlServer(a.service, {
      socketPath: homeAt(home, {}).socket,
      metricsListen: '',
      readListen: '',
      logger: silentLogger,
    })
    const { id } = alertAt(a, 'fork')!
    const listed = await runCli(['--home', home, 'alerts', 'list', '-o', 'ndjson'])
    expect(listed.stdout).toContain(id)
    const file = join(home, 'fork.audit')
    const shown = await runCli(['--home', home, 'alerts', 'show', id, '-O', file])
    expect(shown.stdout).toMatch(/proof SAME_SEQ\n {2}entry [0-9a-f]{64}\/3/)
    expect(await runCli(['--home', home, 'alerts', 'show', id, '-O', file])).toMatchObject({ status: 64 })
    expect(await runCli(['alerts', 'verify', file, '--trust', a.service.registry().trust])).toMatchObject({
      status: 0,
    })
    expect(await runCli(['--home', home, 'alerts', 'verify', id])).toMatchObject({ status: 0 })
    expect(await runCli(['--home', home, 'alerts', 'show', 'ffff'])).toMatchObject({ status: 66 })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}, 60_000)

test('when an alert was first seen survives a restart', async () => {
  const before = b.service.alerts()
  await b[Symbol.asyncDispose]()
  b = await alliance.start(1, { config })
  expect(b.service.alerts().map(({ id, seenMs }) => [id, seenMs])).toEqual(before.map(({ id, seenMs }) => [id, seenMs]))
}, 20_000)
