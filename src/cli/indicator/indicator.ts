import { type Command, InvalidArgumentError, Option } from 'commander'
import { isNationId } from '../../base/ids.ts'
import { INDICATOR_TYPES } from '../../indicator/type.ts'
import { CHANGE_EVENTS } from '../../node/reading/change-reading.ts'
import {
  INDICATOR_STATES,
  type IndicatorState,
  LIST_LIMIT_MAX,
  type ListQuery,
} from '../../node/reading/indicator-reading.ts'
import { parsePast, parseWhole } from '../terminal/argument.ts'
import { askIfBlind } from '../terminal/blind-node.ts'
import type { CliContext } from '../terminal/context.ts'
import { createRowWriter, type OutputFormat, outputOption } from '../terminal/output.ts'
import { addAddCommand } from './indicator-add.ts'
import { addImportCommand } from './indicator-import.ts'
import { addRemarkCommands } from './indicator-remark.ts'
import { INDICATORS, QUARANTINED } from './indicator-shape.ts'
import { type ShowOptions, showIndicator } from './indicator-show.ts'
import type { WatchOptions } from './indicator-watch.ts'

const LIST_DEFAULT = 100
const LIST_MAX = 1_000_000_000

export function addIndicatorCommands(program: Command, context: CliContext): void {
  const indicator = program.command('indicator').description('what is known to be bad, and who says so')
  addAddCommand(indicator, context)
  addImportCommand(indicator, context)
  addRemarkCommands(indicator, context)
  addListCommand(indicator, context)
  addShowCommand(indicator, context)
  addWatchCommand(indicator, context)
}

interface ListOptions {
  readonly type?: string
  readonly nation?: string
  readonly since?: number
  readonly until?: number
  readonly scoreMin?: number
  readonly state?: readonly IndicatorState[]
  readonly warned?: boolean
  readonly limit: number
  readonly all?: boolean
  readonly quarantined?: boolean
  readonly output: OutputFormat
}

function addListCommand(indicator: Command, context: CliContext): void {
  indicator
    .command('list')
    .description('the indicators of all nations')
    .addOption(new Option('--type <type>', 'of one type').choices([...INDICATOR_TYPES.keys()]))
    .option('--nation <id>', 'that this nation claims', parseNation)
    .option('--since <time>', 'published since then, such as 2026-11-21 or 7d', parsePast)
    .option('--until <time>', 'published until then', parsePast)
    .option('--score-min <0-100>', 'whose score is no less, see "show --explain"', parseWhole(0, 100))
    .option('--warned', 'that are on a warninglist')
    .option(
      '--state <states>',
      `such as active,disputed; of ${INDICATOR_STATES.join(', ')}`,
      parseListOf(INDICATOR_STATES),
    )
    .option('--limit <count>', 'how many', parseWhole(1, LIST_MAX), LIST_DEFAULT)
    .option('--all', 'all of them')
    .option('--quarantined', 'instead, what the acceptance policy keeps for somebody to look at')
    .addOption(outputOption())
    .action((options: ListOptions) => list(context, options))
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const client = context.client()
  const writer = createRowWriter(context.out, options.output, options.quarantined === true ? QUARANTINED : INDICATORS)
  let left = options.all === true ? Number.POSITIVE_INFINITY : options.limit
  let cursor: string | undefined
  let shown = 0
  do {
    const page = await client.list(pageQuery(options, Math.min(left, LIST_LIMIT_MAX), cursor))
    left -= page.indicators.length
    shown += page.indicators.length
    cursor = page.next
    await writer.write(page.indicators)
  } while (cursor !== undefined && left > 0)
  await writer.end()
  if (shown === 0) await askIfBlind(context, client)
  if (cursor !== undefined) context.say(`These are the first ${options.limit}; --all lists all of them.`)
}

function pageQuery(
  { type, nation, since, until, scoreMin, state, warned, quarantined }: ListOptions,
  limit: number,
  cursor: string | undefined,
): ListQuery {
  return {
    limit,
    ...(type !== undefined && { type }),
    ...(nation !== undefined && { nation }),
    ...(since !== undefined && { sinceMs: since }),
    ...(until !== undefined && { untilMs: until }),
    ...(scoreMin !== undefined && { scoreMin }),
    ...(state !== undefined && { states: state }),
    ...(warned === true && { warned }),
    ...(cursor !== undefined && { cursor }),
    ...(quarantined === true && { quarantined }),
  }
}

function addShowCommand(indicator: Command, context: CliContext): void {
  indicator
    .command('show')
    .description('one indicator with all claims on it')
    .argument('<id-or-value>', 'the value in any spelling, or the first 8 or more digits of the id')
    .option('--explain', 'how its score comes about, line by line')
    .option('--receipts', 'who holds each claim, and since when, with the proofs')
    .addOption(outputOption())
    .action((idOrValue: string, options: ShowOptions) => showIndicator(context, idOrValue, options))
}

function addWatchCommand(indicator: Command, context: CliContext): void {
  indicator
    .command('watch')
    .description('what changes, as it does: claims, sightings, opinions, withdrawals, and what shows no more')
    .option('--since <cursor>', 'from there on: of an event that came, now, or all', 'now')
    .option('--type <types>', 'of these types, such as domain,url', parseListOf([...INDICATOR_TYPES.keys()]))
    .option('--nation <ids>', 'said by these nations', parseNations)
    .option('--event <kinds>', `of ${CHANGE_EVENTS.join(', ')}`, parseListOf(CHANGE_EVENTS))
    .option(
      '--score-min <0-100>',
      'whose score is no less; what is withdrawn or gone is told in any case',
      parseWhole(0, 100),
    )
    .option('--once', 'what there is, and no more')
    .addOption(new Option('-o, --output <format>', 'how to print data').choices(['table', 'ndjson']).default('table'))
    .action(async (options: WatchOptions) => {
      const { watchIndicators } = await import('./indicator-watch.ts')
      await watchIndicators(context, options)
    })
}

function parseNations(text: string): readonly string[] {
  return text.split(',').map(each => parseNation(each.trim()))
}

function parseListOf<Each extends string>(known: readonly Each[]): (text: string) => readonly Each[] {
  return text => {
    const all = text.split(',').map(each => each.trim().toLowerCase())
    const found = all.filter((each): each is Each => (known as readonly string[]).includes(each))
    if (found.length === all.length) return found
    throw new InvalidArgumentError(`It is one or more of ${known.join(', ')}.`)
  }
}

function parseNation(text: string): string {
  if (isNationId(text)) return text
  throw new InvalidArgumentError('It is an id such as DEU or NATO-NCIA.')
}
