import type { Command } from 'commander'
import type { TokenView } from '../node/orders/node-service.ts'
import { parseFuture } from './terminal/argument.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, outputOption, printRows, type Shape, timeCell } from './terminal/output.ts'

const TOKENS: Shape<TokenView> = {
  columns: [
    { name: 'name', cell: token => token.name },
    { name: 'clearance', cell: token => token.clearance },
    { name: 'created', cell: token => timeCell(token.createdMs) },
    { name: 'expires', cell: token => timeCell(token.expiresMs) },
    { name: 'used', cell: token => timeCell(token.usedMs) },
  ],
}

const CLEARANCE_HELP = `
A clearance is written with commas between its parts, and lists with "+":
  tlp=GREEN            the highest marking; it must be said
  pap=AMBER            the highest permissible action (default: RED)
  groups=none          what is for fewer than the whole alliance: none (default), any, or groups by
                       name or id; "named" among them is what named nations alone are to read
  types=domain+url     types of indicators (default: all)
  authors=DEU+FRA      nations whose claims (default: all)
  exercise             exercise data too
  publish              may publish, up to its own marking
`

export function addTokenCommands(program: Command, context: CliContext): void {
  const token = program.command('token').description('what programs show to be let read, and how much each may see')

  token
    .command('add')
    .description('make a token, and print it this once')
    .argument('<name>', 'for whom it is, such as siem or taxii-bank')
    .requiredOption('--clearance <parts>', 'what its bearer may see, such as tlp=GREEN,groups=none')
    .option(
      '--expires <time>',
      'until when it is good, such as 2027-06-30 or 90d (default: until it is revoked)',
      parseFuture,
    )
    .addHelpText('after', CLEARANCE_HELP)
    .action(async (name: string, { clearance, expires }: { clearance: string; expires?: number }) => {
      const request = { name, clearance, ...(expires !== undefined && { expiresMs: expires }) }
      const added = await context.client().addToken(request)
      await context.out.write(`${added.token}\n`)
      context.say(`The token ${added.name} may: ${added.clearance}. It is kept nowhere: store it now.`)
    })
  token
    .command('list')
    .description('the tokens in force, and when each was last used, to the hour')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      printRows(context.out, output, await context.client().tokens(), TOKENS),
    )
  token
    .command('revoke')
    .description('a token lets nobody read any more, at once')
    .argument('<name>')
    .action(async (name: string) => {
      await context.client().revokeToken(name)
      context.say(`The token ${name} is revoked.`)
    })
}
