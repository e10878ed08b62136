import { toHex } from '../../base/bytes.ts'
import type { NodeKeys } from '../../crypto/node-key-file.ts'
import { validDocs } from '../../registry/evidence.ts'
import type { ParsedNationDoc } from '../../registry/nation-doc.ts'
import { KEY_STATUS, type NodeRecord, USE } from '../../registry/node-key.ts'
import { readNextNodeKeys } from '../home/home.ts'
import type { OwnNation } from '../home/own-nation.ts'
import { nodeOfKeys } from './nation-change.ts'

/** How far a nation has come in giving up a node whose keys others may have. Found anew each time it is asked. */
export interface CompromiseState {
  /** The document marks the node as COMPROMISED. */
  readonly isRevoked: boolean
  /** Keys that others may have are still sealed to. */
  readonly isKemExposed: boolean
  /**
   * New keys in place of the node's: `elsewhere`: it is not the node of this home. `missing`: in no document yet.
   * `waiting`: the document names them, and the daemon takes them at its next start. `used`: it has.
   */
  readonly newKeys: 'elsewhere' | 'missing' | 'waiting' | 'used'
  /** Those that wait in the home, named or not. */
  readonly nextKeys: NodeKeys | undefined
}

export async function readCompromise(own: OwnNation, node: NodeRecord): Promise<CompromiseState> {
  const nextKeys = await readNextNodeKeys(own.home)
  return {
    isRevoked: node.status === KEY_STATUS.COMPROMISED,
    isKemExposed: isKemExposed(own, node),
    newKeys: newKeysOf(own, node, nextKeys),
    nextKeys,
  }
}

function newKeysOf({ doc, nodeKeys }: OwnNation, node: NodeRecord, next: NodeKeys | undefined) {
  const current = nodeOfKeys(doc, nodeKeys)
  if (current?.identityHex === node.identityHex) {
    return next !== undefined && nodeOfKeys(doc, next) !== undefined ? 'waiting' : 'missing'
  }
  const shares = node.addresses.length === 0 || node.addresses.some(address => current?.addresses.includes(address))
  return current?.status === KEY_STATUS.ACTIVE && shares ? 'used' : 'elsewhere'
}

/** The KEM keys of a nation are on each of its inner nodes: those named while this one was trusted. */
function isKemExposed({ alliance, nation, doc }: OwnNation, { identityHex, use }: NodeRecord): boolean {
  if (use === USE.EDGE) return false
  const evidence = alliance.evidence.nations.get(nation)
  const docs = evidence === undefined ? [] : validDocs(evidence)
  const trusting = docs.filter(each => statusIn(each, identityHex) !== KEY_STATUS.COMPROMISED)
  const exposed = new Set(trusting.flatMap(({ kems }) => kems.map(({ keyId }) => toHex(keyId))))
  return doc.kems.some(({ keyId, status }) => status === KEY_STATUS.ACTIVE && exposed.has(toHex(keyId)))
}

function statusIn({ nodes }: ParsedNationDoc, identityHex: string) {
  return nodes.find(node => node.identityHex === identityHex)?.status
}
