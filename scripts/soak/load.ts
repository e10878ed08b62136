import type { SandboxDaemon } from '../../src/cli/sandbox/sandbox-daemon.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'

/** Whoever runs now. */
export interface LoadOptions {
  readonly up: () => readonly SandboxDaemon[]
  readonly random: () => number
}

interface Said {
  readonly value: string
  readonly id: string
  readonly nation: string
}

const LOOKUP_VALUES = 500
/** Of those published, one in so many is withdrawn, and one in so many is seen by another nation. */
const WITHDRAWN_OF = 20
const SEEN_OF = 10
/** What may be withdrawn is remembered so far back. */
const RECENT_MAX = 1000

/** Publishes, sightings, withdrawals and look-ups, and the memory of what was acknowledged. */
export function createLoad({ up, random }: LoadOptions) {
  /** Values that must be shown at the end. */
  const standing = new Set<string>()
  const recent: Said[] = []
  const count = { published: 0, withdrawn: 0, sightings: 0, unanswered: 0 }
  let next = 0

  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]

  /** What was acknowledged; none where the daemon was killed meanwhile. */
  async function publish(daemon: SandboxDaemon, items: readonly PublishItem[]) {
    const outcomes = await daemon.client.publish(items).catch(() => undefined)
    if (outcomes === undefined) count.unanswered += items.length
    return outcomes ?? []
  }

  async function publishValues(daemon: SandboxDaemon, values: readonly string[]): Promise<boolean> {
    const outcomes = await publish(daemon, values.map(claimOf))
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.outcome === 'refused') throw new Error(`refused: ${outcome.code}: ${outcome.reason}`)
      standing.add(values[i]!)
      recent.push({ value: values[i]!, id: outcome.id, nation: daemon.nation })
      count.published++
    }
    recent.splice(0, Math.max(0, recent.length - RECENT_MAX))
    return outcomes.length > 0
  }

  async function see(): Promise<void> {
    const [daemon, said] = [pick(up()), pick(recent)]
    if (daemon === undefined || said === undefined || !(await isShown(daemon, said.value))) return
    const draft = { type: 'domain', value: said.value, lastSeenMs: Date.now() }
    const outcomes = await publish(daemon, [{ kind: 'sighting', draft }])
    count.sightings += outcomes.filter(({ outcome }) => outcome === 'new').length
  }

  async function withdraw(): Promise<void> {
    const said = pick(recent)
    const daemon = up().find(({ nation }) => nation === said?.nation)
    if (said === undefined || daemon === undefined || !standing.has(said.value)) return
    // Whether or not it is acknowledged, it may have been done.
    standing.delete(said.value)
    const outcomes = await publish(daemon, [{ kind: 'withdrawal', id: said.id, reason: 'an error' }])
    count.withdrawn += outcomes.filter(({ outcome }) => outcome === 'new').length
  }

  async function isShown({ client }: SandboxDaemon, value: string): Promise<boolean> {
    const found = await client.lookup([value]).catch(() => [])
    return found[0]?.result === 'found'
  }

  return {
    /** About `rate` indicators, by one nation that runs. */
    async step(rate: number): Promise<void> {
      const daemon = pick(up())
      if (daemon === undefined) return
      const values = Array.from({ length: Math.max(1, Math.round(rate)) }, () => `load-${next++}.example`)
      await publishValues(daemon, values)
      if (random() < rate / SEEN_OF) await see()
      if (random() < rate / WITHDRAWN_OF) await withdraw()
    },
    /** One indicator that others are to show soon; undefined where it was not acknowledged. */
    async probe(number: number): Promise<string | undefined> {
      const daemon = pick(up())
      const value = `probe-${number}.example`
      return daemon !== undefined && (await publishValues(daemon, [value])) ? value : undefined
    },
    isShown,
    /** How many of the values that stand some nation does not show. */
    async countLost(daemons: readonly SandboxDaemon[]): Promise<number> {
      const values = [...standing]
      const lost = new Set<string>()
      for (let at = 0; at < values.length; at += LOOKUP_VALUES) {
        const asked = values.slice(at, at + LOOKUP_VALUES)
        for (const { client } of daemons) {
          for (const [i, { result }] of (await client.lookup(asked)).entries()) {
            if (result !== 'found') lost.add(asked[i]!)
          }
        }
      }
      return lost.size
    },
    counts: () => ({ ...count }),
  }
}

function claimOf(value: string): PublishItem {
  return {
    kind: 'claim',
    draft: { type: 'domain', value, confidence: 50, description: `seen in the soak as ${value}` },
  }
}
