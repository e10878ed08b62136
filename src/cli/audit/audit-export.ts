import { resolve } from 'node:path'
import { readAuditFile } from '../../audit/file.ts'
import type { AuditPart, EndPart } from '../../audit/part.ts'
import type { ExportQuery } from '../../node/audit/audit-export.ts'
import { assertAbsent, fillWhole } from '../../node/home/home.ts'
import { countOf } from '../../registry/phrase.ts'
import type { CliContext } from '../terminal/context.ts'
import { openOwnHistory } from '../terminal/own-history.ts'
import { openAuditProgress } from './audit-progress.ts'

export interface AuditExportOptions {
  readonly outputFile: string
  readonly log?: readonly string[]
  /** Milliseconds since the epoch, or a seq. */
  readonly since?: Since
  /** False with `--without-bodies`. */
  readonly bodies: boolean
  readonly force?: boolean
}

export type Since = { readonly sinceMs: number } | { readonly sinceSeq: number }

/** What arrives is checked for being whole while it is written; nothing is left of what is not. */
export async function exportHistory(context: CliContext, options: AuditExportOptions): Promise<void> {
  const path = resolve(options.outputFile)
  const replace = options.force === true
  if (!replace) await assertAbsent(path)
  const source = await openOwnHistory(context, queryOf(options, 'export'))
  using progress = openAuditProgress(context, 'exporting')
  let end: EndPart | undefined
  const see = (part: AuditPart) => {
    progress.see(part)
    if (part.kind === 'end') end = part
  }
  await fillWhole(
    path,
    async write => {
      const copied = copyTo(source, write)
      for await (const { part } of readAuditFile(copied, 'audit')) see(part)
    },
    { replace },
  )
  const { entries = 0, logs = 0 } = end ?? {}
  context.say(`${countOf(entries, 'entry', 'entries')} of ${countOf(logs, 'log')} written to ${options.outputFile}.`)
}

export function queryOf({ log, since, bodies }: Omit<AuditExportOptions, 'outputFile'>, purpose: 'export' | 'verify') {
  return { logs: log ?? [], ...since, withBodies: bodies, purpose } satisfies ExportQuery
}

async function* copyTo(source: AsyncIterable<Uint8Array>, write: (bytes: Uint8Array) => Promise<void>) {
  for await (const bytes of source) {
    await write(bytes)
    yield bytes
  }
}
