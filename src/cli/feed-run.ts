import { UserError } from '../base/errors.ts'
import { visibleText } from '../base/visible-text.ts'
import { type FeedReport, type FeedView, REFUSED_KEPT_MAX } from '../node/orders/feed-orders.ts'
import { COUNT_COLUMNS, countsText } from './indicator/import-report.ts'
import type { CliContext } from './terminal/context.ts'
import { exitStatusOf } from './terminal/exit.ts'
import { type OutputFormat, printRows, type Shape, timeCell } from './terminal/output.ts'

export interface PollOptions {
  readonly dryRun?: boolean
  readonly output: OutputFormat
}

const FEEDS: Shape<FeedView> = {
  columns: [
    { name: 'feed', cell: feed => feed.name },
    { name: 'kind', cell: feed => feed.kind },
    { name: 'state', cell: feed => feed.state },
    { name: 'entries', cell: feed => feed.entries },
    { name: 'succeeded', cell: feed => timeCell(feed.succeededMs) },
    { name: 'next', cell: feed => (feed.state === 'held' ? '' : timeCell(feed.nextMs)) },
    { name: 'failures', cell: feed => feed.failures },
    { name: 'from', cell: feed => feed.from },
  ],
}

type NamedReport = FeedReport & { readonly feed: string }

const REPORTS: Shape<NamedReport> = {
  columns: [
    { name: 'feed', cell: report => report.feed },
    { name: 'polled', cell: report => timeCell(report.startedMs) },
    ...COUNT_COLUMNS,
    { name: 'withdrawn', cell: report => report.withdrawn },
    { name: 'seconds', cell: report => report.seconds },
    { name: 'fault', cell: report => report.fault?.code ?? '' },
    { name: 'refused_rows_in', cell: report => report.deadLetter },
  ],
}

export async function listFeeds(context: CliContext, output: OutputFormat): Promise<void> {
  await printRows(context.out, output, await context.client().feeds(), FEEDS)
}

export async function showFeeds(context: CliContext, name: string | undefined, output: OutputFormat): Promise<void> {
  const all = await context.client().feeds()
  const feeds = name === undefined ? all : all.filter(feed => feed.name === name)
  if (name !== undefined && feeds.length === 0) {
    throw new UserError('feed-unknown', `config.yaml names no feed ${JSON.stringify(name)}`, {
      fix: 'See "tocsin feed list"; the configuration is read when the node starts.',
    })
  }
  const polled = feeds.flatMap(({ name: feed, last }) => (last === null ? [] : [{ feed, ...last }]))
  await printRows(context.out, output, polled, REPORTS)
  for (const feed of feeds) sayState(context, feed)
  for (const report of polled) sayRefusals(context, report)
  if (feeds.some(({ state }) => state === 'held' || state === 'failing')) context.setExitStatus(1)
}

export async function pollFeed(
  context: CliContext,
  name: string,
  { dryRun = false, output }: PollOptions,
): Promise<void> {
  const report = { feed: name, ...(await context.client().pollFeed(name, dryRun)) }
  await printRows(context.out, output, [report], REPORTS)
  context.say(sumOf(report))
  sayRefusals(context, report)
  if (report.fault === null) return
  const { code, message, fix } = report.fault
  context.stderr.write(`error ${code}: ${visibleText(message)}\n${fix === '' ? '' : `→ ${visibleText(fix)}\n`}`)
  context.setExitStatus(exitStatusOf(code))
}

export async function releaseFeed(context: CliContext, name: string): Promise<void> {
  await context.client().releaseFeed(name)
  context.say(`${name} is polled now, and what is beyond its limits comes in this once.`)
}

function sumOf(report: NamedReport): string {
  const { feed, withdrawn } = report
  const gone = withdrawn === 0 ? '' : `; ${withdrawn} withdrawn, for their source has taken them back`
  return `${feed}: ${countsText(report)}${gone}`
}

function sayState(context: CliContext, { name, state, last, failures }: FeedView): void {
  const fault = visibleText(last?.fault?.message ?? '')
  if (state === 'held') context.say(`${name} is held: ${fault}. "tocsin feed release ${name}" lets it go on.`)
  if (state === 'failing') context.say(`${name} has failed ${failures} times in a row: ${fault}`)
}

function sayRefusals(context: CliContext, { feed, refused, refusals, deadLetter }: NamedReport): void {
  for (const { code, count, place, message } of refusals) {
    context.say(`  ${feed}: refused ${code} (${count}): ${visibleText(place)}: ${visibleText(message)}`)
  }
  const kept =
    refused > REFUSED_KEPT_MAX ? `the first ${REFUSED_KEPT_MAX} of what was refused are` : 'what was refused is'
  if (deadLetter !== '') context.say(`  ${kept} in ${deadLetter}`)
}
