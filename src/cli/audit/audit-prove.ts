import { resolve } from 'node:path'
import { checkProof } from '../../audit/proof-check.ts'
import { parseProofFile } from '../../audit/proof-file.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import type { CliContext } from '../terminal/context.ts'
import { findEntry } from '../terminal/entry-place.ts'
import { proveOwnEntry } from '../terminal/own-history.ts'

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
  await sayMissing(context, bytes)
}

/** What `audit check` will miss, for as long as the alliance has not witnessed the entry. */
async function sayMissing(context: CliContext, bytes: Uint8Array): Promise<void> {
  const { findings } = checkProof(await parseProofFile(bytes), undefined)
  const missing = findings.filter(({ code }) => code === 'audit-quorum-missing')
  for (const { sentence } of missing) context.say(`It decides no more than is here now. ${sentence}`)
  if (missing.length > 0) context.say('Prove it again once "tocsin entry show" says that a quorum holds it.')
}
