/**
 * Runs the benchmarks: `npm run bench [-- NAME… --timeout-s N]`. Prints one JSON line a figure on stdout, of the form of
 * `Figure` in `bench-figure.ts`; what is said about the run goes to stderr.
 *
 * To add one, write `scripts/bench/NAME.ts`:
 *
 *     import type { Report } from '../bench-figure.ts'
 *
 *     export const name = 'NAME'
 *     export async function run(report: Report): Promise<void> {
 *       const floor = await measureLevel({ records: 100_000, indexKeys: 3 })     // in the same run, see bench/floor/
 *       report({ figure: 'catch-up of 100,000 indicators', value, unit: 'indicators/s', floor })
 *     }
 *
 * Each runs in a process of its own, under the time limit, with its children in its process group: whatever it started is
 * ended with it. Figures are reported as they come, so those before a failure are not lost. It makes its own temporary
 * directories and removes them.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'

const folder = join(import.meta.dirname, 'bench')
const timeoutSecondsDefault = 900
/** `EX_USAGE` of sysexits.h */
const exitUsage = 64

const say = (line: string) => process.stderr.write(`${line}\n`)

/** Ends a benchmark and all that it started. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody is left in the group.
  }
}

/** Resolves to whether the benchmark ran to its end. */
function runBench(name: string, timeoutMs: number): Promise<boolean> {
  const started = performance.now()
  return new Promise(resolve => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'bench-child.ts'), join(folder, `${name}.ts`)], {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const leader = child.pid
    if (leader === undefined) {
      resolve(false)
      return
    }
    let reason = ''
    const stop = (why: string) => {
      reason = why
      endGroup(leader)
    }
    const timer = setTimeout(stop, timeoutMs, `not done after ${timeoutMs / 1000} s`)
    const interrupt = (signal: NodeJS.Signals) => {
      stop(signal)
      process.exitCode = 130
    }
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
    child.once('exit', (status, signal) => {
      clearTimeout(timer)
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
      endGroup(leader)
      const outcome = status === 0 ? 'done' : `failed (${reason || signal || `status ${status}`})`
      say(`${name}: ${outcome}, ${((performance.now() - started) / 1000).toFixed(1)} s`)
      resolve(status === 0)
    })
  })
}

async function main(): Promise<number> {
  const known = globSync('*.ts', { cwd: folder })
    .map(file => basename(file, '.ts'))
    .sort()
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { 'timeout-s': { type: 'string' } } })
  const timeoutSeconds = Number(values['timeout-s'] ?? timeoutSecondsDefault)
  const unknown = positionals.filter(name => !known.includes(name))
  if (unknown.length > 0 || !(timeoutSeconds > 0)) {
    say(`There is no benchmark ${unknown.join(', ')}. There are: ${known.join(', ')}. Option: --timeout-s SECONDS.`)
    return exitUsage
  }
  let failed = 0
  for (const name of positionals.length > 0 ? positionals : known) {
    if (!(await runBench(name, timeoutSeconds * 1000))) failed++
    if (process.exitCode !== undefined) return Number(process.exitCode)
  }
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
