import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSION } from '../../src/node/mechanisms/version.ts'
import { type CliHome, openCliHome, runCli } from '../support/cli.ts'

let home: CliHome
let silent: CliHome
beforeAll(async () => {
  home = await openCliHome()
  silent = await openCliHome(false)
})
afterAll(async () => {
  await home[Symbol.asyncDispose]()
  await silent[Symbol.asyncDispose]()
})

describe('tocsin', () => {
  test('says its version', async () => {
    expect(await runCli(['--version'])).toMatchObject({ status: 0, stdout: `${VERSION}\n`, stderr: '' })
  })

  test('tells how it is used, with the exit statuses', async () => {
    const { status, stdout } = await runCli(['--help'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/Usage: tocsin/)
    expect(stdout).toMatch(/^ {2}69 {2}not possible in the present state/m)
  })

  test('tells the same on standard error where no command is given, and fails', async () => {
    const { status, stdout, stderr } = await runCli([])
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr).toMatch(/Usage: tocsin/)
  })
})

describe('wrong use is refused with status 64, a sentence and what to do', () => {
  const cases: readonly [string, readonly string[], RegExp][] = [
    ['an unknown command', ['indicators'], /unknown command 'indicators'\n→ Did you mean indicator\?/],
    ['an unknown verb', ['indicator', 'remove'], /unknown command 'remove'/],
    ['an unknown option', ['status', '--pretty'], /unknown option '--pretty'/],
    ['an unknown format', ['status', '-o', 'xml'], /'xml' is invalid. Allowed choices are table, json, ndjson, csv/],
    ['a format without a name', ['status', '-o'], /argument missing/],
    ['a format where no data is printed', ['stop', '-o', 'json'], /unknown option '-o'/],
    ['a limit that is no number', ['indicator', 'list', '--limit', '1e9'], /whole number/],
    ['a limit of nothing', ['indicator', 'list', '--limit', '0'], /whole number/],
    ['a time that is none', ['indicator', 'list', '--since', 'yesterday'], /It is a time such as/],
    ['a day that is none', ['indicator', 'list', '--since', '2026-02-31x'], /It is a time such as/],
    ['a nation that is none', ['indicator', 'list', '--nation', 'deu'], /It is an id such as DEU/],
    ['a type that is none', ['indicator', 'list', '--type', 'ip'], /'ip' is invalid/],
    [
      'a confidence over 100',
      ['indicator', 'add', 'evil.example', '--confidence', '101'],
      /whole number from 0 to 100/,
    ],
    ['nothing to add', ['indicator', 'add'], /missing required argument 'values'/],
    ['nothing to import', ['indicator', 'import'], /missing required argument 'files'/],
    ['standard input twice', ['indicator', 'import', '-', '-'], /standard input can be read once only/],
    ['nothing to show', ['indicator', 'show', ' '], /the value is empty/],
    ['too many words', ['status', 'now'], /too many arguments/],
    ['an incarnation that was not confirmed', ['node', 'incarnate'], /say it again with --yes/],
  ]
  test.each(cases)('%s', async (_title, args, says) => {
    const { status, stdout, stderr } = await home.run(args)
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr).toMatch(/^error usage-invalid: /)
    expect(stderr).toMatch(/^→ /m)
    expect(stderr).toMatch(says)
  })

  test('a TLP level that is none', async () => {
    const { status, stderr } = await home.run(['indicator', 'add', 'evil.example', '--tlp', 'PINK'])
    expect(status).toBe(65)
    expect(stderr).toMatch(/^error marking-invalid: "PINK" is no TLP level\n→ Use one of TLP:CLEAR/)
  })
})

const TALKING: readonly (readonly string[])[] = [
  ['stop'],
  ['peer', 'list'],
  ['indicator', 'add', 'evil.example'],
  ['indicator', 'import', '-'],
  ['indicator', 'list'],
  ['indicator', 'show', 'evil.example'],
  ['lookup', 'evil.example'],
  ['store', 'rebuild'],
  ['store', 'reopen'],
  ['node', 'incarnate', '--yes'],
]

describe('without a daemon', () => {
  test.each(TALKING.map(args => [args.join(' '), args] as const))('%s says so, with status 69', async (_name, args) => {
    const { status, stdout, stderr } = await silent.run(args)
    expect([status, stdout]).toEqual([69, ''])
    expect(stderr).toBe(
      `error daemon-not-running: no daemon is running for ${silent.path}\n→ Start it with "tocsin start".\n`,
    )
  })

  test('a socket that a dead one left changes nothing', async () => {
    await using left = await openCliHome(false)
    writeFileSync(join(left.path, 'control.sock'), '')
    expect(await left.run(['peer', 'list'])).toMatchObject({
      status: 69,
      stderr: expect.stringMatching(/^error daemon-not-running/),
    })
  })
})

describe('without a home', () => {
  test.each(['start', 'stop', 'status', 'lookup x.example'])('%s names the command that makes one', async command => {
    const { status, stderr, stdout } = await runCli([...command.split(' '), '--home', join(home.work, 'none')])
    expect(status).toBe(command === 'status' ? 2 : 64)
    expect(stderr + stdout).toMatch(/home-missing/)
    expect(stderr).toMatch(/→ Run "tocsin nation create" first/)
  })
})

describe('a daemon', () => {
  test('that answers slowly is given up after --timeout', async () => {
    await using slow = await openCliHome()
    slow.node.state.delayMs = 5_000
    const { status, stderr } = await slow.run(['lookup', 'evil.example', '--timeout', '1'])
    expect(status).toBe(75)
    expect(stderr).toMatch(/^error daemon-timeout: the daemon did not answer within 1 s\n→ It may be busy/)
  })

  test('that ends before it answers is named', async () => {
    await using dying = await openCliHome(false)
    const server = createServer(socket => socket.once('data', () => socket.destroy()))
    await new Promise<void>(resolve => server.listen(join(dying.path, 'control.sock'), resolve))
    expect(await dying.run(['peer', 'list'])).toMatchObject({
      status: 69,
      stderr: expect.stringMatching(/^error daemon-gone/),
    })
    server.close()
  })

  test('that answers with something else is named', async () => {
    await using strange = await openCliHome(false)
    const server = createServer(socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'))
    await new Promise<void>(resolve => server.listen(join(strange.path, 'control.sock'), resolve))
    expect(await strange.run(['peer', 'list'])).toMatchObject({
      status: 70,
      stderr: expect.stringMatching(/^error api-answer-invalid/),
    })
    server.close()
  })

  test.skipIf(process.getuid?.() === 0)('of another user is out of reach', async () => {
    await using closed = await openCliHome()
    chmodSync(join(closed.path, 'control.sock'), 0)
    expect(await closed.run(['peer', 'list'])).toMatchObject({
      status: 69,
      stderr: expect.stringMatching(/^error daemon-unreachable/),
    })
  })

  test('in a home whose path is too long for a socket is named', async () => {
    const long = join(home.work, 'x'.repeat(110))
    mkdirSync(long)
    const { status, stderr } = await runCli(['peer', 'list', '--home', long])
    expect(status).toBe(64)
    expect(stderr).toMatch(/^error (socket-path-too-long|home-missing)/)
  })
})
