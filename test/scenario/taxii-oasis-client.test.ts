import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openTaxiiServer } from '../../src/api/taxii-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { createCertificates, oasisTaxiiMissing, runOasisTaxii } from '../support/oasis-taxii.ts'
import { createTaxiiWorld } from '../support/taxii-world.ts'

const missing = oasisTaxiiMissing()
if (missing !== undefined) console.warn(`skipped: ${missing}`)

const folder = mkdtempSync(join(tmpdir(), 'tocsin-taxii-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.skipIf(missing !== undefined)(
  'the client of the OASIS gets, walks, filters and adds, over TLS and with Basic',
  async () => {
    const { ca, cert, key } = createCertificates(folder)
    await using world = await createTaxiiWorld({}, { listen: '127.0.0.1:0', tls: { cert, key } })
    const values = Array.from({ length: 9 }, (_, i) => `d${i}.example`)
    await world.publish(...values.map(value => ({ kind: 'claim' as const, draft: { type: 'domain', value } })))
    const { name, token } = await world.client('tlp=RED,publish')
    const told = (await runOasisTaxii(world.server.url, ca, name, token)) as Record<string, readonly string[]>
    expect(told).toMatchObject({
      roots: 1,
      versions: ['application/taxii+json;version=2.1'],
      writable: true,
      unknown: [{}, {}],
      versionsOfOne: 1,
      empty: {},
      status: ['complete', 1, 1, 0],
      again: ['complete', 1, 0],
      asked: ['complete', 2],
      deleted: 403,
      wrongPassword: 401,
      wrongFilter: 400,
      oldAccept: 406,
    })
    expect(told.indicators).toHaveLength(9)
    expect(told.objects).toEqual(told.manifest)
    expect(new Set(told.objects).size).toBe(told.objects!.length)
    expect(told.rest).toEqual(told.objects!.slice(5))
    expect(told.byId).toEqual(told.indicators!.slice(0, 2))
    expect(told.one).toEqual(told.indicators!.slice(0, 1))
  },
  60_000,
)

test('a certificate that is none is told of, with what to do', async () => {
  const path = join(folder, 'nonsense.pem')
  writeFileSync(path, 'nonsense')
  await using world = await createTaxiiWorld()
  for (const tls of [
    { cert: path, key: path },
    { cert: join(folder, 'absent.pem'), key: path },
  ]) {
    const opening = openTaxiiServer(world.node.service, { listen: '127.0.0.1:0', tls }, silentLogger)
    await expect(opening).rejects.toMatchObject({ code: 'taxii-tls', fix: expect.stringContaining('taxii.tls') })
  }
})
