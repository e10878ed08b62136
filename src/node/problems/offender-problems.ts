import type { NamedOffence } from '../../net/conduct.ts'
import type { Problem } from '../orders/node-service.ts'
import type { EdgeProblemSources } from './problem-sources.ts'

/** Of this many peers; the others are in `peer list`. */
const PEERS_TOLD_MAX = 16
/** Calls of one address turned away of late; a node of a member that is not let in calls more seldom. */
const TURNED_AWAY_MIN = 100

/** Who overdoes what, by nation and key, or by the address it calls from where it is nobody. */
export function offenderProblems({ host, nationOf }: Pick<EdgeProblemSources, 'host' | 'nationOf'>): Problem[] {
  // What it answered wrongly is told apart, unless it is cut off for it.
  const isTold = (offence: NamedOffence) => offence.cut || offence.code !== 'sync-peer-spoils'
  const offenders = host.peers().filter(({ offence }) => offence !== null && isTold(offence))
  const ofPeers = offenders.slice(0, PEERS_TOLD_MAX).map(({ peer, offence }): Problem => {
    const { code, message } = offence!
    const nation = nationOf(peer) ?? 'a stranger'
    return {
      grade: 'warning',
      code,
      occasion: peer,
      message: `the node ${peer.slice(0, 16)} of ${nation}: ${message}`,
      fix: `Ask ${nation} what is wrong with it: all others are served meanwhile, and it is forgiven by itself once it stops.`,
    }
  })
  return [...ofPeers, ...callerProblems(host)]
}

function callerProblems(host: EdgeProblemSources['host']): Problem[] {
  const worst = host.worstCaller()
  if (worst === null || worst.turnedAway < TURNED_AWAY_MIN) return []
  return [
    {
      grade: 'warning',
      code: 'net-flood-callers',
      occasion: worst.address,
      message: `${worst.address} keeps calling in vain: about ${worst.turnedAway} of its calls were turned away of late`,
      fix: 'Where no node of a member is there, block it at the firewall; members are let in meanwhile.',
    },
  ]
}
