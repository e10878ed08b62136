import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { cleanEnvironment, TOCSIN } from '../support/cli.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/nation-homes.ts'

const RUN_MS_MAX = 150_000

/** A sandbox as a process, and what it has said so far. */
interface Sandbox {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  stdout: string
  stderr: string
}

const running: Sandbox[] = []
const directories: TemporaryDirectory[] = []

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGINT')
    await ended
  }
  for (const directory of directories.splice(0)) await directory[Symbol.asyncDispose]()
})

function startSandbox(...args: readonly string[]): Sandbox {
  const child = spawn(process.execPath, [TOCSIN, 'sandbox', ...args], { env: cleanEnvironment(), stdio: 'pipe' })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  const sandbox: Sandbox = { child, ended, stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      sandbox[name] += text
    })
  }
  child.stdin.on('error', () => {})
  running.push(sandbox)
  return sandbox
}

async function untilItSays(sandbox: Sandbox, pattern: RegExp): Promise<RegExpExecArray> {
  for (const untilMs = Date.now() + RUN_MS_MAX; ; await delay(50)) {
    const found = pattern.exec(sandbox.stderr)
    if (found !== null) return found
    if (Date.now() > untilMs || sandbox.child.exitCode !== null) expect.fail(`${pattern} in: ${sandbox.stderr}`)
  }
}

/** A line of its guide, as a shell runs it. */
async function type(command: string): Promise<{ readonly status: number | null; readonly stdout: string }> {
  const child = spawn('bash', ['-c', command], { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'ignore'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  const status = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { status, stdout }
}

function processesOf(sandbox: Sandbox): number[] {
  return [...sandbox.stderr.matchAll(/\(process (\d+)\)/g)].map(([, pid]) => Number(pid))
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a sandbox', { timeout: RUN_MS_MAX * 2 }, () => {
  test('brings three nations to hold the same, prints it as JSON, and leaves nothing behind', async () => {
    const sandbox = startSandbox('--once', '-o', 'json')
    expect(await sandbox.ended, sandbox.stderr).toBe(0)
    const report = JSON.parse(sandbox.stdout)
    expect(Object.keys(report)).toEqual([
      ...['nations', 'converged', 'imported', 'refused', 'seconds', 'entriesPerSecond', 'indicatorsPerSecond'],
    ])
    expect(report.converged).toBe(true)
    expect(report.imported).toBeGreaterThan(50)
    expect(report.nations.map((each: { nation: string }) => each.nation)).toEqual(['AAA', 'BBB', 'CCC'])
    const [first, ...others] = report.nations
    expect(first.indicators).toBeGreaterThan(50)
    for (const other of others) expect(other).toEqual({ ...first, nation: other.nation })
    const root = /nations in (\S+)/.exec(sandbox.stderr)?.[1]
    expect(existsSync(root!)).toBe(false)
    expect(processesOf(sandbox).filter(lives)).toEqual([])
  })

  test('shows, by the commands it suggests, that who was killed catches up', async () => {
    const sandbox = startSandbox()
    await untilItSays(sandbox, /Ctrl-C/)
    const root = /nations in (\S+)/.exec(sandbox.stderr)![1]!
    const lines = sandbox.stderr.split('\n').flatMap(line => /^ {2}(.+?)(?: +# .*)?$/.exec(line)?.[1] ?? [])
    const define = lines.find(line => line.startsWith('tocsin() {'))!
    const commands = lines.filter(line => /^(tocsin --home|kill)/.test(line))
    expect(commands).toHaveLength(8)
    for (const command of commands) {
      const starts = command.endsWith('&')
      // The daemon outlives the shell that started it, and would keep its standard output open.
      const typed = starts ? command.replace('&', '>/dev/null 2>&1 &') : command
      for (const untilMs = Date.now() + 60_000; ; await delay(200)) {
        const { status, stdout } = await type(`${define}\n${typed}`)
        if (status === 0) break
        if (Date.now() > untilMs) expect.fail(`${command}: ${status} ${stdout}`)
      }
    }
    expect(await untilItSays(sandbox, /CCC \(process \d+\) has ended: SIGKILL/)).toBeTruthy()

    sandbox.child.kill('SIGINT')
    expect(await sandbox.ended).toBe(0)
    expect(existsSync(root)).toBe(false)
    expect(processesOf(sandbox).filter(lives)).toEqual([])
  })

  test('ends with 1 and the difference where a nation is gone, and keeps a home that it was given', async () => {
    const directory = await temporaryDirectory()
    directories.push(directory)
    const home = join(directory.path, 's')
    const args = ['--home', home, '--once', '--nations', '2', '--import', '-', '-o', 'json']

    const gone = startSandbox(...args, '--timeout', '2')
    await untilItSays(gone, /Importing/)
    process.kill(processesOf(gone)[1]!, 'SIGKILL')
    gone.child.stdin!.end('login.evil-cargo.example\n')
    expect(await gone.ended).toBe(1)
    expect(gone.stderr).toContain('BBB does not answer')
    expect(JSON.parse(gone.stdout)).toMatchObject({ converged: false, imported: 1, nations: [{ nation: 'AAA' }] })
    expect(readdirSync(home).sort()).toEqual(['AAA', 'BBB', 'passphrase'])

    // The same homes again: who was away has it now, and the row is known.
    const again = startSandbox(...args)
    again.child.stdin!.end('login.evil-cargo.example\n')
    expect(await again.ended, again.stderr).toBe(0)
    const [first, second] = JSON.parse(again.stdout).nations
    expect(JSON.parse(again.stdout)).toMatchObject({ converged: true, imported: 0 })
    expect(first.indicators).toBe(1)
    expect(second).toEqual({ ...first, nation: 'BBB' })
  })

  test.each([
    ['founding', /Founding/],
    ['starting', /Starting/],
  ])('leaves nothing behind when it is interrupted while %s', async (_, when) => {
    const sandbox = startSandbox()
    await untilItSays(sandbox, when)
    sandbox.child.kill('SIGINT')
    expect(await sandbox.ended, sandbox.stderr).toBe(130)
    expect(existsSync(/nations in (\S+)/.exec(sandbox.stderr)![1]!)).toBe(false)
    expect(processesOf(sandbox).filter(lives)).toEqual([])
  })

  test('refuses a directory that holds something else, and another number of nations', async () => {
    const refused = startSandbox('--home', import.meta.dirname, '--once')
    expect(await refused.ended).toBe(64)
    expect(refused.stderr).toContain('error home-exists: ')
    const many = startSandbox('--nations', '27')
    expect(await many.ended).toBe(64)
  })
})
