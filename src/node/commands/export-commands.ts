import { UserError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import { EXPORT_FORMATS } from '../../formats/out/export-formats.ts'
import { exportFilter } from '../config/export-filter.ts'
import { parameterFault } from '../config/exports-config.ts'
import type { ExportCommands, ExportOrder } from '../orders/export-orders.ts'
import { exportSight } from '../outlets/export-sight.ts'
import { streamExport } from '../outlets/export-stream.ts'
import type { Outlets } from '../outlets.ts'

interface ExportCommandOptions {
  readonly outlets: Pick<Outlets, 'exports'>
  readonly clock: Clock
}

const U32_MAX = 0xffff_ffff

export function createExportCommands({ outlets, clock }: ExportCommandOptions): ExportCommands {
  const { desk, ground, context } = outlets.exports
  return {
    liveExports: desk.views,
    releaseExport: desk.release,
    async exportIndicators(order) {
      const format = EXPORT_FORMATS.get(order.format)
      if (format === undefined) {
        throw new UserError('usage-invalid', `there is no export format ${order.format.slice(0, 64)}`, {
          fix: `Use one of ${[...EXPORT_FORMATS.keys()].join(', ')}.`,
        })
      }
      const parameters = order.parameters ?? {}
      const fault = parameterFault(format, parameters)
      if (fault !== undefined) {
        throw new UserError('export-parameter', fault, { fix: 'See "tocsin export formats".' })
      }
      const filter = exportFilter.parse(order.filter ?? {})
      const exercise = order.exercise === true
      // Whether there is such a group, before anything is answered.
      exportSight(filter, ground.findGroup, exercise)
      const nowMs = clock.now()
      const serial = Math.min(U32_MAX, Math.floor(nowMs / 1000))
      const writer = format.start({ name: order.name ?? format.name, madeMs: nowMs, serial, parameters, ...context() })
      const question = { filter, types: format.types, withdrawn: format.withdrawn, exercise }
      return streamExport({ ground, format, writer, question, order, nowMs })
    },
  }
}

/** What the audit log says of an export. */
export function exportOrderName({ format, filter }: ExportOrder): string {
  const fields = Object.keys(filter ?? {})
  return fields.length === 0 ? `export ${format}` : `export ${format} by ${fields.join(', ')}`
}
