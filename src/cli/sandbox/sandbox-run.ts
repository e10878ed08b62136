import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemRandom } from '../../node/mechanisms/random-system.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, printRows, type Shape } from '../terminal/output.ts'
import { openSandboxHomes } from './sandbox-alliance.ts'
import { awaitConvergence, type Convergence, type NationState } from './sandbox-convergence.ts'
import { awaitReady, DAEMON_ENTRY, type SandboxDaemon, startDaemon } from './sandbox-daemon.ts'
import { guideLines } from './sandbox-guide.ts'
import { importAt } from './sandbox-import.ts'

export interface SandboxOptions {
  readonly nations: number
  readonly import?: readonly string[]
  readonly once?: boolean
  readonly keep?: boolean
  readonly home: string | undefined
  /** For the nations to hold the same, once all is imported. */
  readonly timeoutSeconds: number | undefined
  readonly output: OutputFormat
}

export interface SandboxReport {
  readonly nations: readonly NationState[]
  readonly converged: boolean
  readonly imported: number
  readonly refused: number
  /** From the first row that is read until all nations hold the same. */
  readonly seconds: number
  readonly entriesPerSecond: number
  readonly indicatorsPerSecond: number
}

const REPORT: Shape<SandboxReport> = {
  columns: [
    { name: 'converged', cell: report => report.converged },
    { name: 'imported', cell: report => report.imported },
    { name: 'refused', cell: report => report.refused },
    { name: 'seconds', cell: report => report.seconds },
    { name: 'entries_per_second', cell: report => report.entriesPerSecond },
    { name: 'indicators_per_second', cell: report => report.indicatorsPerSecond },
  ],
}

const NATIONS: Shape<NationState> = {
  columns: [
    { name: 'nation', cell: state => state.nation },
    { name: 'entries', cell: state => state.entries },
    { name: 'indicators', cell: state => state.indicators },
    { name: 'frontier', cell: state => state.frontier.slice(0, 16) },
    { name: 'view', cell: state => state.view.slice(0, 16) },
  ],
}

const TIMEOUT_SECONDS_DEFAULT = 120
const READY_WITHIN_MS = 60_000
const SAMPLE = join(import.meta.dirname, '../sample')
const EXIT_INTERRUPTED = 130

export async function runSandbox(context: CliContext, options: SandboxOptions): Promise<void> {
  await using opened = new AsyncDisposableStack()
  const daemons: SandboxDaemon[] = []
  const interrupts = opened.use(
    watchInterrupts(() => {
      for (const daemon of daemons) daemon.kill()
    }),
  )
  const { signal } = interrupts
  const root = opened.use(await openRoot(options))
  const shown = show(context, { ...options, home: root.path }, daemons, signal)
  // Nothing may be written any more when the homes are removed.
  opened.defer(() => shown.catch(() => {}))
  opened.defer(() => stopAll(context, daemons))

  await Promise.race([shown, interrupts.first])
  if (signal.aborted) context.setExitStatus(EXIT_INTERRUPTED)
  else if (options.once !== true) {
    for (const daemon of daemons) void sayHowItEnds(context, daemon, signal)
    await interrupts.first
    context.say('')
  }
}

/** Founds, starts, imports, waits and prints; `daemons` is filled on the way, so that all can be stopped at any time. */
async function show(
  context: CliContext,
  options: SandboxOptions & { readonly home: string },
  daemons: SandboxDaemon[],
  signal: AbortSignal,
): Promise<void> {
  const { say } = context
  say(`Founding an alliance of ${options.nations} nations in ${options.home}`)
  const ports = { clock: { now: Date.now }, random: systemRandom }
  const nations = await openSandboxHomes(options.home, options.nations, ports)
  signal.throwIfAborted()
  daemons.push(...nations.map(nation => startDaemon(nation, context.environment)))
  say(`Starting ${daemons.map(({ nation, pid }) => `${nation} (process ${pid})`).join(', ')}`)
  const readyUntilMs = Date.now() + READY_WITHIN_MS
  await Promise.all(daemons.map(daemon => awaitReady(daemon, readyUntilMs, signal)))

  const files = options.import ?? (await sampleFiles())
  say(`Importing at ${daemons[0]!.nation}: ${files.join(', ')}`)
  const startedMs = performance.now()
  const tally = await importAt(context, daemons[0]!, files)
  const { rows, duplicate, refused } = tally.counts()
  say(`Imported ${rows - duplicate - refused} of ${rows} rows, ${duplicate} of them known, ${refused} refused`)
  for (const { code, count, place, message } of tally.refusals())
    say(`  refused ${count}, first ${place}: ${code}: ${message}`)

  say('Waiting until all nations hold the same')
  const untilMs = Date.now() + (options.timeoutSeconds ?? TIMEOUT_SECONDS_DEFAULT) * 1000
  const convergence = await awaitConvergence(daemons, untilMs, signal)
  const seconds = (performance.now() - startedMs) / 1000
  await print(context, options.output, reportOf(convergence, rows - duplicate - refused, refused, seconds))
  if (convergence.kind === 'different') {
    for (const difference of convergence.differences) context.stderr.write(`${difference}\n`)
    context.setExitStatus(EXIT_NO)
  }
  if (options.once !== true)
    for (const line of guideLines(daemons, DAEMON_ENTRY, options.import === undefined)) say(line)
}

function reportOf({ kind, nations }: Convergence, imported: number, refused: number, seconds: number): SandboxReport {
  const rate = (count: number | undefined) => Math.round((count ?? 0) / seconds)
  return {
    nations,
    converged: kind === 'converged',
    imported,
    refused,
    seconds: Math.round(seconds * 1000) / 1000,
    entriesPerSecond: rate(nations[0]?.entries),
    indicatorsPerSecond: rate(nations[0]?.indicators),
  }
}

async function print({ out }: CliContext, output: OutputFormat, report: SandboxReport): Promise<void> {
  await printRecord(out, output, report, REPORT)
  if (output !== 'table') return
  await out.write('\n')
  await printRows(out, output, report.nations, NATIONS)
  await out.write('\n')
}

async function sampleFiles(): Promise<string[]> {
  return (await readdir(SAMPLE)).sort().map(name => join(SAMPLE, name))
}

async function sayHowItEnds({ say }: CliContext, daemon: SandboxDaemon, signal: AbortSignal): Promise<void> {
  const how = await daemon.ended
  if (!signal.aborted) say(`${daemon.nation} (process ${daemon.pid}) has ended: ${how}. The others go on.`)
}

/** One after the other, as an operator would. */
async function stopAll({ say }: CliContext, daemons: readonly SandboxDaemon[]): Promise<void> {
  if (daemons.length > 0) say('Stopping')
  for (const daemon of daemons) await daemon.stop()
}

interface Root extends AsyncDisposable {
  readonly path: string
}

/** A temporary directory goes at the end; its name is short, since sockets have to fit into it. */
async function openRoot({ home, keep }: SandboxOptions): Promise<Root> {
  if (home !== undefined) return { path: resolve(home), [Symbol.asyncDispose]: async () => {} }
  const path = await mkdtemp(join(tmpdir(), 'tocsin-'))
  return {
    path,
    async [Symbol.asyncDispose]() {
      if (keep !== true) await rm(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

interface Interrupts extends Disposable {
  /** Settles with the first interrupt, as the signal is aborted. */
  readonly first: Promise<void>
  readonly signal: AbortSignal
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The first interrupt ends everything in order, the second at once. */
function watchInterrupts(atOnce: () => void): Interrupts {
  const { promise: first, resolve } = Promise.withResolvers<void>()
  const controller = new AbortController()
  const listener = () => {
    if (controller.signal.aborted) atOnce()
    controller.abort()
    resolve()
  }
  for (const name of SIGNALS) process.on(name, listener)
  return {
    first,
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, listener)
    },
  }
}
