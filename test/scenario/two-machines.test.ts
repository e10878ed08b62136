import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { EXIT_HELP, EXIT_UNDECIDED } from '../../src/cli/terminal/exit.ts'
import { cleanEnvironment, TOCSIN } from '../support/cli.ts'
import { temporaryDirectory } from '../support/nation-homes.ts'

/**
 * The commands and configurations of README.md as they are printed there. Each machine is a home directory, an address of
 * the loopback interface stands for its documentation address, and a folder for /srv/tocsin. Not typed are the passphrase and the "yes", which come by the ways that
 * the README names for scripts; the fingerprint is of course another each time.
 */

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

const STEP_MS_MAX = 60_000
const DAEMON_READY_MS_MAX = 90_000
const POLL_MS = 200
const LOOPBACK: Readonly<Record<string, string>> = {
  '192.0.2.10': '127.0.0.1',
  '198.51.100.20': '127.0.0.2',
  '203.0.113.30': '127.0.0.3',
  '192.0.2.11': '127.0.0.4',
}
const PORT = '7117'
const TAXII_PORT = '6121'
const FILES = '/srv/tocsin'

/** What asks before it signs. */
const SIGNING = /^tocsin (alliance (found|apply|sign)|entry erase|init|nation (add-node|renew|rotate)|queue approve)\b/

/** What the reader is meant to see, where the exit status does not say it all. */
const SEEN: Readonly<Record<string, RegExp>> = {
  'tocsin lookup login.mega-bank.example': /login\.mega-bank\.example +found .* DEU /,
  'tocsin peer list': /DEU .* connected /,
  'tocsin doctor DEU': /ok +DEU/,
  'tocsin indicator add relay.mega-bank.example --tlp AMBER --to FRA --explain': /FRA/,
  'tocsin indicator add 203.0.113.77 --tlp RED --to FRA --operator anna': / held /,
  'tocsin queue list': /203\.0\.113\.77/,
  'tocsin audit node list --limit 20': /released/,
  'tocsin alliance log --nation ITA': /ITA .*is admitted/,
  'tocsin indicator show harbour-times.example': /harbour-times\.example/,
  'tocsin status': /ready/,
  'tocsin peer sync --follow': /DEU .* equal /,
  'tocsin audit diff deu.audit fra.audit': /log +DEU/,
  'tocsin indicator show login.mega-bank.example --receipts': /by \d of 1 nations/,
  'tocsin restore --verify deu.backup': /^nation +DEU$/m,
  "echo '10.1.2.3 GET http://harbour-times.example/login 200' | tocsin scan --context -": /harbour-times\.example/,
  'tocsin export csv --type domain --nation DEU': /login\.mega-bank\.example/,
  'tocsin export status': /dns .*\n.*sensors /,
  'tocsin feed status inbox': /inbox/,
}

/** What is not decided before the others have cosigned, which takes them minutes. */
const UNDECIDED = /^tocsin audit check /

interface Step {
  readonly machine: string
  readonly command: string
  /** What is added to a file. */
  readonly text?: string
}

/** The reader adds to a file of the home, and starts again. */
const CONFIGURE = 'add to '

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const blocks = [
  ...readme.matchAll(/^```(?<kind>sh|yaml)\n# (?<machine>[A-Z]+), (?<where>[^\n]+)\n(?<text>[^`]*)```$/gm),
].map(({ groups }) => groups as Readonly<Record<'kind' | 'machine' | 'where' | 'text', string>>)
const steps: readonly Step[] = blocks.flatMap(({ kind, machine, where, text }): Step[] =>
  kind === 'yaml'
    ? [{ machine, command: `${CONFIGURE}${where}`, text }]
    : text
        .trim()
        .split('\n')
        .map(command => ({ machine, command })),
)

const directory = await temporaryDirectory()
const work = join(directory.path, 'work')
const files = join(directory.path, 'files')
const bin = join(directory.path, 'bin')
const passphraseFile = join(directory.path, 'passphrase')
const port = await freePort()
const taxiiPort = await freePort()
const hasCurl = spawnSync('curl', ['--version']).status === 0
const daemons: { readonly child: ChildProcess; readonly ready: Promise<boolean> }[] = []

mkdirSync(bin)
mkdirSync(join(files, 'inbox'), { recursive: true })
writeFileSync(join(bin, 'tocsin'), `#!/bin/sh\nexec '${process.execPath}' '${TOCSIN}' "$@"\n`, { mode: 0o755 })
writeFileSync(passphraseFile, 'a passphrase of many words\n', { mode: 0o600 })
// The one folder stands for mail between the two.
cpSync(join(root, 'src/cli/sample'), work, { recursive: true })

afterAll(async () => {
  for (const { child } of daemons) child.kill('SIGKILL')
  await directory[Symbol.asyncDispose]()
})

describe('the README', () => {
  test('has commands for two machines, and every exit status', () => {
    expect(new Set(steps.map(({ machine }) => machine))).toEqual(new Set(['FRA', 'DEU', 'ITA', 'AUDITOR', 'EDGE']))
    expect(blocks.length).toBe([...readme.matchAll(/^```(?:sh|yaml)$/gm)].length)
    const statuses = (text: string, row: RegExp) => [...text.matchAll(row)].map(match => match[1])
    expect(statuses(readme, /^\| (\d+) \|/gm)).toEqual(statuses(EXIT_HELP, /^ +(\d+) {2}/gm))
  })

  describe('takes two machines from nothing to an exchange', () => {
    for (const step of steps) {
      test.skipIf(step.command.startsWith('curl') && !hasCurl)(
        `${step.machine}: ${step.command}`,
        { timeout: DAEMON_READY_MS_MAX + STEP_MS_MAX },
        async () => {
          if (step.command === 'tocsin start') return startDaemon(step)
          if (step.text !== undefined) return configure(step)
          for (const { ready } of daemons) expect(await ready, 'a daemon becomes ready').toBe(true)
          const { status, stdout, stderr } = await run(step)
          const isOpen = status === EXIT_UNDECIDED && UNDECIDED.test(step.command)
          expect(isOpen ? 0 : status, `${stdout}\n${stderr}`).toBe(0)
          expect(stdout).toMatch(SEEN[step.command] ?? /^/)
        },
      )
    }
  })
})

function shell({ machine, command }: Step) {
  const home = join(directory.path, machine)
  mkdirSync(home, { recursive: true })
  const env = cleanEnvironment({
    HOME: home,
    PATH: [bin, process.env['PATH']].join(delimiter),
    TOCSIN_PASSPHRASE_FILE: passphraseFile,
  })
  return spawn('sh', ['-c', command], { cwd: work, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What crosses between the machines needs a moment, so a lookup is made again until it finds. */
async function run({ machine, command }: Step): Promise<Ran> {
  const here = await asHere(command)
  for (const untilMs = Date.now() + STEP_MS_MAX; ; await delay(POLL_MS)) {
    const ran = await runOnce({ machine, command: here })
    if (ran.status === 0 || !command.startsWith('tocsin lookup') || Date.now() > untilMs) return ran
  }
}

async function runOnce(step: Step): Promise<Ran> {
  const child = shell(step)
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      said[name] += text
    })
  }
  const cut = setTimeout(() => child.kill('SIGKILL'), STEP_MS_MAX)
  const status = await new Promise<number | null>(resolve => child.once('close', resolve))
  clearTimeout(cut)
  return { status, ...said }
}

async function configure({ machine, command, text = '' }: Step): Promise<void> {
  const file = join(directory.path, machine, '.tocsin', command.slice(CONFIGURE.length))
  appendFileSync(file, `\n${await asHere(text)}`)
  expect(await runOnce({ machine, command: 'tocsin stop' })).toMatchObject({ status: 0 })
  startDaemon({ machine, command: 'tocsin start' })
}

function startDaemon({ machine, command }: Step): void {
  const child = shell({ machine, command: `exec ${command}` })
  child.stderr.resume()
  const { promise: ready, resolve } = Promise.withResolvers<boolean>()
  child.stdout.setEncoding('utf8').on('data', text => {
    if (text.includes('ready')) resolve(true)
  })
  child.once('exit', () => resolve(false))
  setTimeout(() => resolve(false), DAEMON_READY_MS_MAX).unref()
  daemons.push({ child, ready })
}

async function asHere(command: string): Promise<string> {
  let here = command.replaceAll(PORT, String(port)).replaceAll(TAXII_PORT, String(taxiiPort))
  here = here.replaceAll(FILES, files)
  for (const [address, loopback] of Object.entries(LOOPBACK)) here = here.replaceAll(address, loopback)
  if (SIGNING.test(here)) here = `${here} --yes`
  if (here.startsWith('tocsin queue approve ID')) here = here.replace('ID', await heldAtFounder())
  return here.includes('--trust ') ? here.replace(/(?<=--trust )\S+/, await fingerprintAtFounder()) : here
}

/** What the founder reads on the telephone. */
async function fingerprintAtFounder(): Promise<string> {
  const { stdout, stderr } = await runOnce({ machine: 'DEU', command: 'tocsin alliance show' })
  const found = /^fingerprint +(\S+)$/m.exec(stdout)?.[1]
  expect(found, stderr).toBeDefined()
  return found!
}

/** What "queue list" shows there. */
async function heldAtFounder(): Promise<string> {
  const { stdout, stderr } = await runOnce({ machine: 'DEU', command: 'tocsin queue list -o json' })
  const [held] = JSON.parse(stdout)
  expect(held, stderr).toBeDefined()
  return held.id
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as { readonly port: number }
      server.close(() => resolve(free))
    })
  })
}
