import { constants } from 'node:fs'
import { access, chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import {
  assertSecretMode,
  encodeKemKeys,
  type KemSecret,
  type NodeKeys,
  parseKemKeys,
  parseNodeKeys,
} from '../../crypto/node-key-file.ts'
import { CONFIG_BYTES_MAX, type Config, parseConfig } from '../config/config.ts'
import { fileFault, isMissing } from '../mechanisms/file-fault.ts'

/** Where everything of a node is. */
export interface Home {
  readonly path: string
  readonly config: string
  readonly keys: string
  readonly nodeKeys: string
  /** Keys that are to replace those of the node. */
  readonly nextNodeKeys: string
  readonly kemKeys: string
  readonly rootKey: string
  readonly governorKey: string
  readonly recoveryKey: string
  /** What the nation tells others of itself: label and public keys, written by `tocsin nation create`. */
  readonly nation: string
  /** The alliance file in force here: the daemon takes its documents in at each start. */
  readonly alliance: string
  /** The trust string that the operator confirmed, one line. */
  readonly trust: string
  /** What may leave the nation, and who decides beside it. */
  readonly policy: string
  readonly operators: string
  readonly data: string
  /** What live exports held, which can be made anew. */
  readonly exports: string
  /** What of the feeds was refused. */
  readonly feeds: string
  readonly socket: string
  readonly pid: string
}

export const KEY_FILE_BYTES_MAX = 1024 * 1024

/** `--home`, else `TOCSIN_HOME`, else `~/.tocsin`. */
export function homeAt(path: string | undefined, environment: Readonly<Record<string, string | undefined>>): Home {
  const root = resolve(path ?? environment.TOCSIN_HOME ?? join(homedir(), '.tocsin'))
  const keys = join(root, 'keys')
  return {
    path: root,
    config: join(root, 'config.yaml'),
    keys,
    nodeKeys: join(keys, 'node.keys'),
    nextNodeKeys: join(keys, 'node-next.keys'),
    kemKeys: join(keys, 'kem.keys'),
    rootKey: join(keys, 'root.age'),
    governorKey: join(keys, 'governor.age'),
    recoveryKey: join(keys, 'governor-recovery.age'),
    nation: join(root, 'nation.json'),
    alliance: join(root, 'alliance.tocsin'),
    trust: join(root, 'trust'),
    policy: join(root, 'policy.yaml'),
    operators: join(root, 'operators.yaml'),
    data: join(root, 'data'),
    exports: join(root, 'exports'),
    feeds: join(root, 'feeds'),
    socket: join(root, 'control.sock'),
    pid: join(root, 'tocsin.pid'),
  }
}

/** Where an operator's key is, unless it is named. */
export function operatorKeyPath({ keys }: Home, name: string): string {
  return join(keys, `operator-${name}.age`)
}

export async function readConfig(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Config> {
  const text = await readCapped(home.config, CONFIG_BYTES_MAX).catch(error => {
    if (isMissing(error)) {
      throw new UserError('home-missing', `${home.path} holds no Tocsin node`, {
        fix: 'Run "tocsin nation create" first, or name the home with --home DIR or TOCSIN_HOME.',
      })
    }
    throw error
  })
  return parseConfig(text.toString('utf8'), environment)
}

export async function readNodeKeys(home: Home): Promise<NodeKeys> {
  return parseNodeKeys(await readSecret(home.nodeKeys))
}

/** Undefined where none wait. */
export async function readNextNodeKeys(home: Home): Promise<NodeKeys | undefined> {
  return (await exists(home.nextNodeKeys)) ? parseNodeKeys(await readSecret(home.nextNodeKeys)) : undefined
}

/** In one step, so that there are always keys of the node. Done already where none wait. */
export async function adoptNextNodeKeys(home: Home): Promise<void> {
  if (await exists(home.nextNodeKeys)) await rename(home.nextNodeKeys, home.nodeKeys)
}

export async function readKemKeys(home: Home): Promise<readonly KemSecret[]> {
  if (await exists(home.kemKeys)) return parseKemKeys(await readSecret(home.kemKeys)).keys
  throw new UserError('key-file-unreadable', `${home.kemKeys} is missing: without KEM keys nothing can be read`, {
    fix: 'A further node takes them over with "tocsin nation kem-import FILE"; else restore it from its escrow.',
  })
}

/** Reads a secret file; refuses one that others may read. Throws UserError `key-file-unreadable` or `key-file-permissions`. */
export async function readSecret(path: string): Promise<Uint8Array> {
  try {
    assertSecretMode((await stat(path)).mode, path)
    return new Uint8Array(await readCapped(path, KEY_FILE_BYTES_MAX))
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('key-file-unreadable', `the key file ${path} cannot be read: ${fileFault(cause)}`, {
      fix: 'Restore it from its backup, or let the user that runs the daemon own it with mode 0600.',
      cause,
    })
  }
}

/**
 * Writes a file that appears whole or not at all; 0600 unless said. Refuses to overwrite unless told to.
 * Throws UserError `file-exists` or `file-unwritable`.
 */
export function writeWhole(path: string, bytes: Uint8Array | string, options: WriteOptions = {}): Promise<void> {
  return fillWhole(path, write => write(bytes), options)
}

interface WriteOptions {
  readonly mode?: number
  readonly replace?: boolean
}

type Write = (bytes: Uint8Array | string) => Promise<void>

/** As `writeWhole`, for what is too long to hold: with all that `fill` writes, or not at all where that throws. */
export async function fillWhole(path: string, fill: (write: Write) => Promise<void>, options: WriteOptions = {}) {
  if (options.replace !== true) await assertAbsent(path)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeBeside(path, fill, options.mode ?? 0o600)
  } catch (cause) {
    if (cause instanceof TocsinError) throw cause
    throw new UserError('file-unwritable', `${path} cannot be written: ${fileFault(cause)}`, {
      fix: 'Check that its folder exists, is yours, is not read-only, and has room; then run this again.',
      cause,
    })
  }
}

async function writeBeside(path: string, fill: (write: Write) => Promise<void>, mode: number): Promise<void> {
  await removeLeftovers(path)
  const temporary = `${path}.${process.pid}.tmp`
  await using file = await open(temporary, 'wx', mode)
  try {
    // Whatever the process masks.
    await file.chmod(mode)
    await fill(bytes => file.writeFile(bytes))
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** What it holds, and under which names, is on the disk. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

/** What runs that ended amid writing a file left beside it: it may hold secrets, and the id of a process comes again. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path)
  const prefix = `${basename(path)}.`
  for (const name of await readdir(folder)) {
    const [, pid] = /^(\d+)\.tmp$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? []
    if (pid !== undefined && !isOtherRun(Number(pid))) await rm(join(folder, name), { force: true })
  }
}

function isOtherRun(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Rewrites the file of KEM keys without `secrets` and overwrites the bytes that it had, as far as the disk lets
 * a program do that. Returns what is left.
 */
export async function destroyKemKeys(home: Home, secrets: readonly KemSecret[]): Promise<readonly KemSecret[]> {
  const { nation, keys } = parseKemKeys(await readSecret(home.kemKeys))
  const left = keys.filter(({ seed }) => !secrets.some(secret => equalBytes(secret.seed, seed)))
  const old = await open(home.kemKeys, 'r+')
  try {
    const { size } = await old.stat()
    await writeWhole(home.kemKeys, encodeKemKeys(nation, left), { replace: true })
    await old.write(new Uint8Array(size), 0, size, 0)
    await old.sync()
  } finally {
    await old.close()
  }
  return left
}

/** For what is refused before anything is done. Throws UserError `file-exists`. */
export async function assertAbsent(path: string): Promise<void> {
  if (!(await exists(path))) return
  throw new UserError('file-exists', `${path} exists already`, { fix: 'Move it away, or name another file.' })
}

export async function makeHome(home: Home): Promise<void> {
  for (const path of [home.path, home.keys, home.data]) {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chmod(path, 0o700)
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}

/** A small text file of the operator's; undefined where there is none. */
export async function readText(path: string, bytesMax: number): Promise<string | undefined> {
  try {
    return (await readCapped(path, bytesMax)).toString('utf8')
  } catch (cause) {
    if (isMissing(cause)) return undefined
    if (cause instanceof UserError) throw cause
    throw new UserError('file-unreadable', `${path} cannot be read: ${fileFault(cause)}`, { cause })
  }
}

/** Throws UserError `file-too-large`, and what reading throws. */
export async function readCapped(path: string, bytesMax: number): Promise<Buffer> {
  const { size } = await stat(path)
  if (size > bytesMax) throw new UserError('file-too-large', `${path} has ${size} bytes; at most ${bytesMax} are read`)
  return readFile(path)
}
