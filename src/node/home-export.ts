import { join } from 'node:path'
import { silentLogger } from '../base/ports.ts'
import type { AuditKind } from '../policy/audit-record.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { exportName, proofName } from './audit/audit-commands.ts'
import { type ExportQuery, type ExportSource, openExport } from './audit/audit-export.ts'
import { createAuditLog } from './audit/audit-log.ts'
import { type ProveQuery, proveEntry } from './audit/audit-prove.ts'
import { exists, type Home } from './home/home.ts'
import { readNodeHome } from './home/own-nation.ts'
import { systemRandom } from './mechanisms/random-system.ts'

const clock = { now: () => Date.now() }

/** Whether a node has ever kept anything in this home. */
export function holdsStore({ data }: Home): Promise<boolean> {
  return exists(join(data, 'CURRENT'))
}

export interface HomeStore extends AsyncDisposable, Pick<ExportSource, 'allianceId' | 'nation'> {
  readonly store: Store
  /** Notes in the audit log of the node who looks at it, before they do. */
  record(kind: AuditKind, name: string): Promise<void>
}

/** The store of a home in which no daemon runs. Throws as `readNodeHome` and `openStore` do. Dispose of it. */
export async function openHomeStore(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HomeStore> {
  const { nation, alliance } = await readNodeHome(home, environment)
  const store = await openStore(home.data)
  const log = createAuditLog({ store, clock, random: systemRandom, logger: silentLogger })
  return {
    store,
    nation,
    allianceId: alliance.directory.allianceId,
    record: (kind, name) => log.record({ kind, by: 'local', name }),
    async [Symbol.asyncDispose]() {
      await log.settled()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** As the daemon proves it. */
export async function proveFromHome(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
  query: ProveQuery,
): Promise<Uint8Array> {
  await using held = await openHomeStore(home, environment)
  await held.record('exported', proofName(query))
  return await proveEntry({ ...held, clock }, query)
}

/** As the daemon exports it. */
export async function* exportFromHome(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
  query: ExportQuery,
): AsyncGenerator<Uint8Array, void> {
  await using held = await openHomeStore(home, environment)
  const stream = openExport({ ...held, alerts: () => [], clock }, query)
  await held.record(query.purpose === 'export' ? 'exported' : 'read', exportName(query))
  yield* stream
}
