import type { Command } from 'commander'
import { TocsinError } from '../../base/errors.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK } from '../terminal/exit.ts'
import { type OutputFormat, outputOption, printRows, type Shape } from '../terminal/output.ts'
import { type Check, createHomeChecks } from './check-home.ts'

interface CheckResult {
  readonly check: string
  readonly result: 'ok' | 'FAIL'
  readonly detail: string
  /** What to do about it; empty where all is well. */
  readonly fix: string
}

const RESULTS: Shape<CheckResult> = {
  columns: [
    { name: 'result', cell: ({ result }) => result },
    { name: 'check', cell: ({ check }) => check },
    { name: 'detail', cell: ({ detail }) => detail },
    { name: 'to_do', cell: ({ fix }) => fix },
  ],
}

export function addCheckCommand(program: Command, context: CliContext): void {
  program
    .command('check')
    .description('whether this machine, the home and the daemon are as they should be; works without the daemon')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      const results: CheckResult[] = []
      for (const check of createHomeChecks(context)) results.push(await resultOf(check))
      await printRows(context.out, output, results, RESULTS)
      const failed = results.filter(({ result }) => result === 'FAIL').length
      context.say(failed === 0 ? 'All is well.' : `${failed} of ${results.length} checks failed.`)
      context.setExitStatus(failed === 0 ? EXIT_OK : EXIT_NO)
    })
}

async function resultOf({ name, run }: Check): Promise<CheckResult> {
  try {
    return { check: name, result: 'ok', detail: await run(), fix: '' }
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return { check: name, result: 'FAIL', detail: `${error.code}: ${error.message}`, fix: error.fix ?? '' }
  }
}
