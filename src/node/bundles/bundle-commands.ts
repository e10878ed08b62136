import { open } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { AGENT } from '../mechanisms/version.ts'
import { createSyncSource } from '../network/sync-source.ts'
import { type BundleExporter, type BundleQuery, openBundleExport } from './bundle-export.ts'
import { readBundleFile } from './bundle-file.ts'
import { type BundleImporter, importBundle, previewBundle } from './bundle-import.ts'
import type { BundleReport } from './bundle-report.ts'
import { encodeBundleRequest, parseBundleRequest } from './bundle-request.ts'

/** What goes between nodes that no network joins (R-5.8). */
export interface BundleCommands {
  /** What this node holds, for another to leave that out. */
  requestBundle(): Uint8Array
  /** The bytes of a bundle. Throws UserError `registry-not-member` or `bundle-*`. */
  exportBundle(order: BundleOrder): Promise<AsyncGenerator<Uint8Array, void>>
  /**
   * Takes in the bundle that lies at `path`; with `dryRun` it only says what that would bring. Throws ProtocolError where
   * the file is cut, altered or none, before anything of it counts.
   */
  importBundle(path: string, dryRun: boolean): Promise<BundleReport>
}

export interface BundleOrder {
  readonly nation?: NationId
  readonly sinceMs?: number
  /** The bytes of what `requestBundle` gave at the other node. */
  readonly request?: Uint8Array
}

type BundleNode = Omit<BundleExporter & BundleImporter, 'source'>

export function createBundleCommands(node: BundleNode): BundleCommands {
  const source = createSyncSource({ ...node, agent: AGENT })
  return {
    requestBundle: () => encodeBundleRequest(source),
    async exportBundle({ request, ...rest }) {
      const query: BundleQuery = { ...rest, ...(request && { request: parseBundleRequest(request) }) }
      return openBundleExport({ ...node, source }, query)
    },
    async importBundle(path, dryRun) {
      await using handle = await openFile(path)
      const file = await readBundleFile(handle)
      return dryRun ? previewBundle({ ...node, source }, file) : await importBundle({ ...node, source }, file)
    },
  }
}

/** As the audit log names it: never more than what was asked for. */
export function bundleName({ nation, sinceMs, request }: BundleOrder): string {
  const whom = nation === undefined ? '' : ` for ${nation}`
  if (request !== undefined) return `bundle${whom}, as requested`
  return `bundle${whom}${sinceMs === undefined ? '' : ` since ${new Date(sinceMs).toISOString()}`}`
}

async function openFile(path: string) {
  try {
    return await open(path)
  } catch (cause) {
    throw new UserError(
      'file-unreadable',
      `${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    )
  }
}
