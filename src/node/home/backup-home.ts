import { UserError } from '../../base/errors.ts'
import type { BackupFile } from '../../wire/gen/backup.ts'
import { ALLIANCE_FILE_BYTES_MAX } from './alliance-file.ts'
import { exists, type Home, readCapped, readSecret, writeWhole } from './home.ts'

/**
 * The files of a home that a backup holds. KEM secrets are in none: they have an escrow of their own. Root,
 * governor and operator keys are files under a passphrase that live offline, each with copies of its own.
 */

export const NODE_KEYS = 'keys/node.keys'

interface Kept {
  readonly name: string
  readonly path: (home: Home) => string
  /** A secret of the node. */
  readonly isKey?: true
}

/** As much as the file of an alliance may have. */
const FILE_BYTES_MAX = ALLIANCE_FILE_BYTES_MAX

const KEPT: readonly Kept[] = [
  { name: 'config.yaml', path: home => home.config },
  { name: 'nation.json', path: home => home.nation },
  { name: 'alliance.tocsin', path: home => home.alliance },
  { name: 'trust', path: home => home.trust },
  { name: 'policy.yaml', path: home => home.policy },
  { name: 'operators.yaml', path: home => home.operators },
  { name: NODE_KEYS, path: home => home.nodeKeys, isKey: true },
  { name: 'keys/node-next.keys', path: home => home.nextNodeKeys, isKey: true },
]

/** `keys`: with those of the node, so that what is restored can sign in its name. */
export async function readHomeFiles(home: Home, { keys }: { readonly keys: boolean }): Promise<BackupFile[]> {
  const files: BackupFile[] = []
  for (const { name, path, isKey } of KEPT) {
    if ((isKey === true && !keys) || !(await exists(path(home)))) continue
    const content =
      isKey === true ? await readSecret(path(home)) : new Uint8Array(await readCapped(path(home), FILE_BYTES_MAX))
    files.push({ name, content })
  }
  return files
}

/** Writes the files of a backup into a home. Throws UserError `backup-malformed` where one is none of these. */
export async function writeHomeFiles(home: Home, files: readonly BackupFile[]): Promise<void> {
  for (const { name, content } of files) await writeWhole(pathOf(home, name), content)
}

/** Throws UserError `backup-malformed` where it is no file of a home, or longer than one may be. */
export function assertHomeFile(home: Home, name: string, bytes: number): void {
  pathOf(home, name)
  if (bytes <= FILE_BYTES_MAX) return
  throw new UserError('backup-malformed', `the backup holds ${name} with more than ${FILE_BYTES_MAX} bytes`, {
    fix: 'Give a file that "tocsin backup" wrote, as it was written.',
  })
}

export function holdsNodeKeys(files: readonly BackupFile[]): boolean {
  return files.some(({ name }) => name === NODE_KEYS)
}

function pathOf(home: Home, name: string): string {
  const kept = KEPT.find(each => each.name === name)
  if (kept !== undefined) return kept.path(home)
  throw new UserError('backup-malformed', `the backup holds a file that is not known here: ${name.slice(0, 80)}`, {
    fix: 'Restore it with the version of Tocsin that made it, or a newer one.',
  })
}
