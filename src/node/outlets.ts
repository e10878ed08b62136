import type { NodeOptions } from './node-options.ts'
import type { OutletInputs } from './outlet-inputs.ts'
import { openExportOffice } from './outlets/export-office.ts'
import { startWebhooks } from './outlets/webhooks.ts'
import { startChangeKeeper } from './reading/change-keeper.ts'

export type Outlets = Awaited<ReturnType<typeof composeOutlets>>

/** What follows the view and brings it to the tools of the nation. */
export async function composeOutlets(options: NodeOptions, inputs: OutletInputs, parts: AsyncDisposableStack) {
  const exports = await openExportOffice(options, inputs)
  parts.defer(() => exports.desk.stop())
  parts.defer(options.store.onChange(exports.desk.viewChanged))
  const changes = startChangeKeeper(options.store, options.logger)
  parts.defer(() => changes.stop())
  const webhooks = startWebhooks(options, inputs)
  parts.defer(() => webhooks.stop())
  return {
    exports,
    webhooks,
    /** The view may have changed. */
    viewChanged: exports.desk.viewChanged,
    /** Somebody here decided what is to be seen: what leaves follows at once. */
    decided: exports.desk.urgent,
  }
}
