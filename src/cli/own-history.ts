import { TocsinError } from '../base/errors.ts'
import type { ExportQuery } from '../node/audit-export.ts'
import { exportFromHome, holdsStore } from '../node/home-export.ts'
import type { CliContext } from './context.ts'

/** The bytes of an export of this node: from its daemon, or from its store where none runs. */
export async function openOwnHistory(context: CliContext, query: ExportQuery): Promise<AsyncIterable<Uint8Array>> {
  try {
    return await context.client().exportHistory(query)
  } catch (error) {
    const isStopped = error instanceof TocsinError && error.code === 'daemon-not-running'
    if (!isStopped || !(await holdsStore(context.home()))) throw error
    return exportFromHome(context.home(), context.environment, query)
  }
}
