import type { ClaimRow, ImportRow, RefusedRow } from '../../src/formats/import-row.ts'
import type { ImportOptions } from '../../src/formats/in/import.ts'
import { readImport } from '../../src/formats/in/import.ts'

/** `bytes` in chunks of `size`, as a file would come. */
export async function* chunksOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export async function importText(text: string | Uint8Array, options: Partial<ImportOptions> = {}, chunkSize?: number) {
  const bytes = typeof text === 'string' ? utf8(text) : text
  const rows: ImportRow[] = []
  for await (const row of readImport(chunksOf(bytes, chunkSize), { name: 'test.txt', ...options })) rows.push(row)
  return rows
}

export function claims(rows: readonly ImportRow[]): readonly ClaimRow[] {
  return rows.filter(row => row.kind === 'claim')
}

export function refusals(rows: readonly ImportRow[]): readonly RefusedRow[] {
  return rows.filter(row => row.kind === 'refused')
}

/** `domain evil.example`, one for each claim. */
export function values(rows: readonly ImportRow[]): readonly string[] {
  return claims(rows).map(({ draft }) => `${draft.type} ${draft.value}`)
}

/** `line 3 import-not-an-indicator`, one for each refusal. */
export function faults(rows: readonly ImportRow[]): readonly string[] {
  return refusals(rows).map(({ place, code }) => `${place} ${code}`)
}
