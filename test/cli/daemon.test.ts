import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CliHome, cleanEnvironment, openCliHome } from '../support/cli.ts'

let home: CliHome
let child: ChildProcessByStdio<null, Readable, Readable> | undefined
let stdout = ''
let stderr = ''

beforeEach(async () => {
  home = await openCliHome(false)
})
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  await home[Symbol.asyncDispose]()
})

/** Resolves once it has said that it is ready. */
async function startFake(waitMs = 0): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  stdout = ''
  stderr = ''
  const script = fileURLToPath(new URL('../support/fake-daemon.ts', import.meta.url))
  const started = spawn(process.execPath, [script, home.path, String(waitMs)], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  started.stdout.on('data', text => {
    stdout += text
  })
  started.stderr.on('data', text => {
    stderr += text
  })
  await expect.poll(() => stdout, { timeout: 10_000 }).toContain('ready\n')
  return started
}

describe('a running daemon', () => {
  test('says ready only when it is, and logs how it came there', async () => {
    await startFake()
    // What it says and what it logs come by two ways, and whole lines alone can be read.
    const lines = () => stderr.split('\n').slice(0, -1)
    const states = () => lines().flatMap(line => (line.includes('"state"') ? JSON.parse(line).state : []))
    await expect.poll(states, { timeout: 5000 }).toEqual(['starting', 'ready'])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('stops in order at %s, with status 0', async signal => {
    const daemon = await startFake()
    daemon.kill(signal)
    expect(await once(daemon, 'close')).toEqual([0, null])
    expect(stdout).toBe('ready\nclosed\n')
    expect(existsSync(join(home.path, 'control.sock'))).toBe(false)
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at once at a second %s', async (signal, status) => {
    const daemon = await startFake(10_000)
    daemon.kill(signal)
    await expect.poll(() => stderr).toContain('stopping')
    daemon.kill(signal)
    expect(await once(daemon, 'close')).toEqual([status, null])
    expect(stdout).toBe('ready\n')
  })

  test('is asked to stop by "stop", which waits until it is gone', async () => {
    const daemon = await startFake(700)
    const closed = once(daemon, 'close')
    const { status, stderr: said } = await home.run(['stop'])
    expect([status, said]).toEqual([0, 'The daemon has stopped.\n'])
    expect(stdout).toBe('ready\nclosed\n')
    expect(await closed).toEqual([0, null])
  })

  test('that does not end in time makes "stop" fail', async () => {
    const daemon = await startFake(30_000)
    const { status, stderr: said } = await home.run(['stop', '--wait', '1'])
    expect(status).toBe(75)
    expect(said).toMatch(
      new RegExp(`^error daemon-timeout: the daemon \\(process ${daemon.pid}\\) has not ended within 1 s`),
    )
  })

  test('keeps a second one from the same home', async () => {
    await startFake()
    const { status, stderr: said } = await home.run(['start'])
    expect(status).toBe(69)
    expect(said).toMatch(/^error daemon-running: a daemon is already running on .*\n→ Use it, or stop it/m)
  })
})

describe('start refuses', () => {
  test('an unknown field of the configuration', async () => {
    writeFileSync(join(home.path, 'config.yaml'), 'nation: AAA\nnett: {}\n')
    const { status, stderr: said } = await home.run(['start'])
    expect(status).toBe(64)
    expect(said).toMatch(/^error config-invalid: unknown field nett\n→ /)
  })

  test('an environment variable that names no field', async () => {
    const { status, stderr: said } = await home.run(['start'], { env: { TOCSIN_NET__LISTN: 'x' } })
    expect(status).toBe(64)
    expect(said).toMatch(/^error config-invalid: the environment variable TOCSIN_NET__LISTN names no field/)
  })

  test('a home without keys', async () => {
    const { status, stderr: said } = await home.run(['start'])
    expect(status).toBe(64)
    expect(said).toMatch(/^error (key-file-unreadable|registry-missing): /m)
  })
})

describe('check', () => {
  const run = async () => {
    const { status, stdout: text } = await home.run(['check', '-o', 'json'])
    const results: { check: string; result: string; detail: string; fix: string }[] = JSON.parse(text)
    return { status, of: new Map(results.map(result => [result.check, result])) }
  }

  test('fails where a node was never made, line by line, with what to do', async () => {
    writeFileSync(join(home.path, 'config.yaml'), 'nation: AAA\nnet: { listen: ["/ip4/127.0.0.1/tcp/0"] }\n')
    const { status, of } = await run()
    expect(status).toBe(1)
    for (const name of ['node', 'cryptography', 'home', 'configuration', 'clock', 'disk', 'daemon', 'listening']) {
      expect(of.get(name), name).toMatchObject({ result: 'ok', fix: '' })
    }
    expect(of.get('key files')).toMatchObject({ result: 'FAIL', detail: expect.stringMatching(/^key-file-unreadable/) })
    expect(of.get('alliance')).toMatchObject({ result: 'FAIL', fix: expect.stringMatching(/alliance/) })
  })

  test('names a home that is open to others', async () => {
    chmodSync(home.path, 0o755)
    const { of } = await run()
    expect(of.get('home')).toMatchObject({ result: 'FAIL', fix: `Run: chmod 700 ${home.path}` })
  })

  test('names the problems of the daemon that runs', async () => {
    await using served = await openCliHome()
    const problems = [
      { grade: 'alarm', code: 'clock-skew', occasion: '', message: 'this clock is off', fix: 'Set it.' },
    ] as const
    served.node.state.status = { state: 'degraded', problems }
    const { status, stdout: text } = await served.run(['check'])
    expect(status).toBe(1)
    expect(text).toMatch(/^FAIL +daemon +clock-skew: this clock is off +Set it\.$/m)
  })

  test('names a port that another program holds', async () => {
    const { createServer } = await import('node:net')
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as { port: number }
    writeFileSync(join(home.path, 'config.yaml'), `nation: AAA\nnet: { listen: ["/ip4/127.0.0.1/tcp/${port}"] }\n`)
    const { of } = await run()
    holder.close()
    expect(of.get('listening')).toMatchObject({ result: 'FAIL', detail: expect.stringMatching(/^net-port-taken/) })
  })
})
