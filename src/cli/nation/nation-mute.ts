import type { Command } from 'commander'
import type { MutedNation } from '../../policy/acceptance.ts'
import type { CliContext } from '../terminal/context.ts'
import { createRowWriter, type OutputFormat, outputOption, type Shape, timeCell } from '../terminal/output.ts'

/** Which allies this node does not listen to: at once, and here alone. */
export function addMuteCommands(nation: Command, context: CliContext): void {
  nation
    .command('mute')
    .description('take another nation out of the views and exports of this node, at once')
    .argument('<nation>', 'its id, such as DEU')
    .requiredOption('--reason <text>', 'why')
    .action(async (id: string, { reason }: { reason: string }) => {
      const client = context.client()
      await client.muteNation(id.toUpperCase(), reason)
      context.say(`Nothing that ${id.toUpperCase()} says shows here any more. It is stored and passed on as before.`)
    })
  nation
    .command('unmute')
    .description('take it in again')
    .argument('<nation>', 'its id, such as DEU')
    .action(async (id: string) => {
      await context.client().unmuteNation(id.toUpperCase())
      context.say(`What ${id.toUpperCase()} says shows again when the view is computed anew, in a moment.`)
    })
  nation
    .command('muted')
    .description('the nations that are muted here, since when and why')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      const writer = createRowWriter(context.out, output, MUTED)
      await writer.write(await context.client().muted())
      await writer.end()
    })
}

const MUTED: Shape<MutedNation> = {
  columns: [
    { name: 'nation', cell: muted => muted.nation },
    { name: 'since', cell: muted => timeCell(muted.sinceMs) },
    { name: 'reason', cell: muted => muted.reason },
  ],
}
