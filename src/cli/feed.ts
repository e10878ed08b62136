import type { Command } from 'commander'
import type { PollOptions } from './feed-run.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, outputOption } from './terminal/output.ts'

interface Options {
  readonly output: OutputFormat
}

export function addFeedCommands(program: Command, context: CliContext): void {
  const feed = program
    .command('feed')
    .description('what this node pulls in: TAXII collections, MISP feeds, drop folders ("feeds:" in config.yaml)')
  feed
    .command('list')
    .description('the feeds, and how they do')
    .addOption(outputOption())
    .action(async ({ output }: Options) => (await import('./feed-run.ts')).listFeeds(context, output))
  feed
    .command('status')
    .description(
      'the last poll of each feed, or of one: what came in, what was refused and why; exits 1 where one is held or fails',
    )
    .argument('[name]', 'as config.yaml has it')
    .addOption(outputOption())
    .action(async (name: string | undefined, { output }: Options) =>
      (await import('./feed-run.ts')).showFeeds(context, name, output),
    )
  feed
    .command('poll')
    .description('poll a feed now, and wait until that is done')
    .argument('<name>', 'as config.yaml has it')
    .option('--dry-run', 'read, count, and publish nothing')
    .addOption(outputOption())
    .action(async (name: string, options: PollOptions) =>
      (await import('./feed-run.ts')).pollFeed(context, name, options),
    )
  feed
    .command('release')
    .description('let in, once, what is beyond the limits of a feed')
    .argument('<name>', 'as config.yaml has it')
    .action(async (name: string) => (await import('./feed-run.ts')).releaseFeed(context, name))
}
