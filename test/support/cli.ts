import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { openControlServer } from '../../src/api/control-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { runProgram } from '../../src/cli/program.ts'
import { weak } from './nation-homes.ts'
import { createTestNode, type TestNode } from './test-node.ts'

/** The real command as a child process. */

export const TOCSIN = join(import.meta.dirname, '../../src/cli/tocsin.ts')
const RUN_MS_MAX = 20_000

export interface CliRun {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** What a shell would hand over, without what this machine sets for Tocsin. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TOCSIN_'))
  return { ...Object.fromEntries(own), ...more }
}

export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { promise, resolve, reject } = Promise.withResolvers<CliRun>()
  const child = spawn(process.execPath, [TOCSIN, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: cleanEnvironment(options.env),
    stdio: 'pipe',
    timeout: RUN_MS_MAX,
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      said[name] += text
    })
  }
  child.on('error', reject)
  child.on('close', (status, signal) => resolve({ status, signal, ...said }))
  // A command that reads no input may be gone before it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return promise
}

/**
 * The same within this process, which saves its start; key files that it makes are quickly opened. One at a time, since
 * a process has one working directory.
 */
export async function runCliHere(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const said = { stdout: '', stderr: '' }
  const collect = (name: keyof typeof said) =>
    new Writable({
      decodeStrings: false,
      write(text, _, done) {
        said[name] += text
        done()
      },
    })
  const [stdout, stderr] = [collect('stdout'), collect('stderr')]
  const stdin = Readable.from([options.input ?? ''])
  const argv = [process.execPath, TOCSIN, ...args]
  const asked = { argv, env: cleanEnvironment(options.env), stdin, stdout, stderr, exitCode: 0 }
  const before = process.cwd()
  process.chdir(options.cwd ?? tmpdir())
  try {
    await runProgram(asked as unknown as NodeJS.Process, weak)
  } finally {
    process.chdir(before)
  }
  return { status: asked.exitCode, signal: null, ...said }
}

export interface CliHome extends AsyncDisposable {
  readonly path: string
  /** A folder to run in, for the files that commands make. */
  readonly work: string
  readonly node: TestNode
  run(args: readonly string[], options?: CliOptions): Promise<CliRun>
}

/** A home with a configuration, and with `served` a control server over a test node at its socket. */
export async function openCliHome(served = true): Promise<CliHome> {
  const root = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))
  const path = join(root, 'home')
  const work = join(root, 'work')
  mkdirSync(path, { mode: 0o700 })
  mkdirSync(work)
  writeFileSync(join(path, 'config.yaml'), 'nation: AAA\n')
  const node = createTestNode()
  const socketPath = join(path, 'control.sock')
  const server = served
    ? await openControlServer(node, { socketPath, metricsListen: '', logger: silentLogger })
    : undefined
  return {
    path,
    work,
    node,
    run: (args, options = {}) => runCli(args, { cwd: work, ...options, env: { TOCSIN_HOME: path, ...options.env } }),
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
