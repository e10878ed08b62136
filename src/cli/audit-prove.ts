import { resolve } from 'node:path'
import { assertAbsent, writeWhole } from '../node/home.ts'
import type { CliContext } from './context.ts'
import { findEntry } from './entry-place.ts'
import { proveOwnEntry } from './own-history.ts'

export interface AuditProveOptions {
  readonly outputFile?: string
  /** False with `--without-body`. */
  readonly body: boolean
  readonly force?: boolean
}

const LOG_DIGITS = 16

export async function proveToFile(context: CliContext, entry: string, options: AuditProveOptions): Promise<void> {
  const place = await findEntry(context, entry)
  const file = options.outputFile ?? `${place.log.slice(0, LOG_DIGITS)}-${place.seq}.tocsin-proof`
  const path = resolve(file)
  const replace = options.force === true
  if (!replace) await assertAbsent(path)
  const bytes = await proveOwnEntry(context, { ...place, withBody: options.body })
  await writeWhole(path, bytes, { replace })
  context.say(`${bytes.length} bytes written to ${file}. Whoever has it and the fingerprint of the alliance runs:`)
  context.say(`  tocsin audit check ${file} --trust FINGERPRINT`)
}
