import { type FileHandle, open, readFile } from 'node:fs/promises'

/** What a forensic copy of a running process holds: all that it has written to, as /proc gives it on Linux. */

const PAGE_BYTES = 4096
const CHUNK_PAGES = 2048
/** Of an entry of /proc/PID/pagemap: in memory, or swapped out. */
const PRESENT = 0xc0

/** Which of the needles stand anywhere in the memory of a process of this user. */
export async function findInMemory<N extends string>(
  pid: number,
  needles: Readonly<Record<N, Uint8Array>>,
): Promise<ReadonlySet<N>> {
  const found = new Set<N>()
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8')
  await using memory = await open(`/proc/${pid}/mem`, 'r')
  await using pagemap = await open(`/proc/${pid}/pagemap`, 'r')
  for (const [first, end] of writablePages(maps)) {
    let before: Buffer = Buffer.alloc(0)
    for await (const chunk of residentChunks(memory, pagemap, first, end)) {
      // Overlapping, so that no needle lies across two.
      search(Buffer.concat([before, chunk]), needles, found)
      before = chunk.subarray(-longest(needles))
    }
  }
  return found
}

export function search<N extends string>(
  bytes: Buffer,
  needles: Readonly<Record<N, Uint8Array>>,
  found: Set<N> = new Set(),
): ReadonlySet<N> {
  for (const name of Object.keys(needles) as N[]) {
    if (!found.has(name) && bytes.includes(Buffer.from(needles[name]))) found.add(name)
  }
  return found
}

function* writablePages(maps: string): Iterable<readonly [first: number, end: number]> {
  for (const line of maps.split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
    if (from === undefined || to === undefined) continue
    yield [Number.parseInt(from, 16) / PAGE_BYTES, Number.parseInt(to, 16) / PAGE_BYTES]
  }
}

/** Of pages that were never touched there is nothing to read. What goes away meanwhile is passed over. */
async function* residentChunks(memory: FileHandle, pagemap: FileHandle, first: number, end: number) {
  for (let page = first; page < end; page += CHUNK_PAGES) {
    const pages = Math.min(CHUNK_PAGES, end - page)
    const entries = await readAt(pagemap, page * 8, pages * 8)
    const isResident = Array.from({ length: pages }, (_, i) => ((entries[i * 8 + 7] ?? 0) & PRESENT) !== 0)
    for (let i = 0; i < pages; ) {
      const until = isResident.indexOf(!isResident[i], i)
      const stop = until === -1 ? pages : until
      if (isResident[i]) yield await readAt(memory, (page + i) * PAGE_BYTES, (stop - i) * PAGE_BYTES)
      i = stop
    }
  }
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, at).catch(() => ({ bytesRead: 0 }))
  return buffer.subarray(0, bytesRead)
}

function longest(needles: Readonly<Record<string, Uint8Array>>): number {
  return Math.max(...Object.values(needles).map(({ length }) => length))
}
