import { stat } from 'node:fs/promises'
import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { installNative } from '../../crypto/native.ts'
import { parseKemKeys } from '../../crypto/node-key-file.ts'
import { readBackup } from '../../node/home/backup-file.ts'
import { type BackupContent, restoreHome, verifyBackup } from '../../node/home/restore.ts'
import { type AgeFileOptions, openAgeFile } from '../terminal/age-file.ts'
import { openByteProgress } from '../terminal/byte-progress.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, type Shape } from '../terminal/output.ts'

export interface RestoreOptions extends AgeFileOptions {
  readonly verify?: boolean
  readonly escrow?: string
  readonly output: OutputFormat
}

const ESCROW_BYTES_MAX = 1024 * 1024

const CONTENT: Shape<BackupContent> = {
  columns: [
    { name: 'nation', cell: ({ header }) => header.nation },
    { name: 'made', cell: ({ header }) => new Date(header.madeMs).toISOString() },
    { name: 'alliance', cell: ({ header }) => toHex(header.allianceId) },
    { name: 'program', cell: ({ header }) => header.program },
    { name: 'store_format', cell: ({ header }) => header.storeFormat },
    { name: 'files', cell: ({ files }) => files.join(' ') },
    { name: 'node_keys', cell: ({ holdsKeys }) => (holdsKeys ? 'yes' : 'no') },
    { name: 'logs', cell: ({ store }) => store.logs },
    { name: 'entries', cell: ({ store }) => store.entries },
    { name: 'items', cell: ({ store }) => store.items },
    { name: 'documents', cell: ({ store }) => store.documents },
    { name: 'evidence', cell: ({ store }) => store.evidence },
    { name: 'audit_records', cell: ({ store }) => store.audit },
    { name: 'lost', cell: ({ store }) => store.lost },
  ],
}

export async function runRestore(context: CliContext, file: string, options: RestoreOptions): Promise<void> {
  installNative()
  const home = context.home()
  const escrow = options.escrow === undefined ? undefined : await readEscrow(context, options.escrow, options)
  using progress = openByteProgress(context, 'reading', await sizeOf(file))
  const backup = readBackup(await openAgeFile(context, file, options, bytes => progress.add(bytes)))
  const content =
    options.verify === true
      ? await verifyBackup(home, backup)
      : await restoreHome({ home, backup, escrow, nowMs: Date.now() })
  await printRecord(context.out, options.output, content, CONTENT)
  sayFaults(context, content)
  if (options.verify === true) {
    context.say('The backup is whole: every hash fits, and every record was opened.')
    return
  }
  context.say(`${home.path} is the home of ${content.header.nation} now. Start it with "tocsin start".`)
  context.say('It opens a new log once enough other nations have answered; the one that it had is never signed again.')
  if (escrow === undefined) {
    context.say('It has no KEM keys yet, and opens nothing new: tocsin nation kem-import FILE')
  }
  if (!content.holdsKeys) {
    context.say('The backup holds no keys of the node: bring keys/node.keys back before it is started.')
  }
}

/** A damaged store was backed up. */
function sayFaults(context: CliContext, { store }: BackupContent): void {
  for (const { harm, record, sentence } of store.faults) if (harm === 'lost') context.say(`${record}: ${sentence}.`)
  if (store.lost === 0) return
  context.say(`${store.lost} records were lost before the backup was made; peers give entries again.`)
  context.setExitStatus(EXIT_NO)
}

async function readEscrow(context: CliContext, path: string, options: RestoreOptions): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of await openAgeFile(context, path, options)) {
    bytes += piece.length
    if (bytes > ESCROW_BYTES_MAX) {
      throw notEscrow(path, `it has more than ${ESCROW_BYTES_MAX} bytes`)
    }
    pieces.push(piece)
  }
  const escrow = new Uint8Array(Buffer.concat(pieces))
  try {
    parseKemKeys(escrow)
  } catch (cause) {
    throw notEscrow(path, 'it is something else', cause)
  }
  return escrow
}

function notEscrow(path: string, reason: string, cause?: unknown): UserError {
  return new UserError('key-file-malformed', `${path} is no escrow of KEM keys: ${reason}`, {
    fix: 'Give the file that "tocsin backup --escrow FILE" wrote, as it was written.',
    cause,
  })
}

/** Undefined where there is no such file: opening it says so. */
async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  )
}
