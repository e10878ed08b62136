import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import { type CliRun, runCliHere } from '../support/cli.ts'
import { converged, createTestAlliance, type RunningNode, ready } from '../support/node-alliance.ts'

/** The commands over the control sockets of real nodes. BBB may be sent everything, CCC nothing above GREEN. */

const parts = new AsyncDisposableStack()
const root = mkdtempSync(join(tmpdir(), 'tocsin-markings-'))
let nodes: readonly RunningNode[] = []
const homeOf = (nation: string) => join(root, nation)
const run = (nation: string, ...args: string[]): Promise<CliRun> =>
  runCliHere(args, { cwd: root, env: { TOCSIN_HOME: homeOf(nation) } })
const data = async (nation: string, ...args: string[]) => JSON.parse((await run(nation, ...args, '-o', 'json')).stdout)
const reads = async (nation: string, value: string) => (await run(nation, 'lookup', value)).status === 0

async function add(value: string, ...args: string[]): Promise<void> {
  expect(await run('AAA', 'indicator', 'add', value, ...args)).toMatchObject({ status: 0 })
  await converged(nodes)
}

beforeAll(async () => {
  parts.defer(() => rmSync(root, { recursive: true, force: true }))
  const alliance = parts.use(await createTestAlliance(4, { maxTlp: new Map([[2, 2]]) }))
  const policy = parsePolicyFile(
    'version: 1\nrules:\n- { name: less, when: { audience: alliance }, redact: source }\n- { name: all, action: allow }\n',
  )
  const rules = { policy, operators: LOCAL_ONLY }
  nodes = await Promise.all(alliance.members.map((_, index) => alliance.start(index, { rules })))
  for (const { member, service } of nodes) {
    const home = homeOf(member.nation)
    mkdirSync(home, { mode: 0o700 })
    writeFileSync(join(home, 'config.yaml'), `nation: ${member.nation}\n`)
    const socketPath = join(home, 'control.sock')
    parts.use(await openControlServer(service, { socketPath, metricsListen: '', logger: silentLogger }))
  }
  for (const node of nodes) parts.use(node)
  await ready(nodes)
})
afterAll(() => parts.disposeAsync())

describe('--explain', () => {
  test('lists by name who will read it and who not, each with the reason, and publishes nothing', async () => {
    const { status, stdout, stderr } = await run('AAA', 'indicator', 'add', 'a.example', '--tlp', 'AMBER', '--explain')
    expect(status).toBe(0)
    expect(stderr).toContain('TLP:AMBER to the whole alliance: 3 nations will be able to read it')
    expect(stdout).toMatch(/^TLP:AMBER +BBB +yes +it is a member of the alliance +Nation BBB$/m)
    expect(stdout).toMatch(/^TLP:AMBER +CCC +no +its ceiling in the registry is below TLP:AMBER +Nation CCC$/m)
    expect(await data('AAA', 'indicator', 'add', 'a.example', '--to', 'BBB', '--dry-run')).toMatchObject([
      { nation: 'AAA', reads: true },
      { nation: 'BBB', reads: true },
      { nation: 'CCC', reads: false },
      { nation: 'DDD', reads: false },
    ])
    expect(await reads('AAA', 'a.example')).toBe(false)
  })

  test.each([
    ['RED to the alliance', ['--tlp', 'RED'], 77, 'release-red-needs-recipients', 'Say who may read it: --to'],
    ['a nation below the marking', ['--tlp', 'RED', '--to', 'CCC'], 77, 'release-above-ceiling', 'or mark it lower'],
    ['a nation that is none', ['--to', 'ZZZ'], 77, 'release-recipient-excluded', '"tocsin alliance show"'],
    ['a group that is none', ['--group', 'none'], 66, 'group-unknown', '"tocsin group list"'],
  ])('and the real thing refuse %s, and say what to do', async (_, args, status, code, fix) => {
    for (const more of [['--explain'], []]) {
      const { stdout, stderr, ...ran } = await run('AAA', 'indicator', 'add', 'a.example', ...args, ...more)
      expect(ran).toMatchObject({ status })
      expect(stdout + stderr).toContain(code)
      expect(stderr).toContain(fix)
    }
  })

  test('of an import tells it for each marking in the file, with --dry-run', async () => {
    writeFileSync(join(root, 'list.csv'), 'value,tlp\nx.example,GREEN\ny.example,RED\n')
    const { status, stderr } = await run('AAA', 'indicator', 'import', 'list.csv', '--dry-run')
    expect(status).toBe(77)
    expect(stderr).toContain('TLP:GREEN to the whole alliance: 4 nations will be able to read it')
    expect(stderr).toContain('TLP:RED to the whole alliance: refused (release-red-needs-recipients)')
    expect(await reads('AAA', 'x.example')).toBe(false)
  })
})

test('who publishes is told where the policy changes what leaves', async () => {
  const { stderr } = await run('AAA', 'indicator', 'add', 'b.example', '--source', 'us')
  expect(stderr).toContain('it leaves changed by rule 1 "less" (line 3)')
  expect((await run('AAA', 'indicator', 'add', 'c.example')).stderr).not.toContain('changed')
})

describe('group and history', () => {
  test('a member that is removed reads nothing from then on, whatever history it was granted', async () => {
    expect(await run('AAA', 'group', 'create', 'north', '--members', 'BBB')).toMatchObject({
      status: 0,
      stderr: 'The group "north" is at version 1: AAA, BBB.\n',
    })
    await add('one.example', '--tlp', 'RED', '--group', 'north')
    expect(await run('AAA', 'group', 'add', 'north', 'DDD')).toMatchObject({ status: 0 })
    await add('two.example', '--tlp', 'RED', '--group', 'north')
    expect([await reads('DDD', 'one.example'), await reads('DDD', 'two.example')]).toEqual([false, true])

    const granted = await run('AAA', 'history', 'grant', 'DDD', '--group', 'north')
    expect(granted).toMatchObject({ status: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\/\d+\n$/) })
    expect(granted.stderr).toContain('DDD is let into 1 epoch; the log shows each grant.')
    await converged(nodes)
    await expect.poll(() => reads('DDD', 'one.example'), { timeout: 10_000 }).toBe(true)

    expect(await run('AAA', 'group', 'remove', 'north', 'DDD')).toMatchObject({ status: 0 })
    await add('three.example', '--tlp', 'RED', '--group', 'north')
    expect(await reads('DDD', 'three.example')).toBe(false)
    expect(await reads('BBB', 'three.example')).toBe(true)
    expect(await data('DDD', 'group', 'show', 'north')).toMatchObject([{ version: 2, members: ['AAA', 'BBB', 'DDD'] }])
  })

  test('nobody outside learns that there is a group', async () => {
    expect(await data('AAA', 'group', 'list')).toMatchObject([{ name: 'north', owner: 'AAA', version: 3 }])
    expect(await data('CCC', 'group', 'list')).toEqual([])
    for (const args of [
      ['group', 'show', 'north'],
      ['history', 'grant', 'BBB', '--group', 'north'],
    ]) {
      expect(await run('CCC', ...args)).toMatchObject({ status: 66, stderr: expect.stringContaining('group-unknown') })
    }
  })

  test.each([
    ['a name that is taken', 'AAA', ['create', 'north', '--members', 'BBB'], 64, 'group-exists'],
    ['a name that is none', 'AAA', ['create', 'a/b', '--members', 'BBB'], 64, 'usage-invalid'],
    ['no members', 'AAA', ['create', 'south'], 64, 'usage-invalid'],
    ['a member that is no nation', 'AAA', ['create', 'south', '--members', 'ZZZ'], 64, 'group-member-unknown'],
    ['who is a member already', 'AAA', ['add', 'north', 'BBB'], 64, 'group-member-already'],
    ['who is none', 'AAA', ['remove', 'north', 'CCC'], 64, 'group-member-absent'],
    ['its owner', 'AAA', ['remove', 'north', 'AAA'], 64, 'group-member-absent'],
    ['what another owns', 'BBB', ['add', 'AAA/north', 'CCC'], 77, 'group-not-owner'],
  ])('a group is not changed for %s', async (_, nation, args, status, code) => {
    expect(await run(nation, 'group', ...args)).toMatchObject({ status, stderr: expect.stringContaining(code) })
    expect(await data('AAA', 'group', 'list')).toMatchObject([{ version: 3, members: ['AAA', 'BBB'] }])
  })
})
