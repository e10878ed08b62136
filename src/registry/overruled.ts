import type { ErrorCode } from '../base/codes.ts'
import type { NationHistory } from './nation-history.ts'
import type { NationNode, NationNodes, NationWalk } from './nation-walk.ts'

/**
 * A document in force that the nation's own roots did not lead to and that no reset announced: the governors spoke for
 * the nation, by a pin or by naming other first roots. They can, so that no quarrel lasts for ever; they cannot
 * do it unseen.
 */
export interface Overruled {
  /** The version that the nation's roots before did not sign for. */
  readonly version: number
  readonly code: ErrorCode
}

/** Undefined where every step back from the document in force is the nation's own, or not here to be judged. */
export function checkOverruled(walk: NationWalk, history: NationHistory, nodes: NationNodes): Overruled | undefined {
  const start = walk.path[0]
  for (let node = start && nodes.get(start.hash); node !== undefined; node = parentOf(node, nodes)) {
    const code = faultOf(node, history, nodes)
    if (code !== undefined) return { version: node.doc.version, code }
  }
  return undefined
}

function parentOf({ doc }: NationNode, nodes: NationNodes): NationNode | undefined {
  return doc.prevHash && nodes.get(doc.prevHash)
}

function faultOf({ doc, step }: NationNode, history: NationHistory, nodes: NationNodes): ErrorCode | undefined {
  const isReset = history.resets.some(({ minVersion, roots }) => minVersion === doc.version && roots === doc.rootSet)
  if (step.kind === 'broken') return step.code
  if (isReset) return undefined
  if (step.kind === 'reset') return step.code
  return step.kind === 'first' && !isOfEarliestRoots(doc, history, nodes) ? 'nation-unbound' : undefined
}

/** Of the roots that the registry ever named for version 1 the earliest are the nation's, once a document of theirs is here. */
function isOfEarliestRoots({ rootSet }: NationNode['doc'], { firstRoots }: NationHistory, nodes: NationNodes): boolean {
  const place = firstRoots.indexOf(rootSet)
  const earlier = new Set(firstRoots.slice(0, Math.max(place, 0)))
  return place >= 0 && ![...nodes.values()].some(({ doc }) => doc.version === 1 && earlier.has(doc.rootSet))
}
