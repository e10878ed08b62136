import { equalBytes, fromHex } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import { encode } from '../wire/codec.ts'
import { type NationEntry, RegistryDoc } from '../wire/gen/tocsin.ts'
import { SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import { type CouncilChange, changeCouncil } from './change-council.ts'
import { changeMember, type MemberChange } from './change-member.ts'
import { pinned, rootsInEntry } from './change-roots.ts'
import { DAY_MS } from './doc-fields.ts'
import { type AlliancePolicy, buildPolicy, parsePolicy } from './policy.ts'
import { nationBase, type RegistryBase } from './registry-base.ts'
import { type ParsedRegistryDoc, parseRegistryDoc, RESET } from './registry-doc.ts'
import { DOC_TYPE, signedDocOf } from './signed-doc.ts'

/** One change of a registry. */
export type RegistryChange =
  | CouncilChange
  | MemberChange
  | { readonly kind: 'policy'; readonly fields: Partial<AlliancePolicy> }
  /** Valid for longer, with the documents of today pinned, and nothing else. */
  | { readonly kind: 'renew' }

export interface RegistryTimes {
  readonly nowMs: number
  /** At most 400. */
  readonly validDays: number
}

/** The next version of a registry, to be shown to people and then signed. */
export interface RegistryPlan {
  readonly docBytes: Uint8Array
  readonly before: ParsedRegistryDoc
  readonly after: ParsedRegistryDoc
}

/**
 * The version that follows `base.before`, with the changes one after the other. `draft`: the bytes of such a version that
 * nobody has signed yet, to which they are added. Throws UserError `change-*` or `nation-doc-expired`.
 */
export function planRegistry(
  base: RegistryBase,
  changes: readonly RegistryChange[],
  { nowMs, validDays }: RegistryTimes,
  draft?: Uint8Array,
): RegistryPlan {
  const issuedMs = Math.max(nowMs, base.before.issuedMs)
  const start = draft === undefined ? carriedOn(base) : decode(draft)
  const changed = changes.reduce((doc, change) => applyChange(doc, change, base, issuedMs), start)
  const docBytes = encode(RegistryDoc, { ...changed, issuedMs, expiresMs: issuedMs + validDays * DAY_MS })
  return { docBytes, before: base.before, after: parseRegistryDoc(signedDocOf(DOC_TYPE.REGISTRY, docBytes)) }
}

function decode(docBytes: Uint8Array): RegistryDoc {
  return decodeStrict(RegistryDoc, docBytes, SIGNED_DOC_BYTES_MAX)
}

/** The next version before anything changes. */
function carriedOn(base: RegistryBase): RegistryDoc {
  const { before } = base
  const doc = decode(before.signed.docBytes)
  return {
    ...doc,
    allianceId: before.allianceId,
    version: before.version + 1,
    prevHash: fromHex(before.hash),
    nations: doc.nations.map(entry => pinned(withoutOldReset(entry, base), base)),
  }
}

/**
 * a LOST reset takes effect with the first version that still carries it after 14 days. One in effect stays so
 * without being carried; its `doc_min_version` remains, since these roots do not bind version 1.
 */
function withoutOldReset(entry: NationEntry, base: RegistryBase): NationEntry {
  const last = nationBase(base, entry.nation)?.history.resets.at(-1)
  const isInEffect = last?.minVersion === entry.docMinVersion && last.roots === rootsInEntry(entry)
  return isInEffect ? { ...entry, reset: RESET.NONE } : entry
}

function applyChange(doc: RegistryDoc, change: RegistryChange, base: RegistryBase, issuedMs: number): RegistryDoc {
  if (change.kind === 'renew') return doc
  const changed = changeOne(doc, change, base, issuedMs)
  if (!equalBytes(encode(RegistryDoc, changed), encode(RegistryDoc, doc))) return changed
  throw new UserError('change-void', 'this changes nothing: the registry says so already', {
    fix: 'Look at "tocsin alliance show". To make it valid for longer: tocsin alliance propose renew',
  })
}

function changeOne(
  doc: RegistryDoc,
  change: Exclude<RegistryChange, { readonly kind: 'renew' }>,
  base: RegistryBase,
  issuedMs: number,
): RegistryDoc {
  switch (change.kind) {
    case 'governor-add':
    case 'governor-remove':
    case 'governor-rotate':
    case 'threshold':
      return changeCouncil(doc, change)
    case 'policy':
      return withPolicy(doc, change.fields)
    default:
      return changeMember(doc, change, base, issuedMs)
  }
}

function withPolicy(doc: RegistryDoc, fields: Partial<AlliancePolicy>): RegistryDoc {
  const policy = buildPolicy({ ...parsePolicy(doc.policy), ...fields })
  try {
    parsePolicy(policy)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new UserError('change-value', cause.message, { fix: 'Give a value within these limits.', cause })
  }
  return { ...doc, policy }
}
