import type { Command } from 'commander'
import type { RebuildResult } from '../../node/opening/rebuild-result.ts'
import type { ControlClient } from '../terminal/client.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, outputOption, printRecord, type Shape } from '../terminal/output.ts'

const REBUILD: Shape<RebuildResult> = {
  columns: [
    { name: 'items', cell: result => result.items },
    { name: 'indicators', cell: result => result.indicators },
    { name: 'view_before', cell: result => result.viewBefore },
    { name: 'view_after', cell: result => result.viewAfter },
    { name: 'seconds', cell: result => Math.round(result.seconds * 1000) / 1000 },
  ],
}

export function addStoreCommands(program: Command, context: CliContext): void {
  const store = program.command('store').description('what this node keeps')

  async function run(output: OutputFormat, work: (client: ControlClient) => Promise<RebuildResult>): Promise<void> {
    const result = await work(context.client())
    await printRecord(context.out, output, result, REBUILD)
    const same = result.viewBefore === result.viewAfter
    context.say(
      same ? 'The view is the same as before.' : 'The view has changed: what was shown before was out of date.',
    )
  }

  store
    .command('rebuild')
    .description('compute the indicator view anew from the opened items')
    .addOption(outputOption())
    .action(({ output }: { output: OutputFormat }) => run(output, client => client.rebuildView()))
  store
    .command('check')
    .description('read everything that is held and say whether it is whole; while the daemon runs, or without it')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./store-upkeep.ts')).checkStore(context, output),
    )
  store
    .command('repair')
    .description('make the store anew of all that is whole in it, without the daemon; what is lost peers give again')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./store-upkeep.ts')).repairStore(context, output),
    )
  store
    .command('reopen')
    .description('open the items anew from the log, where the keys are still there')
    .addOption(outputOption())
    .action(({ output }: { output: OutputFormat }) => run(output, client => client.reopenItems()))
}
