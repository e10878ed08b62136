import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { nameOf } from './describe.ts'
import { type KemRecord, SUITE_XWING } from './kem-key.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import { KEY_STATUS, type KeyStatus, type NodeRecord, USE } from './node-key.ts'
import { dayOf, listOf, momentOf, shortId } from './phrase.ts'

/** What changes in the nodes of a nation, in sentences. */
export function describeNodesChange(
  nation: NationId,
  before: readonly NodeRecord[],
  after: readonly NodeRecord[],
): string[] {
  const old = new Map(before.map(node => [node.identityHex, node]))
  const next = new Map(after.map(node => [node.identityHex, node]))
  return [
    ...after.flatMap(node => describeNodeChange(nation, old.get(node.identityHex), node)),
    ...before
      .filter(node => !next.has(node.identityHex))
      .map(node => `ATTENTION: ${nodeName(nation, node)} is left out, so nobody will accept the document (R-1.8).`),
    ...(before.some(isActive) && !after.some(isActive)
      ? [`ATTENTION: no node of ${nation} is active any more: nobody connects with it, and it publishes nothing.`]
      : []),
  ]
}

function isActive({ status }: NodeRecord): boolean {
  return status === KEY_STATUS.ACTIVE
}

function describeNodeChange(nation: NationId, before: NodeRecord | undefined, node: NodeRecord): string[] {
  const name = nodeName(nation, node)
  if (before === undefined) {
    const use = node.use === USE.EDGE ? 'relays and reads nothing' : 'signs and reads'
    const status = node.status === KEY_STATUS.ACTIVE ? 'joins' : `is entered as ${nameOf(KEY_STATUS, node.status)}`
    return [`${name} ${status}: it ${use}, ${reachOf(node)}; ${keysOf(node)}.`]
  }
  const proofs = [keysOf(before), keysOf(node)]
  return [
    ...(before.status === node.status ? [] : [describeNodeStatus(name, node.status)]),
    ...(reachOf(before) === reachOf(node) ? [] : [`${name} is now ${reachOf(node)}; before: ${reachOf(before)}.`]),
    ...(proofs[0] === proofs[1] ? [] : [`ATTENTION: of ${name} now ${proofs[1]}; before: ${proofs[0]}.`]),
  ]
}

function describeNodeStatus(name: string, status: KeyStatus): string {
  if (status === KEY_STATUS.RETIRED)
    return `${name} is RETIRED: it is no longer connected to, and its logs never grow again.`
  if (status === KEY_STATUS.COMPROMISED)
    return `ATTENTION: ${name} is COMPROMISED: it is no longer connected to, and of its logs only what is bounded or witnessed by a quorum stays trusted.`
  return `ATTENTION: ${name} is ACTIVE again, so nobody will accept the document (R-1.8).`
}

/** By its first key: that for signing, or of an edge the peer key. */
function nodeName(nation: NationId, { named }: NodeRecord): string {
  return `${nation}'s node ${shortId(toHex(named[0]!))}`
}

function reachOf({ addresses }: NodeRecord): string {
  return addresses.length === 0 ? 'reached at no address' : `reached at ${listOf(addresses)}`
}

/** R-1.12: a key without its proof of possession counts for nothing. */
function keysOf({ signPk, witnessPk, peerPk, use }: NodeRecord): string {
  const all = { sign: signPk, witness: witnessPk, peer: peerPk }
  const parts = Object.entries(all).filter(([name]) => use === USE.INNER || name === 'peer')
  return parts.map(([name, pk]) => `${name} key ${pk === undefined ? 'WITHOUT PROOF' : shortId(toHex(pk))}`).join(', ')
}

/** What changes in the keys that others seal to, in sentences. `after` is the whole document: its date decides what is due. */
export function describeKemsChange(nation: NationId, before: readonly KemRecord[], after: ParsedNationDoc): string[] {
  const old = new Map(before.map(kem => [toHex(kem.keyId), kem]))
  const next = new Set(after.kems.map(kem => toHex(kem.keyId)))
  const added = after.kems.filter(kem => !old.has(toHex(kem.keyId)))
  const removed = before.filter(kem => !next.has(toHex(kem.keyId)))
  return [
    ...inRows(added).map(row => describeNewKems(nation, row)),
    ...after.kems.flatMap(kem => describeKemChange(nation, old.get(toHex(kem.keyId)), kem)),
    ...removed.map(kem => `${kemName(nation, kem)} is left out (it was ${windowOf(kem)}).`),
    ...describeNoKem(before, after),
  ]
}

/** R-3.7: keys made ahead in one ceremony, whose windows follow each other. */
function inRows(kems: readonly KemRecord[]): KemRecord[][] {
  const rows: KemRecord[][] = []
  for (const kem of kems) {
    const last = rows.at(-1)?.at(-1)
    const follows = last?.untilMs === kem.fromMs && last.suite === kem.suite && last.status === kem.status
    if (follows) rows.at(-1)!.push(kem)
    else rows.push([kem])
  }
  return rows
}

function describeNewKems(nation: NationId, row: readonly KemRecord[]): string {
  const { suite, status, fromMs } = row[0]!
  const more = `${suite === SUITE_XWING ? '' : `, suite ${suite}`}${status === KEY_STATUS.ACTIVE ? '' : `, as ${nameOf(KEY_STATUS, status)}`}`
  if (row.length === 1) return `${kemName(nation, row[0]!)} is added, ${windowOf(row[0]!)}${more}.`
  const keys = row.map(({ keyId, untilMs }) => `${shortId(toHex(keyId))} until ${dayOf(untilMs)}`)
  return `${row.length} KEM keys of ${nation} are added, to be sealed to one after the other from ${momentOf(fromMs)}${more}: ${keys.join(', ')}.`
}

function describeKemChange(nation: NationId, before: KemRecord | undefined, kem: KemRecord): string[] {
  if (before === undefined) return []
  const name = kemName(nation, kem)
  const warning = kem.status === KEY_STATUS.COMPROMISED ? 'ATTENTION: ' : ''
  const ends = kem.status === KEY_STATUS.ACTIVE ? 'it is sealed to again' : 'nothing more is sealed to it'
  return [
    ...(before.status === kem.status ? [] : [`${warning}${name} is ${nameOf(KEY_STATUS, kem.status)}: ${ends}.`]),
    ...(windowOf(before) === windowOf(kem) ? [] : [`${name} is now ${windowOf(kem)}; before: ${windowOf(before)}.`]),
  ]
}

function kemName(nation: NationId, { keyId }: KemRecord): string {
  return `KEM key ${shortId(toHex(keyId))} of ${nation}`
}

function windowOf({ fromMs, untilMs }: KemRecord): string {
  return `to be sealed to from ${momentOf(fromMs)} until ${momentOf(untilMs)}`
}

function describeNoKem(before: readonly KemRecord[], { nation, kems, issuedMs }: ParsedNationDoc): string[] {
  const isDue = ({ status, untilMs }: KemRecord) => status === KEY_STATUS.ACTIVE && untilMs > issuedMs
  if (kems.some(isDue) || !before.some(isDue)) return []
  return [`ATTENTION: ${nation} has no KEM key left that others could seal to.`]
}
