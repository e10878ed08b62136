import { TocsinError } from '../base/errors.ts'
import { visibleText } from '../base/visible-text.ts'
import { defang, refang } from '../formats/in/defang.ts'
import { writeWhole } from '../node/home/home.ts'
import type {
  WarninglistChange,
  WarninglistCheck,
  WarninglistUpdate,
  WarninglistView,
} from '../node/orders/warninglist-orders.ts'
import { findWarninglists, readWarninglist, warninglistPath } from '../node/rules/warninglist-files.ts'
import { foldedName } from '../policy/warninglist.ts'
import type { CliContext } from './terminal/context.ts'
import { EXIT_NO, exitStatusOf } from './terminal/exit.ts'
import { readLineBatches } from './terminal/line-batches.ts'
import { createRowWriter, type OutputFormat, printRows, type Shape } from './terminal/output.ts'

/** Values of one request. */
const BATCH_MAX = 500

const LISTS: Shape<WarninglistView> = {
  columns: [
    { name: 'name', cell: list => list.name },
    { name: 'type', cell: list => list.kind },
    { name: 'entries', cell: list => list.entries },
    { name: 'left_out', cell: list => list.left },
    { name: 'version', cell: list => list.version },
    { name: 'action', cell: list => list.action },
    { name: 'stored', cell: list => list.stored },
    { name: 'source', cell: list => list.source },
  ],
}

export async function listWarninglists(context: CliContext, stored: boolean, output: OutputFormat): Promise<void> {
  const lists = await context.client().warninglists(stored)
  await printRows(context.out, output, lists, LISTS)
  for (const { name, leftEntries } of lists) {
    for (const { entry, reason } of leftEntries.slice(0, 1)) {
      context.say(
        `warning: "${visibleText(name)}" has an entry that is left out: ${visibleText(entry)}: ${visibleText(reason)}`,
      )
    }
  }
}

/** A value and one of its lists. */
interface CheckRow extends Omit<WarninglistCheck, 'hits'> {
  readonly list: string
  readonly action: string
  readonly entry: string
}

const CHECKS: Shape<WarninglistCheck | CheckRow> = {
  columns: [
    { name: 'value', cell: check => check.query },
    { name: 'type', cell: check => check.type },
    { name: 'action', cell: check => ('action' in check ? check.action : '') },
    { name: 'list', cell: check => ('list' in check ? check.list : '') },
    { name: 'entry', cell: check => ('entry' in check ? check.entry : '') },
    { name: 'reason', cell: check => check.reason },
  ],
  defanged: check => ({ ...check, query: defang(refang(check.query)) }),
}

export async function checkWarninglists(
  context: CliContext,
  values: readonly string[],
  output: OutputFormat,
): Promise<void> {
  const client = context.client()
  const fromInput = values.length === 0 || (values.length === 1 && values[0] === '-')
  const batches = fromInput ? readLineBatches(context.stdin, BATCH_MAX) : [values]
  const writer = createRowWriter(context.out, output, CHECKS)
  const isWhole = output === 'json' || output === 'ndjson'
  let blocks = false
  for await (const batch of batches) {
    const checks = await client.checkWarninglists(batch.map(refang))
    const named = checks.map((check, index) => ({ ...check, query: batch[index] ?? check.query }))
    blocks ||= checks.some(({ hits }) => hits[0]?.action === 'block')
    await writer.write(isWhole ? named : named.flatMap(rowsOf))
  }
  await writer.end()
  if (blocks) context.setExitStatus(EXIT_NO)
}

function rowsOf({ hits, ...check }: WarninglistCheck): readonly CheckRow[] {
  if (hits.length === 0) return [{ ...check, list: '', action: '', entry: '' }]
  return hits.map(hit => ({ ...check, ...hit }))
}

const CHANGES: Shape<WarninglistChange> = {
  columns: [
    { name: 'list', cell: change => change.name },
    { name: 'change', cell: change => change.change },
    { name: 'version', cell: change => change.version },
    { name: 'before', cell: change => change.versionBefore },
    { name: 'entries', cell: change => change.entries },
    { name: 'added', cell: change => change.added },
    { name: 'removed', cell: change => change.removed },
  ],
}

/** With a path: nothing is taken over unless every list there is right. */
export async function updateWarninglists(
  context: CliContext,
  path: string | undefined,
  output: OutputFormat,
): Promise<void> {
  const taken = path === undefined ? 0 : await takeOver(context, path)
  const update = await putInForce(context, taken)
  if (update === undefined) return
  const changes = update.changes.filter(({ change }) => change !== 'same')
  await printRows(context.out, output, changes, CHANGES)
  sayUpdate(context, update, changes.length)
}

async function putInForce(context: CliContext, taken: number): Promise<WarninglistUpdate | undefined> {
  try {
    return await context.client().updateWarninglists()
  } catch (error) {
    if (taken === 0 || !(error instanceof TocsinError) || error.code !== 'daemon-not-running') throw error
    context.say(`${taken} lists are in the home; they are in force when the daemon starts.`)
    return undefined
  }
}

/** Returns how many lists came. */
async function takeOver(context: CliContext, path: string): Promise<number> {
  const newest = new Map<string, { readonly path: string; readonly version: number }>()
  for (const file of await findWarninglists([path])) {
    const { list } = await readWarninglist(file.path)
    const name = foldedName(list.name)
    if ((newest.get(name)?.version ?? 0) <= list.version) newest.set(name, { path: file.path, version: list.version })
  }
  for (const file of newest.values()) {
    const { text, list } = await readWarninglist(file.path)
    await writeWhole(warninglistPath(context.home(), list.name), text, { replace: true })
  }
  return newest.size
}

function sayUpdate(
  context: CliContext,
  { changes, broken, stored, exports }: WarninglistUpdate,
  changed: number,
): void {
  for (const { path, reason, kept } of broken) {
    const rest = kept ? 'what it held before stays in force' : 'it has no say'
    context.say(`warning: ${visibleText(path)}: ${visibleText(reason)}; ${rest}`)
  }
  const { newlyBlocked, newlyWarned, released, unwarned } = stored
  context.say(`${changes.length} lists, ${changed} of them changed.`)
  if (changed > 0) {
    context.say(
      `Of the stored indicators ${newlyBlocked} are blocked now and ${newlyWarned} warned of; ${released} are blocked no more, ${unwarned} warned of no more.`,
    )
    if (exports.length > 0 && newlyBlocked + released > 0) {
      context.say(`The live exports follow: ${exports.map(visibleText).join(', ')}`)
    }
  }
  if (broken.length > 0) context.setExitStatus(exitStatusOf('warninglist-broken'))
}
