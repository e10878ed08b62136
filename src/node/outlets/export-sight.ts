import { ITEM } from '../../indicator/item-type.ts'
import { PAP, TLP } from '../../indicator/marking.ts'
import { decodeAudienceName, groupKey } from '../../policy/audience-name.ts'
import { type Clearance, type FindGroup, parseClearance } from '../../policy/clearance.ts'
import { createSight } from '../../policy/reader-view.ts'
import type { Mention, Sight } from '../../store/sight.ts'
import type { ExportFilter } from '../config/export-filter.ts'

const EVERYTHING: Clearance = {
  tlp: TLP.RED,
  pap: PAP.RED,
  groups: 'any',
  types: undefined,
  authors: undefined,
  exercise: false,
  publish: false,
}

/**
 * What whoever reads the export may see: everything in it is computed from nothing else. Of exercises they see
 * nothing, whatever a clearance says, but where `exercise` asks for them. Throws UserError where the filter names
 * a group that is not known.
 */
export function exportSight(filter: ExportFilter, findGroup: FindGroup, exercise: boolean): Sight {
  const cleared = filter.clearance === undefined ? EVERYTHING : parseClearance(filter.clearance, findGroup)
  const tlp = filter.tlpMax !== undefined && filter.tlpMax < cleared.tlp ? filter.tlpMax : cleared.tlp
  const sees = createSight({ ...cleared, tlp, exercise })
  const nations = filter.nations && new Set<string>(filter.nations)
  const group = filter.group === undefined ? undefined : findGroup(filter.group)

  /** Remarks of others stay: one may say that a claim of these is a false positive. */
  function isChosen({ nation, item, audience }: Mention): boolean {
    if (!isClaim(item)) return true
    return nations?.has(nation) !== false && (group === undefined || groupOf(audience) === group)
  }

  return { sees: mention => isChosen(mention) && sees(mention) }
}

/** 08 01: the type of an item stands first, in canonical form. */
function isClaim(item: Uint8Array): boolean {
  return item[0] === 0x08 && item[1] === ITEM.INDICATOR
}

function groupOf(audience: Uint8Array): string | undefined {
  if (audience.length <= 1) return undefined
  const name = decodeAudienceName(audience)
  return name.kind === 'group' ? groupKey(name) : undefined
}
