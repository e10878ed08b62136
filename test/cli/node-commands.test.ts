import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliHome, openCliHome } from '../support/cli.ts'

let home: CliHome
const run = (...args: string[]) => home.run(args)

beforeAll(async () => {
  home = await openCliHome()
})
afterAll(() => home[Symbol.asyncDispose]())

describe('status', () => {
  test('is 0 and a table where the node is ready', async () => {
    const { status, stdout, stderr } = await run('status')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^state +ready$/m)
    expect(stdout).toMatch(/^peers_connected +1$/m)
    expect(stdout).toMatch(/^NATION +LOG +INCARNATION +ENTRIES +WITNESSED +POST-QUANTUM +BEHIND +LAST ENTRY$/m)
    expect(stdout).toMatch(/^AAA \(own\) +abababababababab +1 +\d+ +\d+ +\S* +2 /m)
  })

  test('gives all there is as JSON', async () => {
    const { status, stdout } = await run('status', '-o', 'json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(home.node.status())))
  })

  test('is 1 while the node starts', async () => {
    home.node.state.status = { state: 'starting' }
    expect((await run('status')).status).toBe(1)
    home.node.state.status = {}
  })

  test('is 1 and names the problems where there are some', async () => {
    const problems = [
      {
        grade: 'alarm',
        code: 'clock-skew',
        occasion: 'behind',
        message: 'this clock is 90 s behind most peers',
        fix: 'Set the clock by NTP.',
      },
    ] as const
    home.node.state.status = { state: 'degraded', problems }
    const { status, stdout } = await run('status')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^alarm +clock-skew +this clock is 90 s behind most peers +Set the clock by NTP\.$/m)
    home.node.state.status = {}
  })

  test('is 2 without a daemon, and says so in the format asked for', async () => {
    await using silent = await openCliHome(false)
    const { status, stdout, stderr } = await silent.run(['status', '-o', 'json'])
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ state: 'unreachable', code: 'daemon-not-running' })
    expect(stderr).toBe('→ Start it with "tocsin start".\n')
  })
})

test('peer list says who is connected and why others are not', async () => {
  const { status, stdout } = await run('peer', 'list')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^BBB +ACTIVE +bbbbbbbbbbbb +connected/m)
  expect(stdout).toMatch(/^CCC .* waiting .*net-unreachable +nobody answers$/m)
  expect(JSON.parse((await run('peer', 'list', '-o', 'json')).stdout)).toEqual(home.node.peers())
})

describe.each(['rebuild', 'reopen'])('store %s', verb => {
  test('tells that the view is as it was', async () => {
    const { status, stdout, stderr } = await run('store', verb, '-o', 'ndjson')
    expect([status, stderr]).toEqual([0, 'The view is the same as before.\n'])
    expect(JSON.parse(stdout)).toMatchObject({ items: 3, viewBefore: 'aa', viewAfter: 'aa' })
  })
})

test('node incarnate prints the new log', async () => {
  const { status, stdout } = await run('node', 'incarnate', '--yes', '-o', 'csv')
  expect([status, stdout]).toEqual([0, `log,incarnation\n${'ab'.repeat(32)},2\n`])
})
