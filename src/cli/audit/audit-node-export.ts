import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { assertAbsent } from '../../node/home/home.ts'
import type { CliContext } from '../terminal/context.ts'
import { headerLine, recordLine } from './audit-export-file.ts'
import { type AuditRun, readAudit } from './audit-pages.ts'

export interface AuditExportOptions {
  readonly outputFile: string
  readonly from?: number
}

/** The file appears whole or not at all. */
export async function exportAudit(context: CliContext, { outputFile, from }: AuditExportOptions): Promise<void> {
  await assertAbsent(outputFile)
  const run = await readAudit(context.client(), from, 'export')
  const temporary = `${outputFile}.${process.pid}.tmp`
  let count: number
  try {
    count = await writeExport(temporary, run, from ?? run.head.first)
    await rename(temporary, outputFile)
  } catch (cause) {
    await rm(temporary, { force: true })
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw new UserError('file-unwritable', `${outputFile} cannot be written: ${cause.message}`, { cause })
  }
  context.say(`${count} records written to ${outputFile}; the log ends with the hash ${toHex(run.head.hash)}.`)
}

async function writeExport(path: string, { head, lines }: AuditRun, from: number): Promise<number> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
  await once(file, 'open')
  let count = 0
  file.write(headerLine(head, Math.max(from, head.first)))
  for await (const line of lines) {
    count++
    if (!file.write(recordLine(line))) await once(file, 'drain')
  }
  file.end()
  await finished(file)
  return count
}
