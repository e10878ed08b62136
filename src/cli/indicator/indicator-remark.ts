import { type Command, InvalidArgumentError, Option } from 'commander'
import { isNationId } from '../../base/ids.ts'
import { parsePap, parseTlp } from '../../indicator/marking.ts'
import { OPINION_KINDS } from '../../indicator/remark.ts'
import { parseFuture, parsePast, parseWhole } from '../terminal/argument.ts'
import { addAudienceOptions } from '../terminal/audience-options.ts'
import type { CliContext } from '../terminal/context.ts'
import { operatorOptions } from '../terminal/operator-signature.ts'
import { outputOption } from '../terminal/output.ts'
import { passphraseFileOption } from '../terminal/passphrase.ts'
import type { DisputeOptions, ExtendOptions, SightOptions, WithdrawOptions } from './indicator-remark-run.ts'

const COUNT_MAX = 1_000_000_000

/** What is said of indicators that are held here: that one was seen, what we think of one, and what becomes of our claims. */
export function addRemarkCommands(indicator: Command, context: CliContext): void {
  marked(onValues(indicator, 'sight', 'tell that indicators were seen'))
    .option('--count <number>', 'how often', parseWhole(1, COUNT_MAX), 1)
    .option('--first <time>', 'first seen, such as 2026-11-21 or 7d', parsePast)
    .option('--last <time>', 'last seen (default: now)', parsePast)
    .option('--source <text>', 'by what they were seen')
    .action(async (values: readonly string[], options: SightOptions) =>
      (await import('./indicator-remark-run.ts')).sight(context, values, options),
    )
  marked(onValues(indicator, 'dispute', 'tell what we think of indicators that others claim'))
    .addOption(new Option('--as <opinion>', 'what of them').choices(OPINION_KINDS).default('false-positive'))
    .option('--nation <id>', 'of the claims of this nation alone', parseNation)
    .option('--comment <text>', 'why')
    .action(async (values: readonly string[], options: DisputeOptions) =>
      (await import('./indicator-remark-run.ts')).dispute(context, values, options),
    )
  onValues(indicator, 'withdraw', 'take our claims on indicators back, everywhere and for ever')
    .requiredOption('--reason <text>', 'why; whoever has the claim reads it')
    .action(async (values: readonly string[], options: WithdrawOptions) =>
      (await import('./indicator-remark-run.ts')).withdraw(context, values, options),
    )
  onValues(indicator, 'extend', 'let our claims on indicators end at another time')
    .requiredOption('--until <time>', 'such as 2027-01-31, or 30d from now', parseFuture)
    .option('--reason <text>', 'why')
    .action(async (values: readonly string[], options: ExtendOptions) =>
      (await import('./indicator-remark-run.ts')).extend(context, values, options),
    )
}

function onValues(indicator: Command, verb: string, description: string): Command {
  const command = indicator
    .command(verb)
    .description(description)
    .argument(
      '[values...]',
      'values in any spelling, or ids of indicators or claims; none, or "-": one a line from standard input',
    )
  for (const option of operatorOptions()) command.addOption(option)
  return command.addOption(passphraseFileOption()).addOption(outputOption())
}

function marked(command: Command): Command {
  return addAudienceOptions(command)
    .option('--tlp <level>', 'CLEAR to RED (default: as the claims, and no lower than publish.tlp)', parseTlp)
    .option('--pap <level>', 'permissible actions: CLEAR, GREEN, AMBER or RED', parsePap)
}

function parseNation(text: string): string {
  if (isNationId(text)) return text
  throw new InvalidArgumentError('It is an id such as DEU or NATO-NCIA.')
}
