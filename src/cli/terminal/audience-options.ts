import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { isNationId } from '../../base/ids.ts'
import type { Tlp } from '../../indicator/marking.ts'
import { tlpName } from '../../indicator/marking.ts'
import type { AudienceText, AudienceView, PublishItem, ReaderView } from '../../node/orders/node-service.ts'
import type { CliContext } from './context.ts'
import { exitStatusOf } from './exit.ts'
import { createRowWriter, type OutputFormat, type Shape } from './output.ts'
import { sayFixes } from './refusal-fix.ts'

/** For whom what a command publishes is meant. */
export interface AudienceOptions {
  readonly to?: readonly string[]
  readonly group?: string
}

export function addAudienceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--to <nations>', 'only to these, such as DEU,FRA (default: the whole alliance)')
        .argParser(parseNations)
        .conflicts('group'),
    )
    .option('--group <name>', 'only to the members of a sharing group: NAME, OWNER/NAME or its id')
}

function audienceText({ to, group }: AudienceOptions): AudienceText | undefined {
  if (to !== undefined) return { to }
  return group === undefined ? undefined : { group }
}

/** The part of every item that the options say. */
export function itemAudience(options: AudienceOptions): Pick<PublishItem, 'audience'> {
  const audience = audienceText(options)
  return audience === undefined ? {} : { audience }
}

export function parseNations(text: string): readonly string[] {
  const nations = text.split(',').map(each => each.trim().toUpperCase())
  const wrong = nations.find(each => !isNationId(each))
  if (wrong === undefined) return nations
  throw new InvalidArgumentError(`${JSON.stringify(wrong)} is no nation id such as DEU.`)
}

interface ReaderRow extends ReaderView {
  readonly tlp: string
  readonly reads: boolean
}

const READERS: Shape<ReaderRow> = {
  columns: [
    { name: 'tlp', cell: row => row.tlp },
    { name: 'nation', cell: row => row.nation },
    { name: 'reads', cell: row => (row.reads ? 'yes' : 'no') },
    { name: 'why', cell: row => row.why },
    { name: 'label', cell: row => row.label },
  ],
}

/** Tells by name who would read what is so marked and who not, and why, before anything is signed. */
export async function explainAudience(
  context: CliContext,
  options: AudienceOptions & { readonly output: OutputFormat },
  levels: readonly (Tlp | undefined)[],
): Promise<void> {
  const client = context.client()
  const views: AudienceView[] = []
  for (const tlp of levels) views.push(await client.audience(audienceText(options), tlp))
  const writer = createRowWriter(context.out, options.output, READERS)
  for (const view of views) {
    say(context, view)
    await writer.write(rowsOf(view))
  }
  await writer.end()
  const refusal = views.find(view => view.refusal !== undefined)?.refusal
  if (refusal !== undefined) context.setExitStatus(exitStatusOf(refusal.code))
}

/** The same in words beside the data of a command, which works without a node too. */
export async function sayAudience(
  context: CliContext,
  options: AudienceOptions,
  levels: Iterable<Tlp | undefined>,
): Promise<void> {
  try {
    for (const tlp of levels) {
      const view = await context.client().audience(audienceText(options), tlp)
      say(context, view)
      for (const { nation, why } of view.readers) context.say(`  ${nation} reads it: ${why}`)
      for (const { nation, why } of view.excluded) context.say(`  ${nation} does not: ${why}`)
      if (view.refusal !== undefined) context.setExitStatus(exitStatusOf(view.refusal.code))
    }
  } catch (error) {
    if (!(error instanceof TocsinError && NO_NODE.includes(error.code))) throw error
    context.say('Who will be able to read it, a running node tells: start it with "tocsin start".')
  }
}

const NO_NODE: readonly ErrorCode[] = ['daemon-not-running', 'home-missing']

function say(context: CliContext, { audience, tlp, sealed, readers, refusal }: AudienceView): void {
  const marked = `${tlpName(tlp as Tlp)} to ${audience}`
  const how = sealed ? 'nothing on the wire tells who they are' : 'the grant names them'
  if (refusal === undefined) {
    const nations = readers.length === 1 ? '1 nation' : `${readers.length} nations`
    context.say(`${marked}: ${nations} will be able to read it; ${how}.`)
  } else {
    context.say(`${marked}: refused (${refusal.code}): ${refusal.reason}`)
    sayFixes(context, [refusal.code])
  }
}

function rowsOf({ tlp, readers, excluded }: AudienceView): readonly ReaderRow[] {
  const marked = tlpName(tlp as Tlp)
  return [
    ...readers.map(reader => ({ ...reader, tlp: marked, reads: true })),
    ...excluded.map(reader => ({ ...reader, tlp: marked, reads: false })),
  ]
}

/** Throws UserError `usage-invalid`. */
export function assertNoGroupName(name: string): void {
  if (name.trim() === name && name !== '' && !name.includes('/')) return
  throw new UserError('usage-invalid', `${JSON.stringify(name)} is no name for a group`, {
    fix: 'Use a name without a slash, and without spaces at its ends.',
  })
}
