import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { TLP, type Tlp } from '../../src/indicator/marking.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import type { IndicatorPage } from '../../src/node/reading/indicator-reading.ts'
import type { NationalRules } from '../../src/node/rules/national-rules.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import { converged, createTestAlliance, type RunningNode, ready, until } from '../support/node-alliance.ts'

const VALUE = 'bad.mega-bank.example'

function claim(value: string, label: string, tlp: Tlp, to?: readonly string[]): PublishItem {
  const draft = { type: 'domain', value, labels: [label], marking: { tlp } }
  return { kind: 'claim', draft, ...(to !== undefined && { audience: { to } }) }
}

function rulesOf(accept: string): NationalRules {
  const policy = parsePolicyFile(`version: 1\nrules: [{ name: all, action: allow }]\naccept: ${accept}\n`)
  return { policy, operators: LOCAL_ONLY, hashes: { policy: undefined, operators: undefined } }
}

/** BBB tells AAA alone and in RED of what CCC tells everybody in GREEN. */
async function publishBoth([, b, c]: readonly RunningNode[]): Promise<void> {
  const secret = [claim(VALUE, 'secret-operation', TLP.RED, ['AAA']), claim('red.example', 'red', TLP.RED, ['AAA'])]
  const outcomes = [
    ...(await b!.service.publish(secret)),
    ...(await c!.service.publish([claim(VALUE, 'phishing', TLP.GREEN)])),
  ]
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['new', 'new', 'new'])
}

async function withThree(
  rules: NationalRules,
  reread: () => NationalRules,
  use: (nodes: readonly RunningNode[]) => Promise<void>,
) {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0, { rules, rereadRules: async () => reread() })
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const nodes = [a, b, c]
  await ready(nodes)
  await use(nodes)
}

test('a token sees of an indicator what its clearance lets through, and can ask for nothing else', async () => {
  const none = rulesOf('[]')
  await withThree(
    none,
    () => none,
    async nodes => {
      const [{ service }] = nodes as [RunningNode, RunningNode, RunningNode]
      await publishBoth(nodes)
      await converged(nodes)
      await until(() => service.status().claims === 3, 10_000)
      const folder = await mkdtemp(join(tmpdir(), 'tocsin-readers-'))
      await using server = await openControlServer(service, {
        socketPath: join(folder, 'control.sock'),
        metricsListen: '',
        readListen: '127.0.0.1:0',
        logger: silentLogger,
      })
      const ask = (token: string | undefined, path: string, body?: unknown) =>
        fetch(`http://${server.readAddress}${path}`, {
          ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
          headers: {
            'Content-Type': 'application/json',
            ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          },
        })
      const green = (await service.addToken({ name: 'green', clearance: 'tlp=GREEN' })).token
      const red = (await service.addToken({ name: 'red', clearance: 'tlp=RED,groups=named' })).token

      const seen = (await (await ask(green, '/v1/indicators')).json()) as IndicatorPage
      expect(seen).toMatchObject({
        indicators: [
          { value: VALUE, nations: ['CCC'], tlp: 'TLP:GREEN', labels: ['phishing'], claims: [{ entry: '' }] },
        ],
      })
      expect(seen.indicators).toHaveLength(1)
      expect(seen.indicators[0]!.claims).toHaveLength(1)
      for (const path of [`/v1/indicators/${VALUE}`, `/v1/indicators?sinceMs=0`, `/v1/indicators?nation=CCC`]) {
        const text = await (await ask(green, path)).text()
        expect(text).toContain('phishing')
        expect(text).not.toMatch(/secret|BBB|RED/)
      }
      const lookup = await (await ask(green, '/v1/lookup', { values: ['red.example', 'nothing.example'] })).json()
      expect(lookup).toMatchObject({ results: [{ result: 'absent' }, { result: 'absent' }] })
      expect((await ask(green, '/v1/indicators/red.example')).status).toBe(404)

      const all = (await (await ask(red, '/v1/indicators')).json()) as IndicatorPage
      expect(all.indicators.map(({ value, nations, labels }) => [value, nations, labels])).toEqual([
        [VALUE, ['BBB', 'CCC'], ['phishing', 'secret-operation']],
        ['red.example', ['BBB'], ['red']],
      ])

      for (const path of ['/v1/status', '/v1/digest', '/metrics', '/healthz', '/v1/tokens', '/v1/held', '/nothing']) {
        expect([path, (await ask(green, path)).status]).toEqual([path, 403])
        expect([path, (await ask(undefined, path)).status]).toEqual([path, 401])
      }
      expect((await ask(green, '/v1/publish', { items: [claim('x.example', 'x', TLP.GREEN)] })).status).toBe(403)
      await service.revokeToken('green')
      expect((await ask(green, '/v1/indicators')).status).toBe(401)
      await rm(folder, { recursive: true })
    },
  )
}, 60_000)

test('a token publishes up to its own marking, under its own name', async () => {
  const none = rulesOf('[]')
  await withThree(
    none,
    () => none,
    async ([a]) => {
      const { token } = await a!.service.addToken({ name: 'sensor', clearance: 'tlp=GREEN,publish' })
      const reader = await a!.service.reader(token)
      expect(await reader.publish([claim('x.example', 'x', TLP.GREEN)])).toMatchObject([{ outcome: 'new' }])
      await expect(reader.publish([claim('y.example', 'y', TLP.AMBER)])).rejects.toMatchObject({
        code: 'token-forbidden',
      })
      await expect(
        reader.publish([{ kind: 'claim', draft: { type: 'domain', value: 'z.example' } }]),
      ).rejects.toMatchObject({
        code: 'token-forbidden',
      })
      const [other] = await reader.publish([claim('w.example', 'w', TLP.GREEN)])
      expect(other).toMatchObject({ outcome: 'new', entry: '' })
      await a!.node.projector.settled()
      expect(await reader.show('x.example')).toMatchObject({ claims: [{ nation: 'AAA', entry: '' }] })
    },
  )
}, 60_000)

test('a token publishes nothing that it could not read, and learns of no group by trying', async () => {
  const none = rulesOf('[]')
  await withThree(
    none,
    () => none,
    async ([a]) => {
      const group = { kind: 'group', id: 'ab'.repeat(16), name: 'north', maxTlp: 0, version: 1, prevHash: '' } as const
      expect(await a!.service.publish([{ ...group, members: ['AAA', 'BBB'] }])).toMatchObject([{ outcome: 'new' }])
      const { token } = await a!.service.addToken({
        name: 'sensor',
        clearance: 'tlp=GREEN,pap=GREEN,types=domain,publish',
      })
      const reader = await a!.service.reader(token)
      const green = (fields: object): PublishItem => ({
        kind: 'claim',
        draft: { type: 'domain', value: 'x.example', marking: { tlp: TLP.GREEN, ...fields } },
      })
      const beyond = [
        { ...green({}), audience: { to: ['BBB'] } },
        { ...green({}), audience: { group: 'north' } },
        { ...green({}), audience: { group: 'nobody' } },
        green({ pap: 4 }),
        green({ exercise: true }),
        { kind: 'claim', draft: { type: 'url', value: 'http://x.example/', marking: { tlp: TLP.GREEN } } },
        { kind: 'context', json: '{"type":"note","id":"note--1","content":"x"}', tlp: TLP.GREEN },
      ] as readonly PublishItem[]
      for (const item of beyond) {
        await expect(reader.publish([item])).rejects.toMatchObject({
          code: 'token-forbidden',
          message: 'an item is beyond the clearance of this token',
        })
      }
    },
  )
}, 60_000)

test('what the nation does not take is kept, shows nowhere, and shows when the policy takes it', async () => {
  let rules = rulesOf(
    '[{ name: unsure, when: { author: CCC }, action: quarantine, reason: look }, { name: no red, when: { labels: red }, action: refuse }]',
  )
  await withThree(
    rules,
    () => rules,
    async nodes => {
      const [a] = nodes as [RunningNode, RunningNode, RunningNode]
      const { service } = a
      const values = async () =>
        (await service.list({ limit: 10 })).indicators.map(({ value, labels }) => [value, ...labels])
      await publishBoth(nodes)
      await converged(nodes)
      await until(() => a.node.store.counts().items >= 3, 10_000)
      await a.node.projector.settled()
      expect(await values()).toEqual([[VALUE, 'secret-operation']])
      const { indicators } = await service.list({ limit: 10, quarantined: true })
      const standing = expect.stringMatching(/^quarantined by rule 1 "unsure" \(line 3\): look$/)
      expect(indicators).toMatchObject([{ value: VALUE, labels: ['phishing'], claims: [{ nation: 'CCC', standing }] }])
      expect(await service.show('red.example')).toMatchObject({
        claims: [],
        aside: [{ standing: expect.stringContaining('refused by rule 2 "no red"') }],
      })
      expect(await service.lookup(['red.example'])).toMatchObject([{ result: 'absent' }])
      const { token } = await service.addToken({ name: 'all', clearance: 'tlp=RED,groups=any' })
      expect(await (await service.reader(token)).show('red.example')).toBeNull()

      rules = rulesOf('[]')
      await service.reloadRules()
      await a.node.projector.settled()
      expect(await values()).toEqual([
        [VALUE, 'phishing', 'secret-operation'],
        ['red.example', 'red'],
      ])
      const [here, there] = await Promise.all([service.rebuildView(), service.reopenItems()])
      expect(here.viewAfter).toBe(here.viewBefore)
      expect(there.viewAfter).toBe(here.viewBefore)
    },
  )
}, 60_000)
