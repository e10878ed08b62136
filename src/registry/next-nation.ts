import { equalBytes, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { type Contact, type KemKey, type LogBound, NationDoc, type NodeKey } from '../wire/gen/tocsin.ts'
import { KEM_KEYS_MAX, SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import { buildNationDoc } from './build-nation.ts'
import { type Bound, DAY_MS } from './doc-fields.ts'
import { type ParsedNationDoc, parseNationDoc } from './nation-doc.ts'
import { KEY_STATUS, nodeIdentity } from './node-key.ts'
import type { RootKeyRecord } from './root-key.ts'
import { DOC_TYPE, signDoc } from './signed-doc.ts'

/** One change of a nation's document. `node` is `identityHex` of a node that the document names. */
export type NationChange =
  | { readonly kind: 'add-node'; readonly node: NodeKey }
  /** without a bound the largest quorate checkpoint of each of its logs counts. */
  | {
      readonly kind: 'retire-node' | 'compromise-node'
      readonly node: string
      readonly bounds: readonly Bound[]
    }
  /** Of logs of keys that are given up: corrected, or named later than the key was given up. */
  | { readonly kind: 'bounds'; readonly bounds: readonly Bound[] }
  | { readonly kind: 'addresses'; readonly node: string; readonly addresses: readonly string[] }
  /** their windows follow those of the active keys. */
  | { readonly kind: 'add-kems'; readonly kems: readonly KemKey[] }
  /** Every KEM key whose window has not ended: nobody seals to one of them any more. */
  | { readonly kind: 'compromise-kems' }
  /** To be signed by a threshold of the roots before and of these. */
  | { readonly kind: 'roots'; readonly roots: readonly RootKeyRecord[]; readonly threshold: number }
  | { readonly kind: 'contacts'; readonly contacts: readonly Contact[] }

export interface NationTimes {
  readonly issuedMs: number
  /** At most 400. */
  readonly validDays: number
}

/** The next version of a nation's document, to be shown to people and then signed. */
export interface NationPlan {
  readonly docBytes: Uint8Array
  readonly before: ParsedNationDoc
  readonly after: ParsedNationDoc
}

/** KEM keys whose window ended longer ago are left out: nothing is sealed to them, and their secrets are destroyed. */
const KEM_KEPT_DAYS = 30

/**
 * The document that follows `before`. Without changes it is renewed: valid for longer, and nothing else.
 * Throws UserError `nation-change-void`, and ProtocolError where nobody would accept the document.
 */
export function planNation(
  before: ParsedNationDoc,
  changes: readonly NationChange[],
  { issuedMs, validDays }: NationTimes,
): NationPlan {
  const { allianceId, nation } = before
  const doc = withoutOldKems(changes.reduce(applyChange, contentOf(before)), issuedMs)
  const docBytes = buildNationDoc({ ...doc, allianceId, nation, prev: before, issuedMs, validDays })
  return { docBytes, before, after: parseNationDoc(signDoc(DOC_TYPE.NATION, allianceId, docBytes, [])) }
}

/** What changes of a document; nodes as they were signed, with the proofs of their keys. */
interface NationContent {
  readonly roots: readonly RootKeyRecord[]
  readonly rootThreshold: number
  readonly nodes: readonly NodeKey[]
  readonly kems: readonly KemKey[]
  readonly bounds: readonly LogBound[]
  readonly contacts: readonly Contact[]
}

function contentOf({ signed, roots, rootThreshold }: ParsedNationDoc): NationContent {
  const { nodes, kems, bounds, contacts } = decodeStrict(NationDoc, signed.docBytes, SIGNED_DOC_BYTES_MAX)
  return { roots, rootThreshold, nodes, kems, bounds, contacts }
}

function applyChange(doc: NationContent, change: NationChange): NationContent {
  switch (change.kind) {
    case 'add-node':
      return { ...doc, nodes: [...doc.nodes, newNode(doc, change.node)] }
    case 'retire-node':
      return givenUp(doc, change.node, KEY_STATUS.RETIRED, change.bounds)
    case 'compromise-node':
      return givenUp(doc, change.node, KEY_STATUS.COMPROMISED, change.bounds)
    case 'bounds':
      return { ...doc, bounds: withBounds(doc.bounds, change.bounds) }
    case 'addresses':
      return withNode(doc, change.node, node => ({ ...node, addresses: change.addresses }))
    case 'add-kems':
      return { ...doc, kems: [...doc.kems, ...change.kems] }
    case 'compromise-kems':
      return { ...doc, kems: doc.kems.map(kem => ({ ...kem, status: KEY_STATUS.COMPROMISED })) }
    case 'roots':
      return { ...doc, roots: change.roots, rootThreshold: change.threshold }
    case 'contacts':
      return { ...doc, contacts: change.contacts }
  }
}

function newNode({ nodes }: NationContent, node: NodeKey): NodeKey {
  const isKnown = nodes.some(known => equalBytes(nodeIdentity(known), nodeIdentity(node)))
  if (!isKnown) return node
  throw new UserError('nation-change-void', 'the document names this node already', {
    fix: 'There is nothing to do. To change where it is reached: tocsin nation address',
  })
}

/** the key stays in the document for good, and its status never falls. Nobody dials it any more. */
function givenUp(doc: NationContent, node: string, status: number, bounds: readonly Bound[]): NationContent {
  const marked = withNode(doc, node, known => {
    if (known.status < status) return { ...known, status, addresses: [] }
    const name = known.status === KEY_STATUS.COMPROMISED ? 'compromised' : 'retired'
    throw new UserError('nation-change-void', `the document marks this node as ${name} already`, {
      fix: 'Look at "tocsin nation show".',
    })
  })
  return { ...marked, bounds: withBounds(doc.bounds, bounds) }
}

/** A log has one bound, and the newest counts. */
function withBounds(known: readonly LogBound[], added: readonly Bound[]): readonly LogBound[] {
  const replaced = new Set(added.map(({ logId }) => toHex(logId)))
  return [...known.filter(({ logId }) => !replaced.has(toHex(logId))), ...added]
}

function withNode(doc: NationContent, identityHex: string, change: (node: NodeKey) => NodeKey): NationContent {
  const isMeant = (node: NodeKey) => toHex(nodeIdentity(node)) === identityHex
  if (doc.nodes.some(isMeant)) return { ...doc, nodes: doc.nodes.map(node => (isMeant(node) ? change(node) : node)) }
  throw new UserError('nation-node-unknown', 'the document of the nation names no such node', {
    fix: 'Name one of those that "tocsin nation show" lists.',
  })
}

/** The list stays bounded: what ended goes, and where there are still too many, what was compromised longest ago. */
function withoutOldKems(doc: NationContent, issuedMs: number): NationContent {
  const current = doc.kems.filter(kem => kem.untilMs + KEM_KEPT_DAYS * DAY_MS > issuedMs)
  const excess = Math.max(0, current.length - KEM_KEYS_MAX)
  const dropped = new Set(current.filter(kem => kem.status === KEY_STATUS.COMPROMISED).slice(0, excess))
  return { ...doc, kems: current.filter(kem => !dropped.has(kem)) }
}
