/**
 * Fuzzes the decoders and importers: `npm run fuzz -- [TARGET…] --executions N --seconds S --seed X`. Prints one JSON line
 * a target on stdout; what is said about the run goes to stderr. `--executions` and `--seconds` are for each target,
 * whichever ends first. `--keep` adds what reached something new to `test/fuzz`, `--blind` looks at no coverage (faster).
 * Each target runs in a thread with a bounded heap, and is ended where one input takes too long. Inputs that were found
 * are written to `--out` (the temporary directory where it is not said). Exit status: 0, or 1 where something was found.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { installNative } from '../src/crypto/native.ts'
import { keepInput } from './fuzz/corpus.ts'
import type { Finding, FuzzReport } from './fuzz/engine.ts'
import { TARGET_GROUPS, targetsNamed } from './fuzz/targets.ts'
import { type FuzzTask, SHARED_HEAD_BYTES } from './fuzz/task.ts'

/** `EX_USAGE` of sysexits.h */
const EXIT_USAGE = 64
const INPUT_BYTES_MAX = 1024 * 1024
const HEAP_MIB_MAX = 512
const WATCH_MS = 5_000
/** One input may take so long on a machine that others use, too. */
const HANG_MS = 60_000
const KEPT_MAX = 40
const KEPT_BYTES_MAX = 4096

const say = (line: string) => process.stderr.write(`${line}\n`)

/** Runs one target in a thread; one that hangs or takes too much memory is itself a finding. */
function runTarget(task: FuzzTask): Promise<FuzzReport> {
  const head = new Uint32Array(task.shared, 0, 2)
  const { promise, resolve, reject } = Promise.withResolvers<FuzzReport>()
  const worker = new Worker(new URL('./fuzz/worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  })
  let isLoaded = false
  let seen = { count: 0, atMs: performance.now() }
  const broken = (what: string): FuzzReport => {
    const input = new Uint8Array(task.shared, SHARED_HEAD_BYTES, head[1]).slice()
    const finding: Finding = { kind: 'exception', input, what }
    return {
      ...{ target: task.target, executions: head[0]!, accepted: 0, seconds: 0, covered: 0 },
      findings: [finding],
      kept: [],
    }
  }
  const watch = setInterval(() => {
    if (!isLoaded || head[0] !== seen.count) seen = { count: head[0]!, atMs: performance.now() }
    else if (performance.now() - seen.atMs > HANG_MS) resolve(broken(`hangs for ${HANG_MS / 1000} s`))
  }, WATCH_MS)
  worker.on('message', (message: FuzzReport | 'loaded') => {
    if (message === 'loaded') isLoaded = true
    else resolve(message)
  })
  worker.on('error', error => (head[0] === 0 ? reject(error) : resolve(broken(`the thread ended: ${error}`))))
  return promise.finally(async () => {
    clearInterval(watch)
    await worker.terminate()
  })
}

function tell(report: FuzzReport, seed: number, out: string): void {
  const { findings, kept, ...figures } = report
  const found = findings.map(({ kind, what, input }) => ({ kind, what, file: keepInput(report.target, input, out) }))
  const perSecond = Math.round(report.executions / Math.max(report.seconds, 0.001))
  const seconds = Math.round(report.seconds * 10) / 10
  process.stdout.write(`${JSON.stringify({ ...figures, seconds, perSecond, kept: kept.length, seed, found })}\n`)
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      executions: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string' },
      out: { type: 'string', default: join(tmpdir(), 'tocsin-fuzz') },
      keep: { type: 'boolean', default: false },
      blind: { type: 'boolean', default: false },
    },
  })
  const [executions, seconds] = [Number(values.executions), Number(values.seconds)]
  const seed = Number(values.seed ?? Date.now() % 2 ** 31)
  const groups: readonly string[][] = await Promise.all(
    (positionals.length > 0 ? positionals : TARGET_GROUPS).map(async name => {
      const targets = await targetsNamed(name)
      return targets.map(target => target.name)
    }),
  )
  const isNumbers = executions > 0 && seconds > 0 && Number.isSafeInteger(seed)
  if (groups.some(names => names.length === 0) || !isNumbers) {
    say(
      `Give targets, or groups of them: ${TARGET_GROUPS.join(', ')}; --executions N, --seconds S and --seed X are numbers.`,
    )
    return EXIT_USAGE
  }
  let found = 0
  for (const target of groups.flat()) {
    const shared = new SharedArrayBuffer(SHARED_HEAD_BYTES + INPUT_BYTES_MAX)
    const report = await runTarget({ target, executions, seconds, seed, guided: !values.blind, shared })
    tell(report, seed, values.out)
    found += report.findings.length
    const small = report.kept.filter(input => input.length <= KEPT_BYTES_MAX)
    if (values.keep) for (const input of small.slice(0, KEPT_MAX)) keepInput(target, input)
  }
  return found === 0 ? 0 : 1
}

installNative()
process.exitCode = await main()
