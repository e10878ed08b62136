import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { readContent } from '../../src/chain/entry-content.ts'
import type { KeyGrantContent } from '../../src/chain/key-grant.ts'
import { PADDED_BYTES_MAX, paddedSize } from '../../src/crypto/padding.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { KIND, type ParsedEntry, parseEnvelope } from '../../src/wire/entry.ts'
import {
  converged,
  createTestAlliance,
  type RunningNode,
  ready,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'

const AEAD_TAG_BYTES = 16

function claim(value: string, tlp: number, audience?: PublishItem['audience']): PublishItem {
  const draft = { type: 'domain', value, marking: { tlp: tlp as 5 } }
  return { kind: 'claim', draft, ...(audience && { audience }) }
}

async function startAll(alliance: TestAlliance): Promise<RunningNode[]> {
  const nodes = await Promise.all(alliance.members.map((_, i) => alliance.start(i)))
  await ready(nodes)
  return nodes
}

async function reads(node: RunningNode, value: string): Promise<boolean> {
  const [answer] = await node.service.lookup([value])
  return answer?.result === 'found'
}

async function publish(node: RunningNode, ...items: readonly PublishItem[]): Promise<void> {
  const outcomes = await node.service.publish(items)
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(items.map(() => 'new'))
}

/** Every entry of the log of `author` as `holder` keeps it. */
async function entriesAt(holder: RunningNode, author: RunningNode): Promise<readonly ParsedEntry[]> {
  const { logId } = author.node.ownLog.current()!
  return (await holder.node.store.entriesRange(logId, 0, 4096)).map(parseEnvelope)
}

function grantsAmong(entries: readonly ParsedEntry[]): readonly KeyGrantContent[] {
  return entries.flatMap(entry => {
    const read = readContent(entry, 0)
    return read.kind === 'ok' && read.content.kind === 'key-grant' ? [read.content.grant] : []
  })
}

const PADDED_SIZES = new Set(Array.from({ length: PADDED_BYTES_MAX }, (_, length) => paddedSize(length)))

describe('who may read what, between real nodes', () => {
  it('lets two named nations read a RED claim, and tells nobody else of it', async () => {
    await using alliance = await createTestAlliance(4)
    const nodes = await startAll(alliance)
    const [a, b, c, d] = nodes as [RunningNode, RunningNode, RunningNode, RunningNode]
    try {
      await publish(a, claim('red.example', 5, { to: ['BBB', 'CCC'] }))
      await publish(a, claim('green.example', 2))
      await converged(nodes)
      expect(await Promise.all([a, b, c, d].map(node => reads(node, 'red.example')))).toEqual([true, true, true, false])
      expect(await reads(d, 'green.example')).toBe(true)

      const entries = await entriesAt(d, a)
      const [sealed, named] = grantsAmong(entries)
      expect(sealed!.sealed).toBe(true)
      expect(sealed!.slots).toHaveLength(4)
      expect(sealed!.supersedes).toBeUndefined()
      expect(named!.sealed).toBe(false)
      const red = entries.slice(1, 3)
      for (const entry of red) {
        const raw = Buffer.concat([entry.headerBytes, entry.signature, entry.body]).toString('latin1')
        for (const secret of ['BBB', 'CCC', 'DDD', 'red.example', 'domain']) expect(raw).not.toContain(secret)
      }
      for (const { header, body } of entries) {
        if (header.kind === KIND.BATCH) expect(PADDED_SIZES).toContain(body.length - AEAD_TAG_BYTES)
      }
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  it('refuses RED to the alliance and a named nation that may not read, and names it', async () => {
    await using alliance = await createTestAlliance(3, { maxTlp: new Map([[2, 2]]) })
    const nodes = await startAll(alliance)
    const [a, b, c] = nodes as [RunningNode, RunningNode, RunningNode]
    try {
      const outcomes = await a.service.publish([
        claim('one.example', 5),
        claim('two.example', 3, { to: ['CCC'] }),
        claim('three.example', 3, { to: ['ZZZ'] }),
        claim('four.example', 3, { group: 'nobody' }),
      ])
      expect(outcomes.map(each => each.outcome === 'refused' && each.code)).toEqual([
        'release-red-needs-recipients',
        'release-above-ceiling',
        'release-recipient-excluded',
        'group-unknown',
      ])
      // Above the ceiling of one, it goes to the others, sealed.
      await publish(a, claim('amber.example', 3), claim('green.example', 2))
      await converged(nodes)
      expect(await reads(b, 'amber.example')).toBe(true)
      expect(await reads(c, 'amber.example')).toBe(false)
      expect(await reads(c, 'green.example')).toBe(true)
      expect(grantsAmong(await entriesAt(c, a)).map(({ sealed }) => sealed)).toEqual([true, false])
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  it('keeps a group among its members: one that is removed between two messages reads the first alone', async () => {
    await using alliance = await createTestAlliance(4)
    const nodes = await startAll(alliance)
    const [a, b, , d] = nodes as [RunningNode, RunningNode, RunningNode, RunningNode]
    const id = 'ab'.repeat(16)
    try {
      const group = { kind: 'group', id, name: 'north', maxTlp: 0 } as const
      await publish(a, { ...group, version: 1, prevHash: '', members: ['AAA', 'BBB', 'CCC'] })
      await converged(nodes)
      expect(nodes.map(({ service }) => service.groups().length)).toEqual([1, 1, 1, 0])
      await publish(b, claim('first.example', 5, { group: 'north' }))
      await converged(nodes)
      const { hash } = a.service.groups()[0]!
      await publish(a, { ...group, version: 2, prevHash: hash, members: ['AAA', 'BBB'] })
      await publish(a, claim('second.example', 5, { group: 'AAA/north' }))
      await converged(nodes)
      expect(await Promise.all(nodes.map(node => reads(node, 'first.example')))).toEqual([true, true, true, false])
      expect(await Promise.all(nodes.map(node => reads(node, 'second.example')))).toEqual([true, true, false, false])
      expect(nodes.map(({ service }) => service.groups()[0]?.version)).toEqual([2, 2, 1, undefined])

      const change = (fields: object) => ({ ...group, version: 3, prevHash: hash, members: ['AAA'], ...fields })
      const refused = await a.service.publish([
        change({}),
        change({ members: ['AAA', 'XYZ'] }),
        change({ id: 'cd'.repeat(16), version: 1, prevHash: '' }),
      ])
      expect(refused.map(each => each.outcome === 'refused' && each.code)).toEqual([
        'group-outdated',
        'group-member-unknown',
        'group-exists',
      ])
      const [foreign] = await b.service.publish([change({})])
      expect(foreign).toMatchObject({ outcome: 'refused', code: 'group-not-owner' })
      for (const entry of (await entriesAt(d, a)).slice(1)) {
        expect(Buffer.from(entry.body).toString('latin1')).not.toContain('north')
        expect(toHex(entry.body)).not.toContain(id)
      }
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  it('lets others read later what went to some before, as the same claim, and says duplicate to those who have it', async () => {
    await using alliance = await createTestAlliance(3)
    const nodes = await startAll(alliance)
    const [a, b, c] = nodes as [RunningNode, RunningNode, RunningNode]
    try {
      const amber = (audience?: PublishItem['audience']) => claim('amber.example', 3, audience)
      await publish(a, amber({ to: ['BBB'] }))
      await converged(nodes)
      const again = await a.service.publish([amber({ to: ['BBB'] })])
      expect(again[0]?.outcome).toBe('duplicate')
      expect(await reads(c, 'amber.example')).toBe(false)
      await publish(a, amber({ to: ['CCC'] }))
      await converged(nodes)
      expect(await reads(c, 'amber.example')).toBe(true)
      const [all] = await a.service.publish([amber()])
      expect(all?.outcome).toBe('duplicate')
      expect((await b.service.show('amber.example'))?.claims).toHaveLength(1)
      expect((await a.service.show('amber.example'))?.claims).toHaveLength(1)
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  it('lets a newcomer read what waited, when its author grants the history, and the log shows each grant', async () => {
    await using alliance = await createTestAlliance(4)
    const nodes = await startAll(alliance)
    const [a, b, c, d] = nodes as [RunningNode, RunningNode, RunningNode, RunningNode]
    try {
      const group = { kind: 'group', id: 'ab'.repeat(16), name: 'north', maxTlp: 0 } as const
      await publish(a, { ...group, version: 1, prevHash: '', members: ['AAA', 'BBB'] })
      await publish(a, claim('before.example', 5, { group: 'north' }), claim('named.example', 5, { to: ['BBB'] }))
      await converged(nodes)
      await expect(a.service.grantHistory({ nation: 'CCC', group: 'north', sinceMs: 0 })).rejects.toMatchObject({
        code: 'release-recipient-excluded',
      })
      const { hash } = a.service.groups()[0]!
      await publish(a, { ...group, version: 2, prevHash: hash, members: ['AAA', 'BBB', 'CCC'] })
      await converged(nodes)
      expect(await reads(c, 'before.example')).toBe(false)
      const { entries, left } = await a.service.grantHistory({ nation: 'CCC', group: 'north', sinceMs: 0 })
      expect(entries).toHaveLength(1)
      expect(left).toEqual({ 'reads-already': 1, 'other-audience': 1, before: 0, ceiling: 0, guard: 0 })
      await converged(nodes)
      await until(() => nodes.every(({ service }) => service.status().backlog === 0), 5000)
      expect(await reads(c, 'before.example')).toBe(true)
      expect(await reads(c, 'named.example')).toBe(false)
      expect(await reads(d, 'before.example')).toBe(false)
      expect(await reads(b, 'before.example')).toBe(true)
      const history = grantsAmong(await entriesAt(d, a)).filter(({ reason }) => reason === 3)
      expect(history.map(({ sealed, slots }) => [sealed, slots.length])).toEqual([[true, 4]])
      const repeated = await a.service.grantHistory({ nation: 'CCC', group: 'north', sinceMs: 0 })
      expect(repeated.entries).toEqual([])

      // The members are those of the granted epoch again, whose secret the newcomer has.
      await publish(a, { ...group, version: 3, prevHash: a.service.groups()[0]!.hash, members: ['AAA', 'BBB'] })
      await publish(a, claim('after.example', 5, { group: 'north' }))
      await converged(nodes)
      expect(await Promise.all(nodes.map(node => reads(node, 'after.example')))).toEqual([true, true, false, false])
      expect(nodes.map(({ service }) => service.groups()[0]?.version)).toEqual([3, 3, 2, undefined])
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  it('an audience is told by name before anything is signed', async () => {
    await using alliance = await createTestAlliance(3, { maxTlp: new Map([[2, 2]]) })
    const nodes = await startAll(alliance)
    const [a] = nodes as [RunningNode, ...RunningNode[]]
    try {
      const view = a.service.audience(undefined, 3)
      expect(view.sealed).toBe(true)
      expect(view.readers.map(({ nation }) => nation)).toEqual(['AAA', 'BBB'])
      expect(view.excluded).toEqual([
        { nation: 'CCC', label: 'Nation CCC', why: 'its ceiling in the registry is below TLP:AMBER' },
      ])
      expect(a.service.audience(undefined, 2).sealed).toBe(false)
      expect(a.service.audience({ to: ['CCC'] }, 3).refusal?.code).toBe('release-above-ceiling')
      expect(a.node.ownLog.current()).toBeUndefined()
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })
})
