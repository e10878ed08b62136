import type { ExportContext, ExportedClaim, ExportedIndicator, ExportFormat } from '../../src/formats/exported.ts'
import { indicatorId, indicatorIdText } from '../../src/indicator/indicator-id.ts'

/** An indicator as exports are given it: of one nation, with one claim, unless said otherwise. */
export function exportedIndicator(
  type: string,
  value: string,
  but: Partial<ExportedIndicator> & { readonly claim?: Partial<ExportedClaim> } = {},
): ExportedIndicator {
  const { claim, ...fields } = but
  return {
    id: indicatorIdText(indicatorId({ type, value })),
    type,
    value,
    nations: ['NLD'],
    tlp: 'TLP:GREEN',
    confidence: 70,
    firstSeenMs: 0,
    lastSeenMs: 0,
    validUntilMs: 0,
    labels: [],
    score: 70,
    origins: 1,
    claims: [exportedClaim(claim)],
    sightings: [],
    opinions: [],
    withdrawn: [],
    ...fields,
  }
}

export function exportedClaim(but: Partial<ExportedClaim> = {}): ExportedClaim {
  return {
    id: '00112233445566778899aabbccddeeff',
    nation: 'NLD',
    tlp: 'TLP:GREEN',
    pap: '',
    exercise: false,
    confidence: 70,
    publishedMs: Date.UTC(2026, 10, 1),
    validFromMs: 0,
    validUntilMs: 0,
    firstSeenMs: 0,
    lastSeenMs: 0,
    name: '',
    description: '',
    labels: [],
    references: [],
    source: '',
    sourceId: '',
    lineage: 'observed',
    ...but,
  }
}

export function exportContext(but: Partial<ExportContext> = {}): ExportContext {
  return {
    name: 'live',
    nation: 'NLD',
    allianceName: 'Example alliance',
    madeMs: Date.UTC(2026, 10, 22, 12),
    serial: 7,
    parameters: {},
    allowed: [],
    ...but,
  }
}

export interface ExportResult {
  /** By their names in the folder; empty in a format of one file. */
  readonly files: ReadonlyMap<string, string>
  /** Why, by value. */
  readonly left: ReadonlyMap<string, string>
}

/** All that a format writes of these, in the order in which they are given. */
export function exported(
  format: ExportFormat,
  indicators: Iterable<ExportedIndicator>,
  context: Partial<ExportContext> = {},
): ExportResult {
  const files = new Map<string, string>()
  const left = new Map<string, string>()
  const writer = format.start(exportContext(context))
  const write = (pieces: ReturnType<typeof writer.end>) => {
    for (const { file, text } of pieces) files.set(file, (files.get(file) ?? '') + text)
  }
  write(writer.begin())
  for (const indicator of indicators) {
    const written = writer.add(indicator)
    if ('left' in written) left.set(indicator.value, written.left)
    else write(written.pieces)
  }
  write(writer.end())
  return { files, left }
}
