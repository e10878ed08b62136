import { TocsinError } from '../../base/errors.ts'
import type { ExportQuery } from '../../node/audit/audit-export.ts'
import type { ProveQuery } from '../../node/audit/audit-prove.ts'
import { exportFromHome, holdsStore, proveFromHome } from '../../node/home-export.ts'
import type { ControlClient } from './client.ts'
import type { CliContext } from './context.ts'

/** What this node holds of the signed history: from its daemon, or from its store where none runs. */

/** The bytes of an export. */
export function openOwnHistory(context: CliContext, query: ExportQuery): Promise<AsyncIterable<Uint8Array>> {
  return eitherWay(
    context,
    client => client.exportHistory(query),
    async () => exportFromHome(context.home(), context.environment, query),
  )
}

/** The bytes of a proof of one entry. */
export function proveOwnEntry(context: CliContext, query: ProveQuery): Promise<Uint8Array> {
  return eitherWay(
    context,
    client => client.proveEntry(query),
    () => proveFromHome(context.home(), context.environment, query),
  )
}

/** Of the daemon where one runs, else of the store in the home. */
export async function eitherWay<T>(
  context: CliContext,
  ask: (client: ControlClient) => Promise<T>,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await ask(context.client())
  } catch (error) {
    const isStopped = error instanceof TocsinError && error.code === 'daemon-not-running'
    if (isStopped && (await holdsStore(context.home()))) return read()
    throw error
  }
}
