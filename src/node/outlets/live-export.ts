import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import canonicalize from 'canonicalize'
import { toHex, utf8 } from '../../base/bytes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { ExportContext } from '../../formats/exported.ts'
import { EXPORT_FORMATS } from '../../formats/out/export-formats.ts'
import { type BreakerVerdict, isSameVerdict, judgeChange, LETS_PASS } from '../../policy/export-breaker.ts'
import type { Store } from '../../store/store.ts'
import type { LiveExport } from '../config/exports-config.ts'
import { exists } from '../home/home.ts'
import { createTurns } from '../mechanisms/turns.ts'
import {
  admit,
  admittedWithin,
  type ExportState,
  type HeldExport,
  nextSerial,
  readExportState,
  writeExportState,
} from '../orders/export-state.ts'
import { LEAVING, type Leaving, type TallyCounts } from '../orders/export-tally.ts'
import { readListing } from './export-listing.ts'
import { runPass } from './export-pass.ts'
import { type ExportGround, readCandidates } from './export-reading.ts'
import { openStaged, type StagedFileWriter } from './export-stage.ts'
import type { ExportTarget } from './export-target.ts'

export interface LiveExportOptions {
  readonly settings: LiveExport
  readonly target: ExportTarget
  readonly ground: ExportGround
  readonly store: Pick<Store, 'note' | 'commit' | 'recall' | 'viewStale'>
  /** Of its own, for what it held. */
  readonly folder: string
  readonly context: () => Pick<ExportContext, 'nation' | 'allianceName' | 'allowed'>
  readonly muted: () => ReadonlySet<string>
  readonly clock: Clock
  readonly logger: Logger
}

/** One export that follows the view. */
export interface LiveExportRun {
  readonly settings: LiveExport
  state(): ExportState
  /**
   * Writes it anew, or as much of it as the breaker lets go. Returns when time alone changes it again, 0 for never.
   * Throws where that cannot be done; the version before stands.
   */
  cycle(signal: AbortSignal): Promise<number>
  /** What is held may go with the next cycle. */
  release(held: string | undefined): Promise<void>
  /** What the nation says is not new in the next cycle. */
  pardon(nation: string): Promise<void>
}

const DAY_MS = 86_400_000
/** What is to be held is known after a pass; a view that changes meanwhile is looked at once more. */
const PASSES_MAX = 4
const FILE_MODE = 0o600

export async function openLiveExport(options: LiveExportOptions): Promise<LiveExportRun> {
  const { settings, target, ground, store, folder, clock, logger } = options
  const { name } = settings
  const format = EXPORT_FORMATS.get(settings.format)
  if (format === undefined) throw new TypeError(`no export format ${settings.format}`)
  const at = (file: string) => join(folder, file)
  const written = settingsHash(settings)
  const inTurn = createTurns()
  const alone = createTurns()
  let state = await readExportState(store, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })

  const save = (changesOf: (state: ExportState) => Partial<ExportState>) =>
    inTurn(async () => {
      const next = { ...state, ...changesOf(state) }
      await writeExportState(store, name, next)
      state = next
    })

  let isListed = false
  /** An operator's change of the settings is to change the export. */
  const before = () => (state.settings === written && isListed ? state.entries : undefined)

  function judge({ added, removed, withdrawn }: TallyCounts, nowMs: number): BreakerVerdict {
    const change = { before: before(), added, removed: counted(removed), withdrawn }
    return judgeChange(change, settings.breaker, admittedWithin(state, nowMs, settings.breaker.hours))
  }

  async function cycle(signal: AbortSignal): Promise<number> {
    await target.assertFree(state.madeMs > 0)
    isListed = await exists(at('listing'))
    const { pardoned } = state
    // What shows again shows when the view is computed anew.
    const isWhole = !store.viewStale
    let verdict: BreakerVerdict = state.held === null ? LETS_PASS : { ...state.held }
    for (let pass = 1; ; pass++) {
      const nowMs = clock.now()
      const serial = nextSerial(state, nowMs)
      await save(() => ({ serial }))
      const { counts, listing, held, stage } = await write(serial, nowMs, verdict, signal)
      try {
        const next = judge(counts, nowMs)
        if (!isSameVerdict(verdict, next) && pass < PASSES_MAX) {
          verdict = next
          continue
        }
        const waits = await holdIfAny({ ...next, ...(pass === PASSES_MAX && { holdsAll: true }) }, counts, held, nowMs)
        if (waits?.holdsAll === true) {
          await save(() => ({ held: waits, left: counts.left, own: ownOf(counts) }))
          return counts.changesMs
        }
        await listing.end()
        // First what it holds, then the export: what is said of removals is said for days.
        await rename(at('listing.tmp'), at('listing'))
        const files = await stage.publish()
        const change = { added: admittedOf(counts), removed: counted(counts.removed), withdrawn: counts.withdrawn }
        await save(state => ({
          madeMs: nowMs,
          settings: written,
          entries: counts.entries,
          files,
          left: counts.left,
          own: ownOf(counts),
          window: before() === undefined ? [] : admit(state, nowMs, settings.breaker.hours, change),
          held: waits,
          pardoned: state.pardoned.filter(nation => !isWhole || !pardoned.includes(nation)),
        }))
        await rm(at('approved'), { force: true })
        logger.debug({ export: name, entries: counts.entries, serial }, 'an export was written')
        return counts.changesMs
      } finally {
        await stage.discard()
        await listing.close()
        await held.close()
      }
    }
  }

  async function write(serial: number, nowMs: number, verdict: BreakerVerdict, signal: AbortSignal) {
    const stage = await target.stage(serial)
    const listing = await scratch('listing.tmp')
    const held = await scratch('held.tmp')
    const writer = format!.start({ name, madeMs: nowMs, serial, parameters: settings.parameters, ...options.context() })
    try {
      const counts = await runPass({
        format: target.changesOnly ? { removals: true, withdrawn: false } : format!,
        writer,
        candidates: readCandidates(
          ground,
          {
            filter: settings.filter,
            types: format!.types,
            withdrawn: format!.withdrawn && !target.changesOnly,
            exercise: false,
          },
          signal,
        ),
        before: readListing(at('listing')),
        approved: readListing(at('approved')),
        verdict,
        muted: options.muted(),
        pardoned: new Set(state.pardoned),
        store,
        nowMs,
        removalsMs: target.changesOnly ? 1 : settings.removalsDays * DAY_MS,
        changesOnly: target.changesOnly,
        tellsWithdrawn: false,
        output: { emit: stage.write, list: listing.write, hold: held.write },
      })
      return { counts, listing, held, stage }
    } catch (error) {
      await stage.discard()
      await listing.close()
      await held.close()
      throw error
    }
  }

  async function scratch(file: string): Promise<StagedFileWriter> {
    await rm(at(file), { force: true })
    return openStaged(at(file), FILE_MODE)
  }

  async function holdIfAny(
    verdict: BreakerVerdict,
    counts: TallyCounts,
    file: StagedFileWriter,
    nowMs: number,
  ): Promise<HeldExport | null> {
    const { sha256: id } = await file.end()
    if (counts.held.size === 0 && !verdict.holdsAll) return null
    await rename(at('held.tmp'), at('held'))
    return heldOf(verdict, counts, id.slice(0, HELD_ID_DIGITS), state.held?.sinceMs ?? nowMs)
  }

  async function release(id: string | undefined): Promise<void> {
    if (state.held === null) {
      throw new UserError('export-held-other', `nothing of the export ${name} is held`, {
        fix: 'See "tocsin export status".',
      })
    }
    if (id !== undefined && id !== state.held.id) {
      throw new UserError('export-held-other', `what is held of ${name} is ${state.held.id} by now`, {
        fix: 'Look at it with "tocsin export status", and name that.',
      })
    }
    // Released already, and not written yet, where it is not there.
    if (await exists(at('held'))) await rename(at('held'), at('approved'))
  }

  return {
    settings,
    state: () => state,
    cycle: signal => alone(() => cycle(signal)),
    release: held => alone(() => release(held)),
    pardon: nation => save(({ pardoned }) => ({ pardoned: [...new Set([...pardoned, nation])] })),
  }
}

const HELD_ID_DIGITS = 12

/** Why an export could not be written, for people. */
export function exportFault(error: unknown): { readonly code: string; readonly message: string; readonly fix: string } {
  if (error instanceof TocsinError) return { code: error.code, message: error.message, fix: error.fix ?? '' }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message, fix: 'This is a fault of Tocsin: the log of the daemon has where it is.' }
}

/** What time, the operator and its authors take out leaves at once. */
function counted(removed: ReadonlyMap<Leaving, number>): number {
  return (['filter', 'gone'] as const).reduce((sum, cause) => sum + (removed.get(cause) ?? 0), 0)
}

function admittedOf({ added, held }: TallyCounts): ReadonlyMap<string, number> {
  const gone = [...added].map(([nations, count]) => [nations, count - (held.get(nations) ?? 0)] as const)
  return new Map(gone.filter(([, count]) => count > 0))
}

function ownOf({ own }: TallyCounts): ExportState['own'] {
  return [...own].map(([nation, each]) => ({ nation, ...each }))
}

function heldOf(verdict: BreakerVerdict, counts: TallyCounts, id: string, sinceMs: number): HeldExport {
  const { reasons, heldNations, holdsGrowth, holdsAll } = verdict
  return {
    ...{ sinceMs, id, reasons, heldNations, holdsGrowth, holdsAll },
    added: [...counts.held]
      .map(([nations, count]) => ({ nations, count }))
      .sort((a, b) => b.count - a.count)
      .slice(0, SHOWN_MAX),
    types: [...counts.heldTypes].map(([type, count]) => ({ type, count })),
    addedSamples: counts.heldSamples,
    removed: holdsAll ? [...counts.removed].map(([cause, count]) => ({ why: LEAVING[cause], count })) : [],
    removedSamples: holdsAll ? counts.removedSamples : [],
  }
}

const SHOWN_MAX = 64

function settingsHash({ format, filter, parameters }: LiveExport): string {
  return toHex(sha256(utf8(canonicalize(JSON.parse(JSON.stringify({ format, filter, parameters }))) ?? ''))).slice(
    0,
    16,
  )
}
