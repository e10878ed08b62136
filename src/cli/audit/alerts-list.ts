import { visibleText } from '../../base/visible-text.ts'
import type { AlertView } from '../../node/orders/node-service.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, printRows, type Shape, timeCell } from '../terminal/output.ts'

const ALERTS: Shape<AlertView> = {
  columns: [
    { name: 'id', cell: alert => alert.id },
    { name: 'kind', cell: alert => alert.kind },
    { name: 'nation', cell: alert => alert.nation },
    { name: 'place', cell: placeCell },
    { name: 'seen', cell: alert => timeCell(alert.seenMs) },
    { name: 'what', cell: alert => visibleText(alert.sentence) },
    { name: 'effect', cell: alert => visibleText(alert.effect) },
  ],
}

export async function listAlerts(context: CliContext, output: OutputFormat): Promise<void> {
  const alerts = await context.client().alerts()
  await printRows(context.out, output, alerts, ALERTS)
  if (alerts.length === 0) context.say('Nobody is seen to contradict itself.')
}

export function placeCell({ log, at }: Pick<AlertView, 'log' | 'at'>): string {
  if (log === '') return ''
  return at === null ? log.slice(0, 16) : `${log.slice(0, 16)}/${at}`
}
