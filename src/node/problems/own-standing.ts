import { multiaddr } from '@multiformats/multiaddr'
import type { ErrorCode } from '../../base/codes.ts'
import type { Fault } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { type PeerKeyHex, peerKeyBytes, peerKeyHex } from '../../net/peer-key.ts'
import { findAlarms } from '../../registry/alarms.ts'
import type { Directory } from '../../registry/directory.ts'
import { countOf, dayOf } from '../../registry/phrase.ts'
import { STATUS } from '../../registry/registry-doc.ts'
import { otherActiveNations } from '../knowledge/directory-views.ts'
import { type DiagnosisCheck, failed, passed, skipped, THIS_NODE } from '../orders/diagnosis-check.ts'

export interface OwnNode {
  readonly directory: Directory
  readonly nation: NationId
  readonly peer: PeerKeyHex
  readonly nowMs: number
}

const CHECKS = [
  ['own registry', checkRegistry],
  ['own nation', checkNation],
  ['own document', checkDocument],
  ['own peer key', checkPeerKey],
  ['own addresses', checkAddresses],
  ['other nodes', checkOthers],
] as const

/** What the documents in force here say of this node, without which nobody lets it in. Pure. */
export function checkOwnStanding(own: OwnNode): readonly DiagnosisCheck[] {
  if (own.directory.member(own.nation) === undefined) {
    const later = CHECKS.slice(2).map(([name]) => name)
    const nation = verdict('own nation', checkNation(own))
    return [verdict('own registry', checkRegistry(own)), nation, ...skipped(THIS_NODE, later, 'it is no member')]
  }
  return CHECKS.map(([name, check]) => verdict(name, check(own)))
}

function verdict(name: string, found: string | Fault): DiagnosisCheck {
  return typeof found === 'string' ? passed(THIS_NODE, name, found) : failed(THIS_NODE, name, found)
}

function checkRegistry(own: OwnNode): string | Fault {
  const { version, expiresMs } = own.directory.registry
  return alarmAbout(own, undefined) ?? `version ${version}, until ${dayOf(expiresMs)}`
}

function checkNation({ directory, nation }: OwnNode): string | Fault {
  const member = directory.member(nation)
  if (member?.status === STATUS.ACTIVE) return `${nation} is a member`
  if (member?.status === STATUS.SUSPENDED) return `${nation} is suspended, and still connected`
  return {
    code: 'registry-not-member',
    message: `${nation} is ${member === undefined ? 'not named' : 'expelled'} in registry version ${directory.registry.version}`,
    fix: 'Check the nation in config.yaml, or ask the governors.',
  }
}

function checkDocument(own: OwnNode): string | Fault {
  const doc = own.directory.member(own.nation)?.doc
  if (doc !== undefined) return alarmAbout(own, own.nation) ?? `version ${doc.version}, until ${dayOf(doc.expiresMs)}`
  return {
    code: 'nation-doc-missing',
    message: `no document of ${own.nation} is in force here, so nobody knows its keys`,
    fix: 'Sign one with "tocsin alliance apply FILE", or apply a file that has it.',
  }
}

/** What lies ahead and keeps nobody from connecting yet. */
const AHEAD: readonly ErrorCode[] = ['registry-expiring', 'nation-doc-expiring', 'nation-reset-pending']

function alarmAbout({ directory, nowMs }: OwnNode, nation: NationId | undefined): Fault | undefined {
  const alarms = findAlarms(directory, nowMs).filter(({ code }) => !AHEAD.includes(code))
  const alarm = alarms.find(each => each.nation === nation)
  return alarm && { code: alarm.code, message: alarm.sentence, fix: alarm.fix }
}

function checkPeerKey({ directory, nation, peer }: OwnNode): string | Fault {
  const peerPk = peerKeyBytes(peer)
  const standing = directory.peerStanding(peerPk)
  const owner = directory.nationOfPeer(peerPk)
  if (standing === 'member' && owner === nation) return `${peer} stands in the document of ${nation}`
  const why =
    owner !== undefined && owner !== nation
      ? `stands in the document of ${owner}`
      : standing === 'refused'
        ? 'is given up in the document in force'
        : 'is in no document in force'
  return {
    code: 'peer-key-unlisted',
    message: `the peer key of this node ${why}`,
    fix: 'Nobody lets it in before the document of its nation names this key: "tocsin nation show", then add the node.',
  }
}

const UNSPECIFIED = /^\/(ip4\/0\.0\.0\.0|ip6\/::)\//
const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/

/** What others would call; whether they reach it only they can tell. */
function checkAddresses({ directory, nation, peer }: OwnNode): string | Fault {
  const peers = directory.peers()
  const addresses = peers.find(each => peerKeyHex(each.peerPk) === peer)?.addresses ?? []
  if (addresses.length === 0) return 'none in the document: others wait for this node to call'
  const others = peers.filter(each => each.nation !== nation).flatMap(each => each.addresses)
  const alone = others.some(address => !LOOPBACK.test(address))
  const wrong = addresses.find(
    address => !isMultiaddr(address) || UNSPECIFIED.test(address) || (alone && LOOPBACK.test(address)),
  )
  if (wrong === undefined) return addresses.join(' ')
  return {
    code: 'net-address-invalid',
    message: `the document names ${wrong}, where nobody else can call this node`,
    fix: 'Put what others reach it by into the document: tocsin nation address',
  }
}

function checkOthers({ directory, nation }: OwnNode): string | Fault {
  if (otherActiveNations(directory, nation).length === 0) return 'there is no other nation'
  const others = directory.peers().filter(each => each.nation !== nation)
  if (others.length === 0) return NOBODY_KNOWN
  return `${countOf(others.length, 'node')} of ${countOf(new Set(others.map(each => each.nation)).size, 'nation')}`
}

/** As after a founding at several places, where everybody has the registry and nobody an address. */
export const NOBODY_KNOWN: Fault = {
  code: 'net-nobody-known',
  message: 'no node of another nation is known here, so this one can call nobody',
  fix: 'Apply here the file that "tocsin alliance invite" writes at another member, or give others the one it writes here.',
}

function isMultiaddr(text: string): boolean {
  try {
    multiaddr(text)
    return true
  } catch {
    return false
  }
}
