import type { QuarantinedItem } from '../../node/orders/node-service.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, printRows, type Shape, timeCell } from '../terminal/output.ts'
import { assertConfirmed } from '../terminal/question.ts'

export interface RepublishOptions {
  readonly yes?: boolean
  readonly output: OutputFormat
}

const ITEMS: Shape<QuarantinedItem> = {
  columns: [
    { name: 'id', cell: item => item.id },
    { name: 'type', cell: item => item.type },
    { name: 'value', cell: item => item.value },
    { name: 'entry_time', cell: item => timeCell(item.timeMs) },
    { name: 'entry', cell: item => item.entry },
  ],
}

/** shown first, since whoever had the key may have written some of it. */
export async function republishQuarantined(context: CliContext, { yes, output }: RepublishOptions): Promise<void> {
  const { out, say } = context
  const client = context.client()
  const items = await client.quarantined()
  await printRows(out, output, items, ITEMS)
  if (items.length === 0) return say('Everything that this nation has published stands.')
  await assertConfirmed(context, yes === true, `Is all of this ours? Publish these ${items.length} items again?`)
  const queued = await client.republish(items.map(({ id }) => id))
  say(`${queued} items are published again. Run this once more: there may be others.`)
}
