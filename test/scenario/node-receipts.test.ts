import { expect, test } from 'vitest'
import { fromHex, utf8 } from '../../src/base/bytes.ts'
import { parseHash } from '../../src/base/ids.ts'
import { openCheckpoint } from '../../src/crypto/checkpoint.ts'
import { checkEd25519Cosignature } from '../../src/crypto/cosignature.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { verifyInclusion } from '../../src/merkle/inclusion.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  until,
} from '../support/node-alliance.ts'

const config: StartOptions['config'] = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 400, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

async function publish({ service }: RunningNode, name: string): Promise<{ log: string; seq: number }> {
  const [outcome] = await service.publish([domainDraft(name)])
  if (outcome?.outcome !== 'new') throw new Error(JSON.stringify(outcome))
  const [log = '', seq] = outcome.entry.split('/')
  return { log, seq: Number(seq) }
}

test('an entry says which nations hold it and since when, with what it takes to check each, and who lags', async () => {
  const clock = { skewMs: 0, now: () => Date.now() + clock.skewMs }
  await using alliance = await createTestAlliance(4)
  await using a = await alliance.start(0, { config, clock })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await using d = await alliance.start(3, { config })
  const all = [a, b, c, d]
  await ready(all)
  const place = await publish(a, 'one.example')
  await converged(all)
  const bare = await a.service.showEntry(place)
  expect(bare).toMatchObject({
    nation: 'AAA',
    kind: 'batch',
    stands: true,
    body: 'held',
    erasure: null,
    postQuantum: null,
  })
  expect(bare.items).toHaveLength(1)
  expect(bare.delivery).toMatchObject({ receipts: [], waiting: ['BBB', 'CCC', 'DDD'], needed: 2, quorumMs: 0 })

  await a.node.checkpoint()
  const { logId } = a.node.ownLog.current()!
  const { size } = a.node.book.newestCheckpoint(logId)!.checkpoint
  await until(() => all.every(({ node }) => node.book.newestCheckpoint(logId)?.checkpoint.size === size), 5000)
  for (const { node } of [b, c]) await node.cosign()
  await until(() => a.node.book.standingOf(a.node.ownLog.current()!).quorate?.size === size, 5000)
  const { delivery, leaf, postQuantum } = await a.service.showEntry(place)
  expect(delivery.receipts.map(({ nation }) => nation)).toEqual(['BBB', 'CCC'])
  expect(delivery.waiting).toEqual(['DDD'])
  expect(delivery.quorumMs).toBe(Math.max(...delivery.receipts.map(({ timeMs }) => timeMs)))
  expect(postQuantum).toMatchObject({ size })
  for (const [i, { note, path, size: held }] of delivery.receipts.entries()) {
    const { head, text, signatures } = openCheckpoint(utf8(note), originOf(note), a.node.ownLog.current()!.signPk)
    expect(head.size).toBe(held)
    const line = signatures[1]!
    const witnessPk = createEd25519Signer([b, c][i]!.member.keys.inner!.witnessSeed).publicKey
    expect(checkEd25519Cosignature(text, { name: line.name, publicKey: witnessPk }, line).kind).toBe('valid')
    const proof = { leaf: parseHash(fromHex(leaf)), index: place.seq, size: held, root: head.root }
    expect(verifyInclusion({ ...proof, path: path.map(hash => parseHash(fromHex(hash))) })).toBe(true)
  }

  expect(a.service.status().lagging).toEqual([])
  clock.skewMs = 3_600_000
  expect(a.service.status().lagging).toEqual([{ nation: 'DDD', logs: 1, behind: size, sinceMs: 0 }])
  const [log] = a.service.status().logs
  expect(log).toMatchObject({ witnessed: size, postQuantum: size })
  // DDD holds the log whole by now: what others cosigned it states as well.
  await d.node.cosign()
  await until(() => a.service.status().lagging.length === 0, 5000)
  await expect(a.service.showEntry({ ...place, seq: 999 })).rejects.toMatchObject({ code: 'entry-absent' })
  await expect(a.service.showEntry({ ...place, log: 'ffffffff' })).rejects.toMatchObject({ code: 'log-unknown' })
}, 60_000)

test('an author signs a tree with ML-DSA-44 once, hourly at most, and others keep the line', async () => {
  const clock = { skewMs: 0, now: () => Date.now() + clock.skewMs }
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, { config, clock })
  await using b = await alliance.start(1, { config })
  await ready([a, b])
  await publish(a, 'one.example')
  await converged([a, b])
  const { logId } = a.node.ownLog.current()!
  const lines = ({ node }: RunningNode) =>
    node.book
      .checkpoints(logId)
      .filter(({ postQuantum }) => postQuantum !== undefined)
      .map(({ checkpoint, postQuantum }) => ({ size: checkpoint.size, ...postQuantum! }))
  await a.node.checkpoint()
  const [first] = lines(a)
  await until(() => lines(b).length === 1, 5000)
  expect(lines(b)).toEqual([first])
  await publish(a, 'two.example')
  await a.node.checkpoint()
  expect(lines(a)).toEqual([first])
  clock.skewMs = 3_601_000
  await a.node.checkpoint()
  const [second] = lines(a)
  expect(second!.size).toBeGreaterThan(first!.size)
  const digest = a.node.book.digest()
  clock.skewMs *= 2
  await a.node.checkpoint()
  expect(a.node.book.digest()).toEqual(digest)
  await until(() => lines(b)[0]?.size === second!.size, 5000)
  expect(lines(b)).toEqual([second])
}, 60_000)

test('what registry each node has in force is told and shown, and told again', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await ready([a, b])
  const stated = ({ service }: RunningNode) => service.status().registries
  await until(() => stated(a).length === 1 && stated(b).length === 1, 10_000)
  const { registryVersion, registryHash } = a.service.status()
  expect(stated(b)).toEqual([expect.objectContaining({ nation: 'AAA', version: registryVersion, hash: registryHash })])
  // What was said before is not believed again.
  const { timeMs } = stated(b)[0]!
  await a.node.sayHead()
  await until(() => stated(b)[0]!.timeMs > timeMs, 5000)
}, 60_000)

function originOf(note: string): string {
  return note.split('\n')[0]!
}
