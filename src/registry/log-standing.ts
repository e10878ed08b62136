import { equalBytes } from '../base/bytes.ts'
import { type LogId, logIdHex, type NationId } from '../base/ids.ts'
import type { Bound } from './doc-fields.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import { hasLeft, isLower, type NationHistory } from './nation-history.ts'
import { KEY_STATUS } from './node-key.ts'
import { STATUS } from './registry-doc.ts'

/** What the GENESIS entry of a log says of it. */
export interface LogOrigin {
  readonly logId: LogId
  readonly nation: NationId
  readonly signPk: Uint8Array
  /** `registry_version` of the GENESIS header. */
  readonly registryVersion: number
}

/**
 * What the documents in force say of a log (R-2.6, R-1.8); checkpoints and proofs are not looked at here.
 * - `none`: no document in force authorises it: nothing stands.
 * - `active`: no bound.
 * - `bounded`: it never grows again. `governors` and `own` are the newest bounds of each; the lower wins, equal: the
 *   governors', but `own` cannot set aside what a quorate checkpoint covers. Neither: the largest quorate checkpoint.
 * - `suspended`: as `bounded`, while it lasts.
 */
export type LogStanding =
  | { readonly kind: 'none' }
  | { readonly kind: 'active' }
  | { readonly kind: 'bounded' | 'suspended'; readonly governors: Bound | undefined; readonly own: Bound | undefined }

/** `history` and `doc` are those of the log's nation: the registries in force and its document in force. */
export function checkLogStanding(
  origin: LogOrigin,
  history: NationHistory | undefined,
  doc: ParsedNationDoc | undefined,
): LogStanding {
  const node = doc?.nodes.find(({ signPk }) => signPk !== undefined && equalBytes(signPk, origin.signPk))
  // no document in force authorises the log
  if (history === undefined || doc === undefined || node === undefined) return { kind: 'none' }
  const governors = governorsBound(history, origin.logId)
  // a nation's own bound touches only logs whose GENESIS names it, and `doc` is of that nation
  const own = doc.bounds.get(logIdHex(origin.logId))
  // SUSPENDED is as a bound, while it lasts
  if (history.entry?.status === STATUS.SUSPENDED) return { kind: 'suspended', governors, own }
  // a removed nation or key; and a nation's return opens a new log
  const isRemoved =
    hasLeft(history.entry) || node.status !== KEY_STATUS.ACTIVE || origin.registryVersion < history.returnedAt
  if (isRemoved || governors !== undefined || own !== undefined) return { kind: 'bounded', governors, own }
  return { kind: 'active' }
}

/** A suspension may lower what was bounded before, not raise it: a bounded log never grows again. */
function governorsBound({ bounds, suspensionBounds }: NationHistory, logId: LogId): Bound | undefined {
  const lasting = bounds.get(logIdHex(logId))
  const passing = suspensionBounds.get(logIdHex(logId))
  return passing !== undefined && isLower(passing, lasting) ? passing : lasting
}
