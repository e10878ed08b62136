import { link, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Level as DiskLevel } from 'level'
import { UserError } from '../base/errors.ts'
import { ALL_RECORDS } from './check.ts'
import { Database } from './database.ts'
import { openFailure } from './failures.ts'
import { Faults } from './faults.ts'
import { checkLevelFiles } from './level-files.ts'
import { linkFiles } from './link-files.ts'
import { assertFormat } from './meta.ts'
import { diskLevel, openStore } from './open.ts'
import { assertRoomToCopy } from './room.ts'
import { type SalvageOptions, salvage } from './salvage.ts'
import type { Store } from './store.ts'
import type { Row, StoreFault, StoreHoldings } from './upkeep.ts'

/** What a store was made of, and what was wrong with that. */
export interface MadeStore extends StoreHoldings {
  /** Records that could not be taken. */
  readonly lost: number
  /** What was worked out anew and had been kept otherwise. */
  readonly derived: number
  readonly faults: readonly StoreFault[]
}

export interface RepairResult extends MadeStore {
  /** Where the store is as it was found. */
  readonly kept: string
}

/** The last that is done to a new store before it is one. */
export type Finish = (store: Store, made: MadeStore) => Promise<void>

/**
 * Makes a new store beside a damaged one out of all that can be read of it, and puts it in its place; the old one stays,
 * under another name. Nothing may have it open. Throws UserError `store-locked`, `store-newer-format`, `store-absent`,
 * StoreError `store-full`; then everything is as it was.
 */
export async function repairStore(location: string, nowMs: number, finish: Finish): Promise<RepairResult> {
  await assertPresent(location)
  await assertRoomToCopy(location)
  await assertUnlocked(location)
  const work = `${location}.repair`
  const kept = `${location}.damaged-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`
  await rm(work, { recursive: true, force: true })
  try {
    const [source, made] = [join(work, 'source'), join(work, 'made')]
    await linkFiles(location, source)
    await spoilDamage(source)
    await repairLevel(source)
    const result = await makeStore(made, rowsOf(source), { anew: true, whole: true }, finish)
    await rename(location, kept)
    await rename(made, location)
    await syncFolder(dirname(location))
    return { ...result, kept }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Makes a store at `location`, where none may be, out of primary records in the order of their keys. */
export async function buildStore(
  location: string,
  rows: AsyncIterable<readonly Row[]>,
  finish: Finish,
): Promise<MadeStore> {
  const work = `${location}.made`
  await rm(work, { recursive: true, force: true })
  try {
    const result = await makeStore(work, rows, { anew: false, whole: false }, finish)
    await rename(work, location)
    await syncFolder(dirname(location))
    return result
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** LevelDB takes over what it can read, whether its checksum is right or not: so what is damaged is not to be read. */
async function spoilDamage(location: string): Promise<void> {
  const byFile = Map.groupBy(await checkLevelFiles(location, 'all'), ({ file }) => file)
  for (const [file, faults] of byFile) {
    const spoils = faults.flatMap(({ spoil }) => spoil ?? [])
    if (spoils.length === 0) continue
    // The file may be one with that of the store, which stays as it is.
    const path = join(location, file)
    const bytes = await readFile(path)
    for (const { position, bytes: spoil } of spoils) bytes.set(spoil, position)
    await rm(path)
    await writeFile(path, bytes)
  }
}

/** What a store would be made of, without making it. */
export async function inspectRows(rows: AsyncIterable<readonly Row[]>): Promise<MadeStore> {
  const faults = new Faults()
  const nowhere = { write: async () => {}, getMany: async () => [] }
  const holdings = await salvage(rows, nowhere, faults, { anew: false, whole: false })
  return { ...holdings, lost: faults.lost, derived: faults.derived, faults: faults.told }
}

/** In the class of LevelDB, and not in the types of the class that stands for both it and browsers. */
async function repairLevel(location: string): Promise<void> {
  const { repair } = DiskLevel as unknown as { readonly repair: (location: string) => Promise<void> }
  await repair(location).catch(cause => {
    throw openFailure(cause, location)
  })
}

async function makeStore(
  location: string,
  rows: AsyncIterable<readonly Row[]>,
  options: SalvageOptions,
  finish: Finish,
): Promise<MadeStore> {
  await mkdir(location, { recursive: true, mode: 0o700 })
  const faults = new Faults()
  const made = new Database(diskLevel(location), location)
  await made.open()
  let holdings: StoreHoldings
  try {
    holdings = await salvage(rows, made, faults, options)
  } finally {
    await made.close()
  }
  const result = { ...holdings, lost: faults.lost, derived: faults.derived, faults: faults.told }
  await using store = await openStore(location)
  await finish(store, result)
  return result
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

async function* rowsOf(location: string): AsyncGenerator<readonly Row[]> {
  const database = new Database(diskLevel(location), location)
  await database.open()
  try {
    await assertFormatOf(database)
    yield* database.scan(ALL_RECORDS)
  } finally {
    await database.close()
  }
}

/** The format may be what was lost; a newer one is not for this program. */
async function assertFormatOf(database: Database): Promise<void> {
  await assertFormat(database).catch(error => {
    if (error instanceof UserError) throw error
  })
}

async function assertPresent(location: string): Promise<void> {
  const names = await readdir(location).catch(() => [])
  if (names.some(name => name.endsWith('.ldb') || name.endsWith('.log'))) return
  throw new UserError('store-absent', `${location} holds no store`, {
    fix: 'Name the home of the node with --home DIR, or bring a backup back with "tocsin restore FILE".',
  })
}

/** LevelDB locks a file of its own for as long as a store is open; a second database beside it can ask for it. */
async function assertUnlocked(location: string): Promise<void> {
  const probe = `${location}.lock-probe`
  await rm(probe, { recursive: true, force: true })
  await mkdir(probe, { recursive: true, mode: 0o700 })
  try {
    if ((await readdir(location)).includes('LOCK')) await link(join(location, 'LOCK'), join(probe, 'LOCK'))
    const database = new Database(diskLevel(probe), location)
    await database.open()
    await database.close()
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}
