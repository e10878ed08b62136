import { resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { type AgeLock, assertRecipients, encryptStream, RECIPIENTS_MAX } from '../../crypto/age-stream.ts'
import { encodeKemKeys } from '../../crypto/node-key-file.ts'
import { writeBackup } from '../../node/home/backup-file.ts'
import { readHomeFiles } from '../../node/home/backup-home.ts'
import { assertAbsent, fillWhole, readKemKeys } from '../../node/home/home.ts'
import { type NodeHome, readNodeHome } from '../../node/home/own-nation.ts'
import { rowsOf } from '../../node/home/store-commands.ts'
import { openHomeStore } from '../../node/home-export.ts'
import { VERSION } from '../../node/mechanisms/version.ts'
import { STORE_FORMAT } from '../../store/format.ts'
import type { BackupHeader } from '../../wire/gen/backup.ts'
import { openByteProgress } from '../terminal/byte-progress.ts'
import type { CliContext } from '../terminal/context.ts'
import { eitherWay } from '../terminal/own-history.ts'
import { askNewPassphrase, type PassphraseOptions } from '../terminal/passphrase.ts'

export interface BackupOptions extends PassphraseOptions {
  readonly recipient?: readonly string[]
  readonly escrow?: string
  readonly withoutKeys?: boolean
}

/** Everything is looked at before a passphrase is asked for; each file appears whole or not at all. */
export async function runBackup(context: CliContext, file: string | undefined, options: BackupOptions): Promise<void> {
  if (file === undefined && options.escrow === undefined) {
    throw new UserError('usage-invalid', 'neither a file for the backup nor one for an escrow is named', {
      fix: 'Say where to: tocsin backup FILE',
    })
  }
  const home = context.home()
  const nodeHome = await readNodeHome(home, context.environment)
  for (const path of [file, options.escrow]) if (path !== undefined) await assertAbsent(resolve(path))
  const secrets = options.escrow === undefined ? [] : await readKemKeys(home)
  const lock = await lockOf(context, options)
  if (file !== undefined) await backUp(context, nodeHome, resolve(file), options.withoutKeys !== true, lock)
  if (options.escrow === undefined) return
  const escrow = encodeKemKeys(nodeHome.nation, secrets)
  await fillWhole(resolve(options.escrow), async write => {
    for await (const bytes of encryptStream(once(escrow), lock, context.keyFiles)) await write(bytes)
  })
  context.say(
    `${options.escrow} holds ${secrets.length} KEM keys: whoever opens it reads what is sealed to the nation.`,
  )
}

async function lockOf(context: CliContext, options: BackupOptions): Promise<AgeLock> {
  const { recipient = [] } = options
  if (recipient.length === 0) return { passphrase: await askNewPassphrase(context, options) }
  if (recipient.length > RECIPIENTS_MAX || options.passphraseFile !== undefined) {
    throw new UserError('usage-invalid', `a file is for up to ${RECIPIENTS_MAX} recipients, or for a passphrase`, {
      fix: 'Give --recipient or --passphrase-file, not both.',
    })
  }
  assertRecipients(recipient)
  return { recipients: recipient }
}

async function backUp(
  context: CliContext,
  { home, nation, alliance }: NodeHome,
  path: string,
  keys: boolean,
  lock: AgeLock,
): Promise<void> {
  const files = await readHomeFiles(home, { keys })
  const header: BackupHeader = {
    madeMs: Date.now(),
    allianceId: alliance.directory.allianceId,
    nation,
    program: VERSION,
    storeFormat: STORE_FORMAT,
  }
  const rows = await openRows(context)
  using progress = openByteProgress(context, 'writing', undefined)
  let written = 0
  await fillWhole(path, async write => {
    for await (const bytes of encryptStream(writeBackup(header, files, rows), lock, context.keyFiles)) {
      await write(bytes)
      progress.add(bytes.length)
      written += bytes.length
    }
  })
  context.say(`${path} holds this node as of ${new Date(header.madeMs).toISOString()}: ${written} bytes.`)
  if (keys) context.say('Whoever opens it can sign as this node: keep it as you keep its keys.')
}

function openRows(context: CliContext): Promise<AsyncIterable<Uint8Array>> {
  return eitherWay(
    context,
    client => client.exportRows(),
    async () => rowsOfHome(context),
  )
}

async function* rowsOfHome(context: CliContext): AsyncGenerator<Uint8Array, void> {
  await using held = await openHomeStore(context.home(), context.environment)
  await held.record('backed-up', '')
  yield* rowsOf(held.store)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
