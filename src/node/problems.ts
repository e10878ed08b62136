import type { Node } from './daemon.ts'
import type { Problem } from './node-service.ts'

/** What keeps a node from its work, or soon will: for the operator, with what to do about it. */
export function findProblems(node: Node): Problem[] {
  return [...storeProblems(node), ...signingProblems(node), ...policyProblems(node), ...clockProblems(node)]
}

function storeProblems({ store }: Node): Problem[] {
  if (store.state !== 'failed') return []
  return [
    {
      code: 'store-failed',
      message: 'a write to the store failed; nothing new is accepted',
      fix: 'Make room on the disk or mend it; the node tries again by itself.',
    },
  ]
}

function signingProblems(node: Node): Problem[] {
  const hindrance = node.hindrance()
  if (!hindrance?.code.startsWith('signing-')) return []
  return [{ code: hindrance.code, message: hindrance.message, fix: hindrance.fix ?? '' }]
}

function policyProblems({ release }: Node): Problem[] {
  const hindrance = release.desk.hindrance()
  return hindrance === undefined ? [] : [{ code: hindrance.code, message: hindrance.message, fix: hindrance.fix ?? '' }]
}

function clockProblems({ sync, book }: Node): Problem[] {
  const skew = sync.clockSkewMs()
  if (skew === undefined || Math.abs(skew) <= book.directory().policy.skewSeconds * 1000) return []
  return [
    {
      code: 'clock-skew',
      message: `this clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} most peers`,
      fix: 'Set the clock by NTP.',
    },
  ]
}
