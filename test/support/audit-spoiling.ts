import type { AuditResult } from '../../src/audit/result.ts'
import { encodeEnvelope, type ParsedEntry, parseEnvelope } from '../../src/wire/entry.ts'
import { closed, hexOf, plain, successor, type WorldExport, type WorldRun } from './audit-world.ts'

/** Ways to change an export, and a short name for what an auditor found. */
export type Spoil = (world: WorldExport) => WorldExport

/** Of `closed`, `successor` and `plain`, as they stand in the export. */
export const RUN = { closed: 0, successor: 1, plain: 2 } as const

export function changeRun(index: number, change: (run: WorldRun) => WorldRun): Spoil {
  return world => ({ ...world, runs: world.runs.map((run, i) => (i === index ? change(run) : run)) })
}

export function changeEnvelopes(
  index: number,
  change: (envelopes: readonly Uint8Array[]) => readonly Uint8Array[],
): Spoil {
  return changeRun(index, run => ({ ...run, envelopes: change(run.envelopes) }))
}

export function changeEnvelope(index: number, seq: number, change: (bytes: Uint8Array) => Uint8Array): Spoil {
  return changeEnvelopes(index, all => all.map((bytes, i) => (i === seq ? change(bytes) : bytes)))
}

export function changeEntry(index: number, seq: number, change: (entry: ParsedEntry) => Partial<ParsedEntry>): Spoil {
  return changeEnvelope(index, seq, bytes => {
    const entry = parseEnvelope(bytes)
    return encodeEnvelope({ ...entry, ...change(entry) })
  })
}

export function turned(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = bytes.slice()
  copy[at]! ^= bit
  return copy
}

const NAMES = new Map([
  [hexOf(closed), 'closed'],
  [hexOf(successor), 'successor'],
  [hexOf(plain), 'plain'],
])

/** `false entry-signature-invalid plain/4+3@9 BBB v2`: verdict, code, and the place as far as it is said. */
export function findingsOf({ findings }: Pick<AuditResult, 'findings'>): string[] {
  return findings.map(({ verdict, code, log, seq, count, size, nation, version }) => {
    const entry = seq === undefined ? '' : `/${seq}${count === undefined ? '' : `+${count}`}`
    const tree = size === undefined ? '' : `@${size}`
    const place = log === undefined ? '' : ` ${NAMES.get(log) ?? 'other'}${entry}${tree}`
    const whose = nation === undefined ? '' : ` ${nation}`
    return `${verdict} ${code}${place}${whose}${version === undefined ? '' : ` v${version}`}`
  })
}
