import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromBase64, toBase64, toHex } from '../../src/base/bytes.ts'
import { UserError } from '../../src/base/errors.ts'
import type { NationId } from '../../src/base/ids.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { draftsText } from '../../src/node/commands/release-commands.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import type { HeldView, PublishItem, PublishOutcome } from '../../src/node/orders/node-service.ts'
import type { NationalRules } from '../../src/node/rules/national-rules.ts'
import { approvalInput, submissionInput } from '../../src/policy/approval.ts'
import type { OperatorRole } from '../../src/policy/operator.ts'
import { Item } from '../../src/wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../../src/wire/limits.ts'
import { decodeStrict } from '../../src/wire/strict.ts'
import { claimOf } from '../support/guard-policy.ts'
import {
  converged,
  createTestAlliance,
  type RunningNode,
  ready,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'

const [anna, bert] = [createEd25519Signer(randomBytes(32)), createEd25519Signer(randomBytes(32))]

const RULES = `
  - { name: ours, when: { mentions: own }, action: deny }
  - { name: watched, when: { labels: watched }, redact: source, action: second-person }
  - { name: few, when: { labels: few }, limitPerHour: 2 }
  - { name: rest, redact: source, action: allow }
`

function rulesOf(rules: string, head = ''): NationalRules {
  const roles = (...names: OperatorRole[]) => new Set(names)
  return {
    policy: parsePolicyFile(`version: 1\n${head}\nnetworks: { own: [192.0.2.0/24] }\nrules:\n${rules}`),
    operators: {
      operators: [
        { name: 'anna', key: anna.publicKey, roles: roles('publish', 'approve') },
        { name: 'bert', key: bert.publicKey, roles: roles('approve') },
      ],
      local: roles('publish', 'administer', 'read'),
    },
  }
}

let alliance: TestAlliance
let other: RunningNode
let rules = rulesOf(RULES)

const startFirst = async () => {
  const node = await alliance.start(0, { rules, rereadRules: async () => rules })
  await ready([node])
  return node
}

beforeAll(async () => {
  alliance = await createTestAlliance(2)
  other = await alliance.start(1)
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await alliance[Symbol.asyncDispose]()
})

function draft(value: string, rest: object = {}): PublishItem {
  return { kind: 'claim', draft: { type: 'domain', value, ...rest } }
}

const watched = (value: string) => draft(value, { labels: ['watched'], source: 'us' })

function submit(
  { service }: RunningNode,
  items: readonly PublishItem[],
  by: Ed25519Signer,
): Promise<readonly PublishOutcome[]> {
  const signedMs = Date.now()
  const signature = by.sign(submissionInput(alliance.allianceId, signedMs, draftsText(items)))
  return service.publish(items, { key: toHex(by.publicKey), signedMs, signature: toBase64(signature) })
}

function approval(held: HeldView, by: Ed25519Signer, item = decodeStrict(Item, fromBase64(held.item), BODY_BYTES_MAX)) {
  const [audience, readers] = [fromBase64(held.audience), held.readers as NationId[]]
  const input = approvalInput({ allianceId: alliance.allianceId, item, audience, readers })
  return { key: toHex(by.publicKey), signature: toBase64(by.sign(input)) }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    error => (error instanceof UserError ? error.code : String(error)),
  )

/** Everything that this node has signed. */
const signed = ({ service }: RunningNode) =>
  service
    .status()
    .logs.filter(log => log.own)
    .reduce((sum, log) => sum + log.size, 0)

test('what is held waits through a restart, and leaves by the word of a second person', async () => {
  const before = await startFirst()
  expect(await before.service.publish([draft('first.example')])).toMatchObject([{ outcome: 'new' }])
  const size = signed(before)
  expect(await submit(before, [watched('held.example')], anna)).toMatchObject([{ outcome: 'held' }])
  expect(await submit(before, [watched('held.example')], anna)).toMatchObject([{ outcome: 'held' }])
  await before[Symbol.asyncDispose]()

  await using node = await startFirst()
  const [held, ...more] = node.service.held()
  expect(more).toEqual([])
  expect(held).toMatchObject({
    submitter: 'anna',
    rule: 'rule 2 "watched" (line 7) asks for a second person',
    readers: ['BBB'],
  })
  expect(await codeOf(node.service.approveHeld(held!.id, approval(held!, anna)))).toBe('approval-same-person')
  const laxer = claimOf({ value: 'held.example', labels: ['watched'], marking: { tlp: 1 } })
  expect(await codeOf(node.service.approveHeld(held!.id, approval(held!, bert, laxer)))).toBe('approval-invalid')
  expect(await codeOf(node.service.approveHeld('ab'.repeat(16), approval(held!, bert)))).toBe('held-absent')
  expect(signed(node)).toBe(size)
  expect(node.service.held()).toHaveLength(1)

  await node.service.approveHeld(held!.id, approval(held!, bert))
  expect(node.service.held()).toEqual([])
  // The grant of a new epoch, and what was approved.
  await until(() => signed(node) > size + 1, 10_000)
  await converged([node, other])
  const shown = await other.service.show('held.example')
  expect(shown?.claims).toMatchObject([{ id: held!.id, source: '', labels: ['watched'] }])
  expect(await submit(node, [watched('held.example')], anna)).toMatchObject([{ outcome: 'duplicate', id: held!.id }])
})

test('what is denied, or held, or beyond a limit is never signed', async () => {
  await using node = await startFirst()
  const size = signed(node)
  const denied = await node.service.publish([
    draft('a.example', { description: 'seen at 192.0.2.7' }),
    { kind: 'claim', draft: { type: 'url', value: 'http://192.0.2.8/' } },
    { kind: 'context', json: '{"type":"note","id":"note--1","content":"192.0.2.9"}' },
    watched('nobody.example'),
  ])
  expect(denied.map(each => each.outcome === 'refused' && each.code)).toEqual([
    'guard-denied',
    'guard-denied',
    'guard-denied',
    'guard-submitter-unknown',
  ])
  expect(await submit(node, [watched('kept.example')], anna)).toMatchObject([{ outcome: 'held' }])
  expect(signed(node)).toBe(size)
  expect(node.service.status().queued).toBe(0)
  await node.service.rejectHeld(node.service.held()[0]!.id, 'not ours to tell')
  expect(node.service.held()).toEqual([])

  const many = ['1', '2', '3', '4'].map(n => draft(`few${n}.example`, { labels: ['few'] }))
  const outcomes = (await node.service.publish(many)).map(each => each.outcome)
  expect(outcomes.toSorted()).toEqual(['new', 'new', 'refused', 'refused'])
})

test('a token is no first person, and neither is who was an operator', async () => {
  await using node = await startFirst()
  const { token } = await node.service.addToken({ name: 'feed', clearance: 'tlp=RED,groups=any,publish' })
  const reader = await node.service.reader(token)
  expect(await reader.publish([watched('alone.example')])).toMatchObject([
    { outcome: 'refused', code: 'guard-submitter-unknown' },
  ])
  expect(await submit(node, [watched('gone.example')], anna)).toMatchObject([{ outcome: 'held' }])
  const held = node.service.held()[0]!
  const old = rules
  const operators = old.operators.operators.filter(({ name }) => name !== 'anna')
  rules = { ...old, operators: { ...old.operators, operators } }
  await node.service.reloadRules()
  expect(await codeOf(node.service.approveHeld(held.id, approval(held, bert)))).toBe('guard-submitter-unknown')
  rules = old
  await node.service.reloadRules()
  await node.service.rejectHeld(held.id, 'nobody submits it')
})

test('an approval is for those who could read it then, and not for whom the group has got meanwhile', async () => {
  const withGroups = rulesOf(`  - { name: groups, when: { item: group }, action: allow }${RULES}`)
  await using node = await alliance.start(0, { rules: withGroups, rereadRules: async () => withGroups })
  await ready([node])
  const group = { kind: 'group', id: 'cd'.repeat(16), name: 'east', maxTlp: 0 } as const
  await node.service.publish([{ ...group, version: 1, prevHash: '', members: ['AAA'] }])
  const forGroup = [{ ...watched('grown.example'), audience: { group: 'east' } }]
  expect(await submit(node, forGroup, anna)).toMatchObject([{ outcome: 'held' }])
  const held = node.service.held()[0]!
  expect(held.readers).toEqual([])
  const early = approval(held, bert)
  const { hash } = node.service.groups()[0]!
  await node.service.publish([{ ...group, version: 2, prevHash: hash, members: ['AAA', 'BBB'] }])
  expect(await codeOf(node.service.approveHeld(held.id, early))).toBe('approval-invalid')
  const again = node.service.held()[0]!
  expect(again.readers).toEqual(['BBB'])
  await node.service.approveHeld(held.id, approval(again, bert))
  expect(node.service.held()).toEqual([])
})

test('what leaves with less in it is recognised when it comes again', async () => {
  await using node = await startFirst()
  const [first] = await node.service.publish([draft('less.example', { source: 'one' })])
  expect(first).toMatchObject({ outcome: 'new' })
  const size = signed(node)
  expect(await node.service.publish([draft('less.example', { source: 'two' })])).toMatchObject([
    { outcome: 'duplicate', id: first?.outcome === 'new' ? first.id : '' },
  ])
  expect(signed(node)).toBe(size)
})

test('an approval counts no more where the policy has changed what would leave', async () => {
  await using node = await startFirst()
  expect(await submit(node, [watched('changed.example')], anna)).toMatchObject([{ outcome: 'held' }])
  const held = node.service.held()[0]!
  const old = rules
  rules = rulesOf('  - { name: all, redact: labels, action: allow }\n')
  await node.service.reloadRules()
  expect(await codeOf(node.service.approveHeld(held.id, approval(held, bert)))).toBe('guard-changed')
  rules = rulesOf('  - { name: none, action: deny }\n')
  await node.service.reloadRules()
  expect(await codeOf(node.service.approveHeld(held.id, approval(held, bert)))).toBe('guard-denied')
  rules = rulesOf(RULES, 'approvals: { expireDays: 0.000001 }')
  await node.service.reloadRules()
  await until(() => node.service.held().length === 0, 5_000)
  rules = old
})

test('wrong rules leave the old ones in force; without rules nothing leaves', async () => {
  let next: () => NationalRules = () => rulesOf('  - { name: x, when: { netwrok: own }, action: deny }\n')
  await using node = await alliance.start(0, { rules, rereadRules: async () => next() })
  await ready([node])
  expect(await codeOf(node.service.reloadRules())).toBe('policy-invalid')
  expect(await node.service.publish([draft('still.example')])).toMatchObject([{ outcome: 'new' }])
  next = () => ({ ...rules, policy: undefined })
  expect(await node.service.reloadRules()).toMatchObject({ policy: undefined })
  expect(await codeOf(node.service.publish([draft('stays.example')]))).toBe('policy-missing')
  expect(node.service.status().problems).toMatchObject([{ code: 'policy-missing' }])
  next = () => ({ ...rules, operators: { ...rules.operators, local: new Set() } })
  expect(await codeOf(node.service.publish([draft('stays.example')]))).toBe('policy-missing')
})

test('where the user of the machine has no role, only signed submissions are taken', async () => {
  const operators = { ...rules.operators, local: new Set<OperatorRole>() }
  await using node = await alliance.start(0, { rules: { ...rules, operators } })
  await ready([node])
  expect(await codeOf(node.service.publish([draft('unsigned.example')]))).toBe('operator-role')
  expect(await codeOf(node.service.reloadRules())).toBe('operator-role')
  const { service } = node
  const orders = [
    () => service.grantHistory({ nation: 'BBB', group: undefined, sinceMs: 0 }),
    () => service.republish([]),
    () => service.addToken({ name: 'way-round', clearance: 'tlp=RED,groups=any,publish' }),
    () => service.revokeToken('feed'),
    () => service.incarnate(),
    () => service.list({ limit: 1 }),
    () => service.lookup(['a.example']),
    () => service.show('a.example'),
    () => service.quarantined(),
  ]
  for (const order of orders) expect([String(order), await codeOf(order())]).toEqual([String(order), 'operator-role'])
  expect(await codeOf(submit(node, [draft('bert.example')], bert))).toBe('operator-role')
  expect(await submit(node, [draft('anna.example')], anna)).toMatchObject([{ outcome: 'new' }])
})

test('what the guard marks higher goes only to those whose ceiling allows that', async () => {
  await using lower = await createTestAlliance(2, { maxTlp: new Map([[1, 2]]) })
  const raising = rulesOf(
    '  - { name: up, when: { labels: up }, raise: { tlp: AMBER } }\n  - { name: all, action: allow }\n',
  )
  await using a = await lower.start(0, { rules: raising })
  await using b = await lower.start(1)
  await ready([a, b])
  const green = { marking: { tlp: 2 } }
  const outcomes = await a.service.publish([
    draft('green.example', green),
    draft('up.example', { ...green, labels: ['up'] }),
  ])
  expect(outcomes).toMatchObject([{ outcome: 'new' }, { outcome: 'new' }])
  await converged([a, b])
  expect((await a.service.show('up.example'))?.tlp).toBe('TLP:AMBER')
  expect((await b.service.show('green.example'))?.tlp).toBe('TLP:GREEN')
  expect(await b.service.show('up.example')).toBeNull()
})

test('history goes to nobody to whom the guard would not let it go now', async () => {
  await using three = await createTestAlliance(3)
  const all = rulesOf('  - { name: all, action: allow }\n')
  let current = all
  await using a = await three.start(0, { rules: all, rereadRules: async () => current })
  await using b = await three.start(1)
  await using c = await three.start(2)
  await ready([a, b, c])
  const group = { kind: 'group', id: 'ab'.repeat(16), name: 'north', maxTlp: 0 } as const
  await a.service.publish([{ ...group, version: 1, prevHash: '', members: ['AAA', 'BBB'] }])
  await a.service.publish([{ ...draft('red.example', { marking: { tlp: 5 } }), audience: { group: 'north' } }])
  const { hash } = a.service.groups()[0]!
  await a.service.publish([{ ...group, version: 2, prevHash: hash, members: ['AAA', 'BBB', 'CCC'] }])
  const grant = () => a.service.grantHistory({ nation: 'CCC', group: 'north', sinceMs: 0 })
  for (const rule of ['when: { tlp: RED }, action: second-person', 'when: { reader: CCC }, action: deny']) {
    current = rulesOf(`  - { name: strict, ${rule} }\n  - { name: rest, action: allow }\n`)
    await a.service.reloadRules()
    expect(await grant()).toMatchObject({ entries: [], left: { guard: 1 } })
  }
  current = all
  await a.service.reloadRules()
  expect((await grant()).entries).toHaveLength(1)
})
