import type { Clock, Random } from '../../base/ports.ts'
import type { TaxiiOutcome, TaxiiStatus } from '../orders/taxii-reading.ts'

/** What became of one object of a request. */
export interface TaxiiDeed extends TaxiiOutcome {
  readonly state: 'success' | 'failure' | 'pending'
  /** Ids of the items that wait, in hex. */
  readonly items: readonly string[]
}

interface Kept {
  readonly owner: string
  readonly id: string
  readonly requestedMs: number
  readonly deeds: readonly TaxiiDeed[]
}

/** Of all tokens together; the oldest requests are forgotten first. */
const DEEDS_MAX = 100_000
const REQUESTS_PER_OWNER_MAX = 64
const UUID_BYTES = 16

/** What became of requests to add objects: in memory, for whoever made them. */
export function createTaxiiStatusBook({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
  const kept = new Map<string, Kept>()

  function add(owner: string, deeds: readonly TaxiiDeed[]): TaxiiStatus {
    const entry = { owner, id: uuid4(random.bytes(UUID_BYTES)), requestedMs: clock.now(), deeds }
    kept.set(entry.id, entry)
    forget(owner)
    return statusOf(entry)
  }

  function forget(owner: string): void {
    const own = [...kept.values()].filter(each => each.owner === owner)
    for (const { id } of own.slice(0, Math.max(0, own.length - REQUESTS_PER_OWNER_MAX))) kept.delete(id)
    let deeds = [...kept.values()].reduce((sum, each) => sum + each.deeds.length, 0)
    for (const each of kept.values()) {
      if (deeds <= DEEDS_MAX || kept.size === 1) return
      kept.delete(each.id)
      deeds -= each.deeds.length
    }
  }

  /** `settle`: what has become of one that was pending. */
  async function find(
    owner: string,
    id: string,
    settle: (deed: TaxiiDeed) => Promise<TaxiiDeed>,
  ): Promise<TaxiiStatus | undefined> {
    const entry = kept.get(id)
    if (entry?.owner !== owner) return undefined
    const deeds: TaxiiDeed[] = []
    for (const deed of entry.deeds) deeds.push(deed.state === 'pending' ? await settle(deed) : deed)
    const settled = { ...entry, deeds }
    if (kept.has(id)) kept.set(id, settled)
    return statusOf(settled)
  }

  return { add, find }
}

function statusOf({ id, requestedMs, deeds }: Kept): TaxiiStatus {
  const of = (state: TaxiiDeed['state']) =>
    deeds.filter(deed => deed.state === state).map(({ state: _, items: __, ...outcome }) => outcome)
  return { id, requestedMs, successes: of('success'), failures: of('failure'), pendings: of('pending') }
}

function uuid4(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes)
  hex[6] = (hex[6]! & 0x0f) | 0x40
  hex[8] = (hex[8]! & 0x3f) | 0x80
  return hex.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
