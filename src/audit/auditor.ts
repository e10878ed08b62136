import { ProtocolError } from '../base/errors.ts'
import { type LogIdHex, logIdHex } from '../base/ids.ts'
import type { VerifySignatureAsync } from '../chain/verify-entry.ts'
import type { TrustClaim } from '../registry/trust-claim.ts'
import type { AuditedRun } from './audited-run.ts'
import { concludeAudit, faultFinding } from './conclusion.ts'
import { createDocumentList } from './document-list.ts'
import { readAuditFile } from './file.ts'
import { createFindingBook } from './finding.ts'
import { createGround, type Ground, namedSizes } from './ground.ts'
import { type AlertPart, AUDIT_LOGS_MAX, type AuditPart, type HeaderPart, type LogPart } from './part.ts'
import type { AuditResult } from './result.ts'
import { type AnnouncedRun, announceRun, type OpenRun, openRun } from './run.ts'

export interface AuditorOptions {
  /** What the auditor was told out of band; undefined: nothing, and the result says so. */
  readonly trust: TrustClaim | undefined
  /** Of entries, each checked behind the reading: on the thread pool, or at once. */
  readonly verify: VerifySignatureAsync
}

export interface AuditProgress {
  /** Entries looked at so far. */
  readonly entries: number
  /** As many as the file announces. */
  readonly total: number
}

/** Verifies the parts of one export as they come, in memory that does not grow with the number of entries. */
export interface Auditor {
  /** Takes the next part, as `readAuditFile` gives them; resolves when there is room for another. */
  add(part: AuditPart): Promise<void>
  /** Ends it. `fault`: why nothing more could be read, from `readAuditFile`. */
  end(fault?: ProtocolError): Promise<AuditResult>
  progress(): AuditProgress
}

export interface AuditFileOptions extends AuditorOptions {
  readonly onProgress?: (progress: AuditProgress) => void
}

/** Verifies a whole export, from a file, a store or a browser alike. Throws what `source` throws. */
export async function auditFile(source: AsyncIterable<Uint8Array>, options: AuditFileOptions): Promise<AuditResult> {
  const auditor = createAuditor(options)
  try {
    for await (const { part } of readAuditFile(source, 'audit')) {
      await auditor.add(part)
      options.onProgress?.(auditor.progress())
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return auditor.end(error)
  }
  return auditor.end()
}

/** Of the exporter's notes. */
const ALERTS_MAX = 65_536

export function createAuditor({ trust, verify }: AuditorOptions): Auditor {
  const book = createFindingBook()
  const documents = createDocumentList()
  const alerts: AlertPart[] = []
  const announced: (AnnouncedRun | undefined)[] = []
  const runs: AuditedRun[] = []
  const progress = { entries: 0, total: 0 }
  let header: HeaderPart | undefined
  let ground: Ground | undefined
  let isSettled = false
  let sizes: ReadonlyMap<LogIdHex, ReadonlySet<number>> | undefined
  /** The run whose entries are read; undefined in it where nothing of its log can be verified. */
  let current: { readonly index: number; readonly run: OpenRun | undefined; taken: number } | undefined

  /** All documents are here: from now on there is something to judge by. */
  function settle(): void {
    if (isSettled || header === undefined) return
    isSettled = true
    ground = createGround(documents.all, header, trust, book)
  }

  function headerOf(): HeaderPart {
    if (header === undefined) throw new ProtocolError('audit-file-malformed', 'the file does not begin with its header')
    return header
  }

  function announce(part: LogPart): void {
    if (announced.length >= AUDIT_LOGS_MAX) throw new ProtocolError('wire-too-large', 'the file holds too many logs')
    progress.total += part.size - part.from
    const { allianceId } = headerOf()
    const keyStands = ground?.documents.directory.mayOpenLog ?? (() => true)
    announced.push(announceRun(part, { allianceId, keyStands }, book))
  }

  async function addEntries(index: number, envelopes: readonly Uint8Array[]): Promise<void> {
    if (index >= announced.length || index < (current?.index ?? 0)) {
      throw new ProtocolError('audit-file-malformed', `entries of run ${index} stand where they do not belong`)
    }
    await goOnTo(index)
    if (current !== undefined) current.taken += envelopes.length
    await current?.run?.add(envelopes)
    progress.entries += envelopes.length
  }

  /** Ends the runs before this one; those without entries have their turn too. */
  async function goOnTo(index: number): Promise<void> {
    for (let next = (current?.index ?? -1) + 1; next <= index; next++) {
      await endCurrent()
      const run = announced[next]
      current = { index: next, run: run && begin(run), taken: 0 }
    }
  }

  function begin(run: AnnouncedRun): OpenRun {
    sizes ??= namedSizes(announced, ground)
    return openRun(run, sizes.get(logIdHex(run.log.logId)) ?? new Set(), {
      allianceId: headerOf().allianceId,
      registryVersion: ground?.documents.directory.registry.version ?? Number.POSITIVE_INFINITY,
      verify,
      book,
    })
  }

  async function endCurrent(): Promise<void> {
    const ended = await current?.run?.end()
    if (ended !== undefined) runs.push(ended)
  }

  /** The last entry that was read. */
  function reached(): { readonly log: LogIdHex; readonly seq: number } | undefined {
    const part = current && announced[current.index]?.part
    if (current === undefined || part === undefined || current.taken === 0) return undefined
    return { log: logIdHex(part.logId), seq: part.from + current.taken - 1 }
  }

  return {
    async add(part) {
      if (part.kind === 'header') header = part
      else if (part.kind === 'document') documents.add(part.signedDoc)
      else settle()
      if (part.kind === 'evidence') ground?.evidence.add(part.item)
      else if (part.kind === 'alert' && alerts.length < ALERTS_MAX) alerts.push(part)
      else if (part.kind === 'log') announce(part)
      else if (part.kind === 'entries') await addEntries(part.run, part.envelopes)
      else if (part.kind === 'inclusion') {
        throw new ProtocolError('audit-file-malformed', 'an inclusion path stands in a proof file alone')
      }
    },
    async end(fault) {
      if (fault !== undefined) book.add(faultFinding(fault, reached()))
      settle()
      await goOnTo(announced.length - 1)
      await endCurrent()
      return concludeAudit({ header, ground, documents: documents.all.length, runs, alerts, book })
    },
    progress: () => ({ ...progress }),
  }
}
