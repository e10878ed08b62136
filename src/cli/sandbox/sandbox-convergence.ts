import { setTimeout as delay } from 'node:timers/promises'
import type { NodeDigest, NodeStatus } from '../../node/orders/node-service.ts'
import type { SandboxDaemon } from './sandbox-daemon.ts'

export interface NationState extends NodeDigest {
  readonly nation: string
}

/** `different`: what keeps the nations apart, one sentence each. */
export type Convergence =
  | { readonly kind: 'converged'; readonly nations: readonly NationState[] }
  | { readonly kind: 'different'; readonly nations: readonly NationState[]; readonly differences: readonly string[] }

const POLL_MS = 100

/** Waits until all nations hold and show the same and nobody has anything left to do. */
export async function awaitConvergence(
  daemons: readonly SandboxDaemon[],
  untilMs: number,
  signal: AbortSignal,
): Promise<Convergence> {
  for (;;) {
    const statuses = await Promise.all(daemons.map(daemon => daemon.status()))
    const open = findDifferences(daemons.map(({ nation }, i) => ({ nation, status: statuses[i] })))
    const isLate = Date.now() > untilMs
    if (open.length === 0 || isLate) {
      const nations = await digestsOf(daemons)
      const differences = open.length > 0 ? open : findUnequalDigests(nations)
      if (differences.length === 0) return { kind: 'converged', nations }
      if (isLate) return { kind: 'different', nations, differences }
    }
    await delay(POLL_MS, undefined, { signal })
  }
}

interface Report {
  readonly nation: string
  readonly status: NodeStatus | undefined
}

/** What is not the same, or not done, by what each nation says of itself; compared with the first that answers. */
export function findDifferences(reports: readonly Report[]): string[] {
  const answering = reports.flatMap(({ nation, status }) => (status === undefined ? [] : [{ nation, status }]))
  const [first] = answering
  return [
    ...reports.filter(({ status }) => status === undefined).map(({ nation }) => `${nation} does not answer`),
    ...answering.flatMap(({ nation, status }) => unfinished(nation, status)),
    ...answering.slice(1).flatMap(({ nation, status }) => unequal(first!, { nation, status })),
  ]
}

function unfinished(nation: string, { backlog, waiting, queued }: NodeStatus): string[] {
  return [
    ...(backlog > 0 ? [`${nation} has ${backlog} entries yet to open`] : []),
    ...(waiting > 0 ? [`${nation} waits for the keys to ${waiting} batches`] : []),
    ...(queued > 0 ? [`${nation} has ${queued} publishes yet to sign`] : []),
  ]
}

interface Answer {
  readonly nation: string
  readonly status: NodeStatus
}

function unequal(first: Answer, other: Answer): string[] {
  if (first.status.frontier === other.status.frontier) return []
  const sizes = (status: NodeStatus) => new Map(status.logs.map(log => [log.logId, log]))
  const [here, there] = [sizes(first.status), sizes(other.status)]
  const differing = [...new Set([...here.keys(), ...there.keys()])].filter(
    id => here.get(id)?.head !== there.get(id)?.head,
  )
  return differing.map(id => {
    const log = here.get(id) ?? there.get(id)!
    const [ours, theirs] = [here.get(id)?.size ?? 0, there.get(id)?.size ?? 0]
    return `of the log ${id.slice(0, 8)} of ${log.nation}, ${other.nation} holds ${theirs} entries, ${first.nation} ${ours}`
  })
}

async function digestsOf(daemons: readonly SandboxDaemon[]): Promise<NationState[]> {
  const digests = await Promise.all(
    daemons.map(async ({ nation, client }) => {
      const digest = await client.digest().catch(() => undefined)
      return digest === undefined ? [] : [{ nation, ...digest }]
    }),
  )
  return digests.flat()
}

function findUnequalDigests(nations: readonly NationState[]): string[] {
  const [first, ...others] = nations
  return others.flatMap(other => [
    ...(other.frontier === first!.frontier ? [] : [`${other.nation} holds other entries than ${first!.nation}`]),
    ...(other.view === first!.view ? [] : [`${other.nation} shows another view than ${first!.nation}`]),
  ])
}
