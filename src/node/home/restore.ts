import { readdir, rename, rm } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import { type NationId, parseNationId } from '../../base/ids.ts'
import { silentLogger } from '../../base/ports.ts'
import { encodeKemKeys, parseKemKeys, parseNodeKeys } from '../../crypto/node-key-file.ts'
import type { AuditKind } from '../../policy/audit-record.ts'
import { buildStore, type Finish, inspectRows, type MadeStore } from '../../store/repair.ts'
import type { Row } from '../../store/upkeep.ts'
import type { BackupFile, BackupHeader } from '../../wire/gen/backup.ts'
import { createAuditLog } from '../audit/audit-log.ts'
import { systemRandom } from '../mechanisms/random-system.ts'
import type { Backup } from './backup-file.ts'
import { assertHomeFile, holdsNodeKeys, NODE_KEYS, writeHomeFiles } from './backup-home.ts'
import { type Home, homeAt, makeHome, writeWhole } from './home.ts'
import { TO_BE_RENEWED } from './renewal-note.ts'

/** What is in a backup. */
export interface BackupContent {
  readonly header: BackupHeader
  /** Names of the files of the home. */
  readonly files: readonly string[]
  readonly holdsKeys: boolean
  readonly store: MadeStore
}

export interface RestoreOptions {
  /** Where nothing is yet. */
  readonly home: Home
  readonly backup: AsyncIterable<Backup>
  /** What an escrow of KEM keys holds. */
  readonly escrow: Uint8Array | undefined
  readonly nowMs: number
}

/**
 * Makes a home of a backup: all of it or nothing. Its node signs in a new incarnation alone. Throws UserError
 * `restore-home-used`, `backup-*`, `key-file-*`.
 */
export async function restoreHome({ home, backup, escrow, nowMs }: RestoreOptions): Promise<BackupContent> {
  await assertUnused(home)
  const staging = homeAt(`${home.path}.restoring`, {})
  await rm(staging.path, { recursive: true, force: true })
  try {
    await makeHome(staging)
    const { header, files, rows } = await openBackup(staging, backup)
    const kem = kemFileOf(header, files, escrow)
    const finish = markedAs('restored', nowMs, () => Math.floor(header.madeMs / 1000))
    const store = await buildStore(staging.data, rows, finish)
    await writeHomeFiles(staging, files)
    if (kem !== undefined) await writeWhole(staging.kemKeys, kem)
    await rename(staging.path, home.path)
    return contentOf(header, files, store)
  } finally {
    await rm(staging.path, { recursive: true, force: true })
  }
}

/** Reads a backup to its end, checks and opens all of it, and writes nothing. Throws UserError `backup-*`. */
export async function verifyBackup(home: Home, backup: AsyncIterable<Backup>): Promise<BackupContent> {
  const { header, files, rows } = await openBackup(home, backup)
  return contentOf(header, files, await inspectRows(rows))
}

/** What is done to a store before it is put to use that is not what it was. */
export function markedAs(
  kind: Extract<AuditKind, 'restored' | 'repaired'>,
  nowMs: number,
  countOf: (made: MadeStore) => number,
): Finish {
  return async (store, made) => {
    const clock = { now: () => nowMs }
    const audit = createAuditLog({ store, clock, random: systemRandom, logger: silentLogger })
    const add = audit.events({ kind, by: 'local', count: countOf(made) })
    await store.commit({ ...TO_BE_RENEWED, audit: { add } }, { sync: true })
  }
}

function contentOf(header: BackupHeader, files: readonly BackupFile[], store: MadeStore): BackupContent {
  return { header, files: files.map(({ name }) => name), holdsKeys: holdsNodeKeys(files), store }
}

async function assertUnused(home: Home): Promise<void> {
  const names = await readdir(home.path).catch(() => [])
  if (names.length === 0) return
  throw new UserError('restore-home-used', `${home.path} is not empty`, {
    fix: 'Restore into a home of its own: tocsin --home DIR restore FILE',
  })
}

/** an edge has none, and a node without its escrow begins with none. */
function kemFileOf(
  header: BackupHeader,
  files: readonly BackupFile[],
  escrow: Uint8Array | undefined,
): Uint8Array | undefined {
  const nation = parseNationId(header.nation)
  const nodeKeys = files.find(({ name }) => name === NODE_KEYS)
  const isEdge = nodeKeys !== undefined && parseNodeKeys(nodeKeys.content).inner === undefined
  if (escrow !== undefined) assertNation(escrow, nation)
  return isEdge ? undefined : (escrow ?? encodeKemKeys(nation, []))
}

function assertNation(escrow: Uint8Array, nation: NationId): void {
  const held = parseKemKeys(escrow)
  if (held.nation === nation) return
  throw new UserError('key-file-other', `the escrow holds the KEM keys of ${held.nation}, the backup is of ${nation}`, {
    fix: 'Take the escrow of this nation.',
  })
}

interface OpenBackup {
  readonly header: BackupHeader
  readonly files: readonly BackupFile[]
  readonly rows: AsyncIterable<readonly Row[]>
}

async function openBackup(home: Home, backup: AsyncIterable<Backup>): Promise<OpenBackup> {
  const parts = backup[Symbol.asyncIterator]()
  let header: BackupHeader | undefined
  const files = createFiles(home)
  for (;;) {
    const next = await parts.next()
    const part = next.done === true ? undefined : next.value
    if (part?.kind === 'header') header = part.header
    else if (part?.kind === 'file') files.add(part.file)
    else if (header !== undefined) {
      const held = files.end()
      assertOfNation(header, held)
      return { header, files: held, rows: rowsFrom(part, parts) }
    } else throw new UserError('backup-malformed', 'this is no backup: it has no header')
  }
}

/** Parts of one file follow each other. What is no file of a home goes no further, so that no more than one is held. */
function createFiles(home: Home) {
  const pieces = new Map<string, { bytes: number; readonly contents: Uint8Array[] }>()
  let last = ''
  return {
    add({ name, content }: BackupFile): void {
      if (name !== last && pieces.has(name)) {
        throw new UserError('backup-malformed', `this is no backup: ${name} stands in it twice`)
      }
      const held = pieces.get(name) ?? { bytes: 0, contents: [] }
      assertHomeFile(home, name, held.bytes + content.length)
      held.bytes += content.length
      held.contents.push(content)
      pieces.set(name, held)
      last = name
    },
    end: (): BackupFile[] =>
      [...pieces].map(([name, { contents }]) => ({ name, content: new Uint8Array(Buffer.concat(contents)) })),
  }
}

/** Else keys of one nation would be put beside what another one holds. */
function assertOfNation({ nation }: BackupHeader, files: readonly BackupFile[]): void {
  const nodeKeys = files.find(({ name }) => name === NODE_KEYS)
  if (nodeKeys === undefined || parseNodeKeys(nodeKeys.content).nation === nation) return
  throw new UserError(
    'backup-malformed',
    `this is no backup of ${nation}: it holds the keys of a node of another nation`,
    { fix: 'Give a file that "tocsin backup" wrote, as it was written, and of whose maker you know.' },
  )
}

async function* rowsFrom(first: Backup | undefined, parts: AsyncIterator<Backup>): AsyncGenerator<readonly Row[]> {
  let last: Uint8Array = new Uint8Array(0)
  for (let part = first; part !== undefined; ) {
    if (part.kind !== 'rows') throw new UserError('backup-malformed', 'this is no backup: a file comes too late')
    for (const [key] of part.rows) {
      if (Buffer.compare(last, key) >= 0) throw new UserError('backup-malformed', 'its records are not in order')
      last = key
    }
    yield part.rows
    const next = await parts.next()
    part = next.done === true ? undefined : next.value
  }
}
