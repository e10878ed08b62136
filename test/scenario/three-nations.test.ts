import { expect, test } from 'vitest'
import { converged, createTestAlliance, domainDraft, ready } from '../support/node-alliance.ts'

test('three nations exchange indicators and end equal', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const nodes = [a, b, c]
  await ready(nodes)

  const [first] = await a.service.publish([domainDraft('evil.example')])
  expect(first).toMatchObject({ outcome: 'new' })
  await b.service.publish([domainDraft('evil.example'), domainDraft('other.example')])
  await converged(nodes)

  const digests = await Promise.all(nodes.map(({ service }) => service.digest()))
  expect(new Set(digests.map(digest => digest.view)).size).toBe(1)
  expect(digests[2]).toMatchObject({ indicators: 2 })
  const [found] = await c.service.lookup(['EVIL.example.'])
  expect(found!.indicators[0]!.nations).toEqual(['AAA', 'BBB'])
}, 60_000)
