import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { Level as DiskLevel } from 'level'
import { MemoryLevel } from 'memory-level'
import type { Clock, Random } from '../base/ports.ts'
import type { Numbering } from './changes.ts'
import type { Scratch } from './check.ts'
import { Database, type Level } from './database.ts'
import { damaged } from './failures.ts'
import { checkLevelFiles } from './level-files.ts'
import { openLevelStore, type StorePlace } from './level-store.ts'
import { assertRoomToReopen, storeSize } from './room.ts'
import type { Store } from './store.ts'

/** A directory, nothing but memory, or a database that the caller brings (tests). */
export type StoreLocation = string | { readonly memory: true } | { readonly level: Level }

export interface StoreOptions {
  /** Writes that LevelDB gathers before it makes a table of them; up to twice as much is held in memory. */
  readonly writeBufferBytes?: number
  readonly cacheBytes?: number
  /** By which changes of what shows are numbered: the machine's where left out. */
  readonly clock?: Clock
  readonly random?: Random
}

const MIB = 1024 * 1024
/** At a million records the worst batch took 2.2 s with the default of 4 MiB and 0.2 s with this. */
const WRITE_BUFFER_BYTES = 64 * MIB
const CACHE_BYTES = 32 * MIB
/** Larger tables: fewer files, and fewer merges while a node catches up. */
const TABLE_BYTES = 8 * MIB

/**
 * Opens the store, and makes one where there is none. Throws UserError `store-locked` or `store-newer-format`, StoreError
 * `store-damaged`, `store-full` or `store-open-failed`. Dispose of it.
 */
export async function openStore(location: StoreLocation, options: StoreOptions = {}): Promise<Store> {
  const numbering = { ...MACHINE, ...options }
  if (typeof location !== 'string') {
    const level = 'level' in location ? location.level : memoryLevel()
    return openLevelStore(new Database(level, 'memory'), IN_MEMORY, numbering)
  }
  await assertWhole(location)
  const place = {
    mayReopen: () => assertRoomToReopen(location),
    openScratch: () => openScratchBeside(location),
    checkFiles: () => checkLevelFiles(location, 'tables'),
    size: () => storeSize(location),
  }
  return openLevelStore(new Database(diskLevel(location, options), location), place, numbering)
}

const MACHINE: Numbering = {
  clock: { now: () => Date.now() },
  random: { bytes: length => new Uint8Array(randomBytes(length)) },
}

const IN_MEMORY: StorePlace = {
  mayReopen: async () => {},
  openScratch: () => scratchOf(memoryLevel(), async () => {}),
  checkFiles: async () => [],
  size: async () => undefined,
}

/** One at a time: whatever an earlier run left there goes first. */
async function openScratchBeside(location: string): Promise<Scratch> {
  const path = `${location}.scratch`
  const remove = () => rm(path, { recursive: true, force: true })
  await remove()
  return scratchOf(diskLevel(path), remove, path)
}

async function scratchOf(level: Level, remove: () => Promise<void>, path = 'memory'): Promise<Scratch> {
  const database = new Database(level, path)
  await database.open()
  return Object.assign(database, {
    async [Symbol.asyncDispose]() {
      await database.close()
      await remove()
    },
  })
}

const ENCODINGS = { keyEncoding: 'view', valueEncoding: 'view' } as const

export function memoryLevel(): Level {
  return new MemoryLevel<Uint8Array, Uint8Array>({ ...ENCODINGS, storeEncoding: 'view' })
}

export function diskLevel(location: string, options: StoreOptions = {}): Level {
  return new DiskLevel<Uint8Array, Uint8Array>(location, {
    ...ENCODINGS,
    writeBufferSize: options.writeBufferBytes ?? WRITE_BUFFER_BYTES,
    cacheSize: options.cacheBytes ?? CACHE_BYTES,
    maxFileSize: TABLE_BYTES,
  })
}

/**
 * Where CURRENT is missing LevelDB begins a new database and deletes the tables of the old one, and where a record of its
 * log is damaged it goes on without it: neither is to happen unseen.
 */
export async function assertWhole(location: string): Promise<void> {
  const [fault] = await checkLevelFiles(location, 'logs')
  if (fault !== undefined) throw damaged(`the file ${fault.file} of ${location} is damaged: ${fault.sentence}`)
}
