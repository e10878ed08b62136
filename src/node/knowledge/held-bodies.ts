import { type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { Store } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { parseHeader } from '../../wire/entry.ts'
import { Envelope } from '../../wire/gen/tocsin.ts'

const PAGE_ENTRIES = 256
const PAGE_BYTES_MAX = 4 * 1024 * 1024

/**
 * how far every body of a log is here, but for those that were erased and those older than need be kept. What was
 * looked at once is not looked at again: a body goes by an erasure alone.
 */
export function createHeldBodies(store: Pick<Store, 'entriesRange' | 'tombstonesOf'>) {
  const looked = new Map<LogIdHex, number>()

  /** `from`: what lies below it was stated before. `keptSinceMs`: bodies of entries before need not be here. */
  async function heldTo(logId: LogId, from: number, to: number, keptSinceMs: number): Promise<number> {
    let at = Math.max(from, Math.min(looked.get(logIdHex(logId)) ?? 0, to))
    while (at < to) {
      const page = await store.entriesRange(logId, at, Math.min(PAGE_ENTRIES, to - at), PAGE_BYTES_MAX)
      const missing = page.findIndex((bytes, i) => isMissing(bytes, { logId, seq: at + i }, keptSinceMs))
      at += missing < 0 ? page.length : missing
      if (missing >= 0 || page.length === 0) break
    }
    looked.set(logIdHex(logId), at)
    return at
  }

  function isMissing(bytes: Uint8Array, place: { logId: LogId; seq: number }, keptSinceMs: number): boolean {
    const { header, body } = decodeLoose(Envelope, bytes, false)
    if (body.length > 0) return false
    const { bodyLen, timeMs } = parseHeader(header)
    const isErased = () => store.tombstonesOf(place).some(({ stands }) => stands)
    return bodyLen > 0 && timeMs >= keptSinceMs && !isErased()
  }

  return { heldTo }
}
