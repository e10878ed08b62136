import type { Command } from 'commander'
import { parseNationId } from '../base/ids.ts'
import { parsePast } from './terminal/argument.ts'
import type { CliContext } from './terminal/context.ts'

interface GrantOptions {
  readonly since?: number
  readonly group?: string
}

export function addHistoryCommands(program: Command, context: CliContext): void {
  program
    .command('history')
    .description('what was published before')
    .command('grant')
    .description('let a nation read what this node published to the alliance, or to a group, before it could')
    .argument('<nation>', 'such as DEU', parseNationId)
    .option('--since <time>', 'only epochs opened from then on, such as 2027-01-31, or 30d for 30 days ago', parsePast)
    .option('--group <name>', 'what went to a sharing group: NAME, OWNER/NAME or its id')
    .action((nation: string, options: GrantOptions) => grant(context, nation, options))
}

async function grant(context: CliContext, nation: string, { since, group }: GrantOptions): Promise<void> {
  const request = { nation, sinceMs: since ?? 0, group }
  const { entries, left } = await context.client().grantHistory(request)
  for (const entry of entries) await context.out.write(`${entry}\n`)
  context.say(
    `${nation} is let into ${entries.length === 1 ? '1 epoch' : `${entries.length} epochs`}; the log shows each grant.`,
  )
  const reasons = [
    [left['reads-already'], 'it reads already'],
    [left['other-audience'], 'were for others'],
    [left.before, 'are from before, or their keys are destroyed'],
    [left.ceiling, "hold something above the nation's ceiling"],
    [left.guard, 'hold something that policy.yaml does not let go to it without more ado'],
  ] as const
  for (const [count, why] of reasons) if (count > 0) context.say(`${count} more: ${why}.`)
}
