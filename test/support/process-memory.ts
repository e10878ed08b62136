import { type FileHandle, open, readFile } from 'node:fs/promises'

/** What a forensic copy of a running process holds: all that it can write to, as /proc gives it on Linux. */

const CHUNK_BYTES = 8 * 1024 * 1024

/** Which of the needles stand anywhere in the memory of a process of this user. */
export async function findInMemory<N extends string>(
  pid: number,
  needles: Readonly<Record<N, Uint8Array>>,
): Promise<ReadonlySet<N>> {
  const found = new Set<N>()
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8')
  await using memory = await open(`/proc/${pid}/mem`, 'r')
  for (const [from, to] of writableRanges(maps)) {
    if (found.size === Object.keys(needles).length) break
    await eachChunk(memory, from, to, longest(needles), chunk => search(chunk, needles, found))
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

function* writableRanges(maps: string): Iterable<readonly [from: number, to: number]> {
  for (const line of maps.split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
    if (from !== undefined && to !== undefined) yield [Number.parseInt(from, 16), Number.parseInt(to, 16)]
  }
}

/** Chunks overlap, so that no needle lies across two. What went away meanwhile is passed over. */
async function eachChunk(
  memory: FileHandle,
  from: number,
  to: number,
  overlap: number,
  use: (chunk: Buffer) => void,
): Promise<void> {
  const buffer = Buffer.alloc(CHUNK_BYTES)
  for (let at = from; at < to; at += CHUNK_BYTES - overlap) {
    const length = Math.min(CHUNK_BYTES, to - at)
    const { bytesRead } = await memory.read(buffer, 0, length, at).catch(() => ({ bytesRead: 0 }))
    use(buffer.subarray(0, bytesRead))
  }
}

function longest(needles: Readonly<Record<string, Uint8Array>>): number {
  return Math.max(...Object.values(needles).map(({ length }) => length))
}
