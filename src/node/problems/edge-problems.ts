import { countOf } from '../../registry/phrase.ts'
import { ownEdges } from '../config/config.ts'
import { checkEdge } from '../network/peer-targets.ts'
import type { Problem } from '../orders/node-service.ts'
import type { EdgeProblemSources } from './problem-sources.ts'

/** Of an inner node that reaches others through its edges alone. */
export function edgeProblems({ config, book, nation, host }: EdgeProblemSources): Problem[] {
  const edges = ownEdges(config)
  if (edges.length === 0) return []
  const place = { directory: book.directory(), nation, self: host.self, edges }
  const others = edges.filter(edge => checkEdge(place, edge) === 'other')
  const states = new Map(host.peers().map(({ peer, status }) => [peer, status]))
  const isConnected = edges.some(({ peer }) => states.get(peer) === 'connected')
  return [...(isConnected ? [] : [absent(edges.length)]), ...others.map(({ address }) => other(nation, address))]
}

function absent(count: number): Problem {
  return {
    grade: 'alarm',
    code: 'edge-absent',
    occasion: '',
    message: `none of ${countOf(count, 'edge node')} in net.edges is connected, and this node reaches nobody without one`,
    fix: 'See that one runs and can be reached from here: "tocsin peer list" says what is wrong. A further one is named in net.edges.',
  }
}

function other(nation: string, address: string): Problem {
  return {
    grade: 'warning',
    code: 'edge-unknown',
    occasion: address,
    message: `net.edges names ${address}, which is no active edge node of ${nation} by its document`,
    fix: 'Take it out of net.edges, or take it into the document with "tocsin nation add-node".',
  }
}
