import type { Command } from 'commander'
import { parseTarget } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, outputOption } from '../terminal/output.ts'
import type { AlertsShowOptions } from './alerts-show.ts'
import type { AlertsVerifyOptions } from './alerts-verify.ts'

const VERIFY_HELP = `
Exit status: 0 it is proved, 1 something in it is false, 2 something is missing. A file needs no node, no home and no
network; the alert of a running node is judged by the same bytes that "tocsin alerts show ID -O FILE" writes.`

export function addAlertsCommands(program: Command, context: CliContext): void {
  const alerts = program.command('alerts').description('who contradicts itself, and the proof of it')

  alerts
    .command('list')
    .description('forks, contradictory checkpoints and documents, bad leaves, wrong key grants: the newest first')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./alerts-list.ts')).listAlerts(context, output),
    )

  alerts
    .command('show')
    .description('one of them, with what it does and the proof in full')
    .argument('<id>', 'its id, or the first digits of it')
    .option('-O, --output-file <file>', 'write the proof to a file that anybody can check', parseTarget)
    .option('--force', 'replace the file')
    .addOption(outputOption())
    .action(async (id: string, options: AlertsShowOptions) =>
      (await import('./alerts-show.ts')).showAlert(context, id, options),
    )

  alerts
    .command('verify')
    .description('judge the proof of an alert, or of a file of one')
    .argument('<id|file>', 'an id as "tocsin alerts list" gives it, or what "tocsin alerts show ID -O FILE" wrote')
    .option(
      '--trust <fingerprint>',
      'trust string, words or fingerprint of the alliance, from a governor (default for an id: what was confirmed here)',
    )
    .addOption(outputOption())
    .addHelpText('after', VERIFY_HELP)
    .action(async (what: string, options: AlertsVerifyOptions) =>
      (await import('./alerts-verify.ts')).verifyAlert(context, what, options),
    )
}
