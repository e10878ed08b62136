import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { EXPORT_FORMATS } from '../../src/formats/out/export-formats.ts'
import { TLP } from '../../src/indicator/marking.ts'
import type { Config } from '../../src/node/config/config.ts'
import { exportsSection } from '../../src/node/config/exports-config.ts'
import { ownSection } from '../../src/node/config/own-config.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { parseManifest } from '../../src/node/outlets/export-manifest.ts'
import { converged, createTestAlliance, type RunningNode, ready, type TestAlliance } from '../support/node-alliance.ts'

const WAIT = { timeout: 15_000, interval: 20 }
const GREEN = { tlp: TLP.GREEN }

type Draft = Extract<PublishItem, { kind: 'claim' }>['draft']

const claim = (type: string, value: string, more: Partial<Draft> = {}): PublishItem => ({
  kind: 'claim',
  draft: { type, value, marking: GREEN, ...more },
})

async function publish({ service }: RunningNode, ...items: readonly PublishItem[]): Promise<readonly string[]> {
  const outcomes = await service.publish(items)
  expect(outcomes.map(each => ('code' in each ? `${each.code} ${each.reason}` : each.outcome))).toEqual(
    items.map(() => 'new'),
  )
  return outcomes.map(each => ('id' in each ? each.id : ''))
}

/** A folder that only this user may write to. */
async function outFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-exports-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const withExports = (exports: readonly object[], own: object = {}) => ({
  config: (config: Config): Config => ({
    ...config,
    exports: exportsSection.parse(exports.map(each => ({ everySeconds: 1, ...each }))),
    own: ownSection.parse(own),
  }),
})

const exportOf = ({ service }: RunningNode, name: string) => service.liveExports().find(each => each.name === name)!

/** The next cycle that sees everything is over. */
async function current(node: RunningNode, name: string): Promise<void> {
  await expect.poll(() => exportOf(node, name).state, WAIT).not.toBe('waiting')
}

async function readAll(path: string): Promise<string> {
  const names = await readdir(path).catch(() => undefined)
  if (names === undefined) return readFile(path, 'utf8').catch(() => '')
  return (await Promise.all(names.map(name => readFile(join(path, name), 'utf8')))).join('\n')
}

async function single(alliance: TestAlliance, options: ReturnType<typeof withExports>): Promise<RunningNode> {
  const node = await alliance.start(0, options)
  await ready([node])
  return node
}

test('a live export follows the view, with a manifest that its node has signed', async () => {
  const out = await outFolder()
  const path = join(out, 'bad.txt')
  await using alliance = await createTestAlliance(1)
  await using node = await single(alliance, withExports([{ name: 'plain', format: 'plain', path, mode: '0644' }]))
  await current(node, 'plain')
  const [id] = await publish(node, claim('domain', 'one.example'), claim('domain', 'two.example'))
  await expect.poll(() => readAll(path), WAIT).toMatch(/one\.example\s+two\.example/)
  await expect
    .poll(async () => parseManifest(await readFile(`${path}.manifest`)), WAIT)
    .toMatchObject({ nation: 'AAA', name: 'plain', indicators: 2, held: 0, behind: [] })
  const before = exportOf(node, 'plain').serial
  await publish(node, { kind: 'withdrawal', id: id!, reason: 'wrong' })
  await expect.poll(() => readAll(path), WAIT).not.toContain('one.example')
  expect(await readAll(path)).toContain('two.example')
  expect(exportOf(node, 'plain')).toMatchObject({ state: 'current', indicators: 1 })
  expect(exportOf(node, 'plain').serial).toBeGreaterThan(before)
})

test('what is withdrawn has left every format after one cycle, or is said to be withdrawn', async () => {
  const out = await outFolder()
  const exports = [...EXPORT_FORMATS.keys()].map(format => ({ name: format, format, path: join(out, format) }))
  await using alliance = await createTestAlliance(1)
  await using node = await single(alliance, withExports(exports))
  const values: Record<string, string> = {
    domain: 'evil.example',
    ipv4: '192.0.2.77',
    sha256: 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592',
    yara: 'rule evil { condition: false }',
    sigma: 'title: evil\nlogsource:\n  category: dns\ndetection:\n  a:\n    b: evil\n  condition: a',
  }
  const ids = await publish(node, ...Object.entries(values).map(([type, value]) => claim(type, value)))
  const holds = () => exports.filter(({ name }) => exportOf(node, name).indicators > 0).map(({ name }) => name)
  await expect.poll(holds, WAIT).toEqual(exports.map(({ name }) => name))
  await publish(node, ...ids.map(id => ({ kind: 'withdrawal', id, reason: 'wrong' }) as const))
  await expect.poll(holds, WAIT).toEqual([])
  expect(exports.map(({ name }) => exportOf(node, name).failure)).toEqual(exports.map(() => null))
  for (const { format, path } of exports) {
    const text = await readAll(path)
    const said = text.split('\n').filter(line => line.includes('evil.example') || line.includes('192.0.2.77'))
    if (EXPORT_FORMATS.get(format)!.withdrawn) expect(text, format).toMatch(/"revoked": ?true|"deleted": ?true/)
    else if (!EXPORT_FORMATS.get(format)!.removals) expect(said, format).toEqual([])
  }
})

test('what expires or becomes valid does so without anything coming', async () => {
  const out = await outFolder()
  const path = join(out, 'bad.txt')
  await using alliance = await createTestAlliance(1)
  await using node = await single(alliance, withExports([{ name: 'plain', format: 'plain', path }]))
  const nowMs = Date.now()
  await publish(
    node,
    claim('domain', 'soon.example', { validFromMs: nowMs + 4000 }),
    claim('domain', 'over.example', { validUntilMs: nowMs + 4000 }),
  )
  await expect.poll(() => readAll(path), WAIT).toContain('over.example')
  expect(await readAll(path)).not.toContain('soon.example')
  await expect.poll(() => readAll(path), WAIT).toContain('soon.example')
  await expect.poll(() => readAll(path), WAIT).not.toContain('over.example')
})

test('exercise data never reaches a live export, even beside a claim that is none (R-4.5)', async () => {
  const out = await outFolder()
  const path = join(out, 'all.stix.json')
  await using alliance = await createTestAlliance(1)
  await using node = await single(alliance, withExports([{ name: 'stix', format: 'stix', path }]))
  await publish(
    node,
    claim('domain', 'drill.example', { marking: { ...GREEN, exercise: true }, labels: ['drill-label'] }),
    claim('domain', 'both.example', { marking: { ...GREEN, exercise: true }, labels: ['drill-label'] }),
    claim('domain', 'both.example', { labels: ['true-label'] }),
  )
  await expect.poll(() => readAll(path), WAIT).toContain('true-label')
  expect(await readAll(path)).not.toMatch(/drill/)
})

test('nothing of our own is exported, and the operator learns who said it', async () => {
  const out = await outFolder()
  const path = join(out, 'bad.txt')
  await using alliance = await createTestAlliance(1)
  const own = { networks: ['198.51.100.0/24'], domains: ['cert.example'] }
  await using node = await single(alliance, withExports([{ name: 'plain', format: 'plain', path }], own))
  await publish(
    node,
    claim('ipv4', '198.51.100.7'),
    claim('cidr', '198.51.0.0/16'),
    claim('domain', 'www.cert.example'),
    claim('url', 'http://mail.cert.example/login'),
    claim('email', 'boss@cert.example'),
    claim('domain', 'other.example'),
  )
  await expect.poll(() => readAll(path), WAIT).toContain('other.example')
  expect(await readAll(path)).not.toMatch(/198\.51|cert\.example/)
  const problem = () => node.service.status().problems.find(({ code }) => code === 'export-own')
  await expect.poll(() => problem()?.message, WAIT).toMatch(/^AAA says that what is ours is bad: 5 indicators/)
  expect(problem()).toMatchObject({ grade: 'warning', occasion: 'AAA' })
})

test('a flood of one nation waits for a release, over a restart, while others go on', async () => {
  const out = await outFolder()
  const path = join(out, 'bad.txt')
  const breaker = { perNation: { count: 5, share: 0 }, growth: { count: 50, share: 0 } }
  const options = withExports([{ name: 'plain', format: 'plain', path, breaker }])
  await using alliance = await createTestAlliance(2)
  await using flooder = await alliance.start(1)
  let node = await alliance.start(0, options)
  try {
    await ready([node, flooder])
    await publish(node, claim('domain', 'first.example'))
    await expect.poll(() => readAll(path), WAIT).toContain('first.example')
    const flood = Array.from({ length: 20 }, (_, i) => claim('domain', `flood-${i}.example`))
    const ids = await publish(flooder, ...flood)
    await publish(node, claim('domain', 'second.example'))
    await expect.poll(() => exportOf(node, 'plain').state, WAIT).toBe('held')
    await expect.poll(() => exportOf(node, 'plain').held?.added, WAIT).toEqual([{ nations: 'BBB', count: 20 }])
    await expect.poll(() => readAll(path), WAIT).toContain('second.example')
    expect(await readAll(path)).not.toContain('flood')
    expect(node.service.status()).toMatchObject({ state: 'degraded' })
    expect(node.service.status().problems.map(({ code }) => code)).toContain('export-held')

    await node[Symbol.asyncDispose]()
    node = await alliance.start(0, options)
    await ready([node, flooder])
    await expect.poll(() => exportOf(node, 'plain').checkedMs, WAIT).toBeGreaterThan(0)
    const { held } = exportOf(node, 'plain')
    expect(held).toMatchObject({ added: [{ nations: 'BBB', count: 20 }], types: [{ type: 'domain', count: 20 }] })
    expect(await readAll(path)).not.toContain('flood')
    await expect(node.service.releaseExport('plain', '000000000000')).rejects.toMatchObject({
      code: 'export-held-other',
    })

    // What was withdrawn meanwhile is not in what is let go, and what came since is not let go with it.
    await publish(flooder, { kind: 'withdrawal', id: ids[3]!, reason: 'wrong' })
    await converged([node, flooder])
    const released = await node.service.releaseExport('plain', exportOf(node, 'plain').held!.id)
    expect(released).toMatchObject({ state: 'current', indicators: 21 })
    expect(await readAll(path)).not.toContain('flood-3.example')
    await publish(flooder, ...Array.from({ length: 9 }, (_, i) => claim('domain', `more-${i}.example`)))
    await expect.poll(() => exportOf(node, 'plain').held?.added, WAIT).toEqual([{ nations: 'BBB', count: 9 }])
  } finally {
    await node[Symbol.asyncDispose]()
  }
})

test('a nation that is muted leaves at once, however much that is, and comes back when it is unmuted', async () => {
  const out = await outFolder()
  const path = join(out, 'bad.txt')
  const breaker = { perNation: { count: 5, share: 0 }, growth: { count: 5, share: 0 }, shrink: { count: 1, share: 0 } }
  await using alliance = await createTestAlliance(2)
  await using other = await alliance.start(1)
  await using node = await alliance.start(0)
  await ready([node, other])
  await publish(other, ...Array.from({ length: 20 }, (_, i) => claim('domain', `bbb-${i}.example`)))
  await converged([node, other])
  await node[Symbol.asyncDispose]()
  await using again = await alliance.start(
    0,
    withExports([{ name: 'plain', format: 'plain', path, breaker, everySeconds: 3600 }]),
  )
  await expect.poll(() => readAll(path), WAIT).toContain('bbb-19.example')
  await again.service.muteNation('BBB', 'its node is not its own')
  await expect.poll(() => exportOf(again, 'plain').indicators, WAIT).toBe(0)
  expect(await readAll(path)).not.toContain('bbb')
  expect(exportOf(again, 'plain').held).toBeNull()
  // What it said meanwhile is as new as ever.
  await publish(other, ...Array.from({ length: 9 }, (_, i) => claim('domain', `late-${i}.example`)))
  await converged([again, other])
  await again.service.unmuteNation('BBB')
  await expect.poll(() => exportOf(again, 'plain').indicators, WAIT).toBe(20)
  await again.service.publish([claim('domain', 'aaa.example')])
  await expect.poll(() => exportOf(again, 'plain').held?.added ?? [], WAIT).toEqual([{ nations: 'BBB', count: 9 }])
  expect(await readAll(path)).not.toContain('late')
})

test('what is withdrawn leaves at once, but where one nation takes back very much: that a person lets go', async () => {
  const out = await outFolder()
  const path = join(out, 'bad.txt')
  const breaker = { perNation: { count: 3, share: 0 }, shrink: { count: 0, share: 0 } }
  await using alliance = await createTestAlliance(1)
  const first = await alliance.start(0)
  await ready([first])
  const ids = await publish(first, ...Array.from({ length: 8 }, (_, i) => claim('domain', `d-${i}.example`)))
  await first[Symbol.asyncDispose]()
  await using node = await single(alliance, withExports([{ name: 'plain', format: 'plain', path, breaker }]))
  await expect.poll(() => exportOf(node, 'plain').indicators, WAIT).toBe(8)
  const withdraw = (some: readonly string[]) =>
    publish(node, ...some.map(id => ({ kind: 'withdrawal', id, reason: 'wrong' }) as const))
  await withdraw(ids.slice(0, 3))
  await expect.poll(() => exportOf(node, 'plain').indicators, WAIT).toBe(5)
  expect(exportOf(node, 'plain').held).toBeNull()
  await withdraw(ids.slice(3, 4))
  await expect
    .poll(() => exportOf(node, 'plain').held, WAIT)
    .toMatchObject({
      removed: [{ why: 'withdrawn by its authors', count: 1 }],
      reasons: ['AAA withdraws 4 entries; 3 may leave at once'],
    })
  expect(await readAll(path)).toContain('d-3.example')
  expect(await node.service.releaseExport('plain')).toMatchObject({ state: 'current', indicators: 4 })
  expect(await readAll(path)).not.toContain('d-3.example')
})

test('an export overwrites nothing that it has not written, and goes through no link', async () => {
  const out = await outFolder()
  const [taken, linked, open, gone] = ['taken.txt', 'linked.txt', 'open/a.txt', 'gone/a.txt'].map(each =>
    join(out, each),
  )
  await writeFile(taken!, 'somebody else\n')
  await writeFile(join(out, 'secret'), 'secret\n')
  await symlink(join(out, 'secret'), linked!)
  await mkdir(join(out, 'open'))
  await chmod(join(out, 'open'), 0o777)
  const exports = [taken, linked, open, gone].map((path, i) => ({ name: `e${i}`, format: 'plain', path }))
  await using alliance = await createTestAlliance(1)
  await using node = await single(alliance, withExports(exports))
  const codes = () => exports.map(({ name }) => exportOf(node, name).failure?.code)
  await expect
    .poll(codes, WAIT)
    .toEqual(['export-path-used', 'export-path-used', 'export-path-unsafe', 'file-unwritable'])
  expect(await readFile(taken!, 'utf8')).toBe('somebody else\n')
  expect(await readFile(join(out, 'secret'), 'utf8')).toBe('secret\n')
  expect(node.service.status().problems.filter(({ code }) => code === 'export-failed')).toHaveLength(4)
  await mkdir(join(out, 'gone'))
  await expect.poll(() => existsSync(gone!), WAIT).toBe(true)
  await expect.poll(() => exportOf(node, 'e3').state, WAIT).toBe('current')
})

test('fewer nations than asked for leave nothing in, and a clearance hides what it does not let see', async () => {
  const out = await outFolder()
  const [two, green] = [join(out, 'two.txt'), join(out, 'green.csv')]
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(
    0,
    withExports([
      { name: 'two', format: 'plain', path: two, filter: { nationsMin: 2 } },
      { name: 'green', format: 'csv', path: green, filter: { clearance: 'tlp=GREEN' } },
    ]),
  )
  await using b = await alliance.start(1)
  await ready([a, b])
  await publish(a, claim('domain', 'both.example'), claim('domain', 'alone.example'))
  await publish(b, claim('domain', 'both.example', { marking: { tlp: TLP.AMBER }, labels: ['amber-label'] }))
  await publish(b, claim('domain', 'amber.example', { marking: { tlp: TLP.AMBER } }))
  await expect.poll(() => readAll(two), WAIT).toContain('both.example')
  expect(await readAll(two)).not.toContain('alone.example')
  await expect.poll(() => readAll(green), WAIT).toContain('both.example')
  expect(await readAll(green)).not.toMatch(/amber|BBB/)
})

test('what is new and what left goes to syslog over TLS, also what a receiver has missed', async () => {
  const out = await outFolder()
  const [key, cert] = [join(out, 'key.pem'), join(out, 'cert.pem')]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'].concat([
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    ]),
    { stdio: 'ignore' },
  )
  let text = ''
  const start = (port: number) => {
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, socket => {
      socket.on('data', data => (text += data))
      socket.on('error', () => {})
    })
    return new Promise<typeof server>(resolve => server.listen(port, '127.0.0.1', () => resolve(server)))
  }
  let server = await start(0)
  const { port } = server.address() as AddressInfo
  const path = `tls://localhost:${port}`
  const options = withExports([
    { name: 'siem', format: 'cef', path, caFile: cert },
    { name: 'distrusting', format: 'cef', path: `tls://127.0.0.1:${port}` },
  ])
  await using alliance = await createTestAlliance(1)
  let node = await single(alliance, options)
  try {
    const [id] = await publish(node, claim('domain', 'one.example'))
    await expect.poll(() => text, WAIT).toMatch(/<133>1 \S+ \S+ tocsin \d+ export - CEF:0\|Tocsin\|.*one\.example/)
    await expect.poll(() => exportOf(node, 'siem').unsentBytes, WAIT).toBe(0)
    await expect.poll(() => exportOf(node, 'distrusting').failure?.message, WAIT).toMatch(/self-signed|certificate/i)
    server.close()
    text = ''
    await publish(node, { kind: 'withdrawal', id: id!, reason: 'wrong' }, claim('domain', 'two.example'))
    await expect.poll(() => exportOf(node, 'siem').unsentBytes, WAIT).toBeGreaterThan(0)
    await node[Symbol.asyncDispose]()
    server = await start(port)
    node = await single(alliance, options)
    await expect
      .poll(() => text, { ...WAIT, timeout: 30_000 })
      .toMatch(/one\.example[\s\S]*two\.example|two\.example[\s\S]*one\.example/)
    expect(text).toMatch(/indicator-removed/)
  } finally {
    await node[Symbol.asyncDispose]()
    server.close()
  }
})
