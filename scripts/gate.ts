/**
 * The one gate, `npm test`: types, lint and format, dead code, then every test (the architecture is one of them). Runs all
 * of it whatever fails, and ends with a line of the form `N passed, N failed, N skipped`. Arguments go to vitest.
 */
import { spawn } from 'node:child_process'
import { delimiter, join, relative } from 'node:path'
import { performance } from 'node:perf_hooks'
import { closingLine, type Tally, tallyTests } from './gate-tally.ts'

const root = join(import.meta.dirname, '..')

interface Check {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

const CHECKS: readonly Check[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'types of the page', command: 'tsc', args: ['--noEmit', '--project', 'src/verifier'] },
  { name: 'lint and format', command: 'biome', args: ['ci', '--error-on-warnings', '.'] },
  { name: 'dead code', command: 'knip', args: ['--no-progress'] },
]

interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
}

const print = (text: string) => process.stdout.write(`${text}\n`)

function report({ name, ok, seconds }: Outcome): void {
  print(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(17)} ${seconds.toFixed(1).padStart(6)} s`)
}

/** Runs one tool to its end; what it says is shown only if it fails, in one piece. */
function runCheck({ name, command, args }: Check): Promise<Outcome> {
  const started = performance.now()
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  return new Promise(resolve => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: Buffer[] = []
    child.stdout.on('data', chunk => said.push(chunk))
    child.stderr.on('data', chunk => said.push(chunk))
    const finish = (ok: boolean) => {
      const outcome = { name, ok, seconds: (performance.now() - started) / 1000 }
      report(outcome)
      if (!ok) print(Buffer.concat(said).toString().trimEnd())
      resolve(outcome)
    }
    child.once('error', error => {
      said.push(Buffer.from(error.message))
      finish(false)
    })
    child.once('close', status => finish(status === 0))
  })
}

async function runTests(args: readonly string[]): Promise<{ outcome: Outcome; tally: Tally }> {
  const started = performance.now()
  const { parseCLI, startVitest } = await import('vitest/node')
  const { filter, options } = parseCLI(['vitest', 'run', ...args])
  const vitest = await startVitest('test', filter, { ...options, watch: false, allowOnly: false })
  const tally = tallyTests(vitest.state.getTestModules(), vitest.state.getUnhandledErrors().length)
  await vitest.close()
  const ok = tally.failed === 0 && tally.passed > 0
  return { outcome: { name: 'tests', ok, seconds: (performance.now() - started) / 1000 }, tally }
}

// Before vitest loads: in a pipe or a log its colours would only be noise.
if (!process.stdout.isTTY && process.env['FORCE_COLOR'] === undefined) process.env['NO_COLOR'] = '1'

print(`Node ${process.versions.node}: ${CHECKS.map(check => check.name).join(', ')}, tests`)
const checks = await Promise.all(CHECKS.map(runCheck))
const { outcome: tests, tally } = await runTests(process.argv.slice(2))

print('')
for (const outcome of [...checks, tests]) report(outcome)
for (const { moduleId, title } of tally.flakyTests)
  print(`passed at the second run: ${relative(root, moduleId)}: ${title}`)
for (const { moduleId, title } of tally.skippedTests) print(`skipped: ${relative(root, moduleId)}: ${title}`)
print(closingLine(tally))
process.exitCode = checks.every(check => check.ok) && tests.ok ? 0 : 1
