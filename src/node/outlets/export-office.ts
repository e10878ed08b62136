import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { toHex } from '../../base/bytes.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import type { ExportContext } from '../../formats/exported.ts'
import { EXPORT_FORMATS } from '../../formats/out/export-formats.ts'
import { groupKey } from '../../policy/audience-name.ts'
import { createOwnPlaces } from '../../policy/own-places.ts'
import type { LiveExport } from '../config/exports-config.ts'
import { otherActiveNations } from '../knowledge/directory-views.ts'
import { parseSyslogTarget } from '../mechanisms/syslog-target.ts'
import type { NodeOptions } from '../node-options.ts'
import type { OutletInputs } from '../outlet-inputs.ts'
import { scoringOf } from '../rules/scoring.ts'
import { type DeskExport, type ExportDesk, startExportDesk } from './export-desk.ts'
import { encodeManifest } from './export-manifest.ts'
import type { ExportGround } from './export-reading.ts'
import { openExportSpool } from './export-spool.ts'
import { createFileTarget, createSpoolTarget } from './export-target.ts'
import { openLiveExport } from './live-export.ts'

export interface ExportOffice {
  readonly desk: ExportDesk
  readonly ground: ExportGround
  readonly context: () => Pick<ExportContext, 'nation' | 'allianceName' | 'allowed'>
}

/** Entries that are committed and not opened yet: a few always are while others publish. */
const BACKLOG_MIN = 1000
const SILENT_MS = 3_600_000

/** The exports of a node: those of config.yaml, and what is asked for on the command line. */
export async function openExportOffice(options: NodeOptions, inputs: OutletInputs): Promise<ExportOffice> {
  const { store, config, clock, logger, allianceId } = options
  const { keys, audit, knowledge, opening, network, release, warnings } = inputs
  const { nation, book } = knowledge
  const signer = audit.keys.counted('sign', createEd25519Signer(keys.inner.signSeed))
  const startedMs = clock.now()
  const ground: ExportGround = {
    store,
    scoring: scoringOf({ release, warnings, clock }),
    findGroup: called => groupKey(opening.groups.find(called)),
    own: createOwnPlaces(config.own),
    blocked: typed => warnings.blockedBy(typed),
  }
  const allowed = allowedOf(config.own)
  const context = () => ({ nation, allianceName: book.directory().registry.name, allowed })

  async function openOne(settings: LiveExport, folder: string): Promise<DeskExport> {
    const { name, path } = settings
    const syslog = parseSyslogTarget(path)
    const own = join(folder, name)
    const spoolPath = join(own, 'spool')
    const shape = EXPORT_FORMATS.get(settings.format)?.shape ?? 'file'
    const mode = Number.parseInt(settings.mode, 8)
    const target =
      syslog === undefined
        ? createFileTarget({ name, path, shape, mode, home: dirname(folder) })
        : createSpoolTarget(spoolPath)
    const muted = () => new Set<string>(release.mutes.list().map(({ nation }) => nation))
    const run = await openLiveExport({ settings, target, ground, store, folder: own, context, muted, clock, logger })
    if (syslog === undefined) return { run, target, spool: undefined }
    const spool = await openExportSpool({
      ...{ name, path: spoolPath, target: syslog, store, clock, logger },
      readCa: async () => (settings.caFile === undefined ? undefined : readFile(settings.caFile, 'utf8')),
      source: { hostname: hostname(), pid: process.pid },
    })
    return { run, target, spool }
  }

  function behind(): readonly string[] {
    const lacks: string[] = []
    if (store.state === 'failed') lacks.push('the store has failed, and takes nothing in')
    const backlog = opening.projector.backlog()
    if (backlog >= BACKLOG_MIN) lacks.push(`${backlog} entries are not opened yet`)
    const silentMs = clock.now() - Math.max(startedMs, lastSyncMs())
    const isAlone = otherActiveNations(book.directory(), nation).length === 0
    if (!isAlone && network.sync.connected() === 0 && silentMs >= SILENT_MS) {
      lacks.push(`no other node has been reached for ${Math.floor(silentMs / 60_000)} minutes`)
    }
    return lacks
  }

  function lastSyncMs(): number {
    return Math.max(0, ...network.host.peers().map(({ peer }) => network.sync.peer(peer)?.lastMs ?? 0))
  }

  const folder = options.exportsFolder
  const exports: DeskExport[] = []
  for (const settings of folder === undefined ? [] : config.exports) exports.push(await openOne(settings, folder!))
  const who = { alliance: toHex(allianceId), nation, node: toHex(signer.publicKey) }
  const viewStale = () => store.viewStale
  const desk = startExportDesk({
    exports,
    viewStale,
    behind,
    sign: said => encodeManifest({ ...who, ...said }, signer),
    clock,
    logger,
  })
  return { desk, ground, context }
}

function allowedOf({ networks, domains }: NodeOptions['config']['own']): ExportContext['allowed'] {
  const typeOf = (range: string) => (range.includes('/') ? 'cidr' : range.includes(':') ? 'ipv6' : 'ipv4')
  return [
    ...networks.map(value => ({ type: typeOf(value), value })),
    ...domains.map(value => ({ type: 'domain', value })),
  ]
}
