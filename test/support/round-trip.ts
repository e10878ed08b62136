import { toHex } from '../../src/base/bytes.ts'
import type { AllianceId, NationId } from '../../src/base/ids.ts'
import type { ExportedIndicator } from '../../src/formats/exported.ts'
import { EXPORT_FORMATS } from '../../src/formats/out/export-formats.ts'
import { buildClaim, type ClaimDraft } from '../../src/indicator/claim.ts'
import { type MarkingFields, papName, parseMarking, tlpName } from '../../src/indicator/marking.ts'
import type { IndicatorClaim } from '../../src/wire/gen/tocsin.ts'
import { exported, exportedClaim, exportedIndicator } from './exported.ts'
import { claims, importText } from './import-bytes.ts'

export const NATION = 'NLD' as NationId
export const PUBLISHED_MS = Date.UTC(2026, 10, 1, 12, 0, 0, 123)
const LINEAGES = ['', 'observed', 'relayed'] as const

/** The claim of a draft, as a nation publishes it. */
export function claimOf(draft: ClaimDraft): IndicatorClaim {
  return buildClaim(draft, {
    allianceId: new Uint8Array(32) as AllianceId,
    nation: NATION,
    defaultTlp: 3,
    assertion: 0,
  })
}

/** As an export is given it. */
function exportedOf(claim: IndicatorClaim): ExportedIndicator {
  const marking: MarkingFields = parseMarking(claim.marking)
  return exportedIndicator(claim.type, claim.value, {
    tlp: tlpName(marking.tlp),
    claims: [
      exportedClaim({
        ...claim,
        id: toHex(claim.id),
        nation: NATION,
        tlp: tlpName(marking.tlp),
        pap: papName(marking.pap),
        exercise: marking.exercise,
        confidence: claim.confidencePlus1 === 0 ? null : claim.confidencePlus1 - 1,
        publishedMs: PUBLISHED_MS,
        lineage: LINEAGES[claim.lineage]!,
      }),
    ],
  })
}

/** The text of an export of these claims. */
export function exportOf(format: 'stix' | 'misp', drafts: readonly ClaimDraft[]): string {
  return exported(
    EXPORT_FORMATS.get(format)!,
    drafts.map(draft => exportedOf(claimOf(draft))),
  ).files.get('')!
}

export async function draftsOf(text: string): Promise<readonly ClaimDraft[]> {
  const rows = await importText(text, { name: 'export.json', restricted: true })
  return claims(rows).map(({ draft }) => draft)
}

/** What a MISP hands out again: it keeps what is its own, and drops what it does not know. */
export function storedByMisp(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value) => (key === 'tocsin' ? undefined : value))
}

/** What a claim says, by which two are compared. */
export function saysOf(draft: ClaimDraft): Readonly<Record<string, unknown>> {
  const { id: _, assertion: __, ...says } = claimOf(draft)
  return says
}
