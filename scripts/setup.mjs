/**
 * Makes a fresh clone run: `node scripts/setup.mjs [FILE ARGUMENT…]`.
 *
 * Installs the packages of package-lock.json and generates the protobuf code where that is needed, then runs FILE under
 * the pinned Node and passes its exit status on. Plain JavaScript for Node >= 20: it starts on whatever Node the machine
 * has. The shell could not do the last step (`setup && node FILE`), because it remembers where it found `node` first.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { restoreManifest } from './manifest.mjs'
import { withLock } from './setup-lock.mjs'
import { checkGenerated, checkPackages, chooseNode, pinnedPackage } from './setup-plan.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pinned = pinnedPackage(process.platform, process.arch)
const pinnedNode = join(root, pinned, 'bin/node')
const binaries = join(root, 'node_modules/.bin')
const generated = join(root, 'src/wire/gen')
const stampFile = join(generated, '.stamp')

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
/** `EX_UNAVAILABLE` of sysexits.h */
const exitUnavailable = 69

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)
const readJson = (/** @type {string} */ path) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** A failure that the reader can act on: a sentence and an exit status, without a stack trace. */
class SetupError extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message)
    this.status = status
  }
}

/** Set-up was cut off by a signal, and ends by it too. */
class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(signal)
    this.signal = signal
  }
}

function packagesNeed() {
  const record = 'node_modules/.package-lock.json'
  const installed = existsSync(join(root, record)) ? readJson(record) : undefined
  return checkPackages(readJson('package-lock.json'), installed, pinned)
}

function generatorInputs() {
  const protos = readdirSync(join(root, 'proto')).filter(name => name.endsWith('.proto'))
  const hash = createHash('sha256')
  for (const path of [...protos.sort().map(name => `proto/${name}`), 'scripts/generate-proto.ts']) {
    hash.update(`${path}\0`).update(readFileSync(join(root, path)))
  }
  return { protos, hash: hash.digest('hex') }
}

function generatedNeed() {
  const { protos, hash } = generatorInputs()
  const stamp = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined
  return checkGenerated(
    hash,
    stamp,
    protos.every(name => existsSync(join(generated, `${basename(name, '.proto')}.ts`))),
  )
}

/** The Node to run the project with, as a path; throws when the machine has none. */
function nodePath(/** @type {boolean} */ hasPinned) {
  const choice = chooseNode({
    hasPinned,
    machineVersion: process.versions.node,
    minimum: readJson('package.json').engines.node,
    platform: `${process.platform}-${process.arch}`,
  })
  if (choice.kind === 'unsupported') throw new SetupError(choice.sentence, exitUnavailable)
  return choice.kind === 'pinned' ? pinnedNode : process.execPath
}

async function install() {
  // Known before the long download: whether there will be a Node to run with.
  nodePath(pinned in readJson('package-lock.json').packages)
  // The errors alone: on the machine's older Node npm would warn of engines that the pinned one satisfies.
  const options = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const npmScript = process.env.npm_execpath ?? ''
  const outcome = /npm-cli\.[cm]?js$/.test(npmScript)
    ? await run(process.execPath, [npmScript, ...options], 'stderr')
    : await run('npm', options, 'stderr')
  if (outcome.signal !== null) throw new Interrupted(outcome.signal)
  if (outcome.status !== 0) {
    throw new SetupError(
      `The packages could not be installed: npm ci ended with status ${outcome.status}, its reason stands above. ` +
        'Set-up needs the npm registry once; run the command again when it can be reached.',
      outcome.status,
    )
  }
  await admitPinnedNode()
}

/** A pinned Node that does not run here (another C library) is as good as none; else `npm run` has to find it. */
async function admitPinnedNode() {
  if (!existsSync(pinnedNode)) return
  const trial = await run(pinnedNode, ['--version'], 'silent')
  if (trial.signal !== null) throw new Interrupted(trial.signal)
  if (trial.status !== 0) rmSync(pinnedNode)
  // npm 10 takes the link away again together with the packages of the other platforms.
  else if (!existsSync(join(binaries, 'node')))
    symlinkSync(join('..', basename(pinned), 'bin/node'), join(binaries, 'node'))
}

async function generate() {
  const { hash } = generatorInputs()
  rmSync(stampFile, { force: true })
  const outcome = await run(nodePath(existsSync(pinnedNode)), ['scripts/generate-proto.ts'], 'stderr')
  if (outcome.signal !== null) throw new Interrupted(outcome.signal)
  if (outcome.status !== 0)
    throw new SetupError('The protobuf code could not be generated; the reason stands above.', 1)
  writeFileSync(stampFile, hash)
}

async function setUp() {
  restoreManifest(root)
  if (packagesNeed().kind === 'ready' && generatedNeed().kind === 'ready') return
  const waiting = (/** @type {number} */ owner) =>
    say(`Another set-up is running here (process ${owner}); waiting for it.`)
  await withLock(join(root, '.tocsin/setup.lock'), prepare, waiting)
}

async function prepare() {
  const packages = packagesNeed()
  if (packages.kind === 'needed') {
    say(`Setting up: ${packages.reason}. Installing what package-lock.json names, which can take a minute.`)
    await install()
  }
  const code = generatedNeed()
  if (code.kind === 'needed') {
    say(`Setting up: ${code.reason}. Generating it.`)
    await generate()
  }
}

/**
 * Runs a command in the root, with the pinned Node and the project's binaries first on PATH.
 *
 * @param {string} command @param {string[]} args
 * @param {'inherit' | 'stderr' | 'silent'} output
 * @returns {Promise<{ status: number, signal: NodeJS.Signals | null }>} the signal that ended it or came while it ran
 */
function run(command, args, output) {
  /** @type {Record<typeof output, import('node:child_process').StdioOptions>} */
  const streams = { inherit: 'inherit', stderr: ['ignore', 2, 2], silent: 'ignore' }
  const env = { ...process.env, PATH: [dirname(pinnedNode), binaries, process.env.PATH].join(delimiter) }
  return new Promise((resolve, reject) => {
    /** @type {NodeJS.Signals | null} */
    let received = null
    const child = spawn(command, args, { cwd: root, env, stdio: streams[output] })
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      received = signal
      // Our own steps may be cut off anywhere and are done anew next time; npm would first finish what it is at.
      if (output !== 'inherit') child.kill('SIGKILL')
      // A terminal interrupts the whole group, so the program has it already and a second would mean "at once".
      else if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal)
    }
    for (const signal of SIGNALS) process.on(signal, forward)
    const stopForwarding = () => {
      for (const signal of SIGNALS) process.off(signal, forward)
    }
    child.once('error', error => {
      stopForwarding()
      if (output === 'silent') resolve({ status: exitUnavailable, signal: null })
      else reject(new SetupError(`${command} could not be started: ${error.message}.`, exitUnavailable))
    })
    child.once('exit', (status, signal) => {
      stopForwarding()
      resolve({ status: status ?? 128 + constants.signals[signal ?? 'SIGKILL'], signal: received ?? signal })
    })
  })
}

async function main() {
  await setUp()
  const [file, ...args] = process.argv.slice(2)
  if (file === undefined) return
  const outcome = await run(nodePath(existsSync(pinnedNode)), [file, ...args], 'inherit')
  process.exitCode = outcome.status
}

try {
  await main()
} catch (error) {
  if (error instanceof Interrupted) process.kill(process.pid, error.signal)
  else if (error instanceof SetupError) {
    say(error.message)
    process.exitCode = error.status
  } else throw error
}
