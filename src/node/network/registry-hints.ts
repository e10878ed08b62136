import type { Clock } from '../../base/ports.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'

export interface RegistryHintsOptions {
  /** In force here. */
  version(): number
  /** Starts to fetch what is new from somebody; from this peer where there is one. */
  fetch(peer: PeerKeyHex | undefined): void
  readonly clock: Clock
}

export interface RegistryHints {
  /** Somebody, a nation by an entry or a peer by its greeting, names a registry version. */
  hint(source: string, version: number, peer?: PeerKeyHex): void
  readonly counts: { readonly followed: number; readonly heldBack: number }
}

interface Source {
  /** In force here when its last hint was followed. */
  readonly versionThen: number
  readonly fruitless: number
  readonly followedMs: number
}

const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 3_600_000
/** The one that was followed longest ago is forgotten first: it may waste a fetch anew. */
const SOURCES_MAX = 1024

/**
 * a higher registry version is a hint to fetch, and nothing waits for it. The number itself counts for nothing:
 * whoever has named one that led nowhere is followed ever more seldom, and what it hides comes by the usual sync.
 */
export function createRegistryHints({ version, fetch, clock }: RegistryHintsOptions): RegistryHints {
  /** Insertion order is age. */
  const sources = new Map<string, Source>()
  const counts = { followed: 0, heldBack: 0 }

  function mayFollow(before: Source, nowMs: number): boolean {
    const waitedMs = nowMs - before.followedMs
    // A clock that was set back holds nobody off.
    return waitedMs < 0 || waitedMs >= Math.min(FIRST_WAIT_MS * 2 ** before.fruitless, LONGEST_WAIT_MS)
  }

  return {
    counts,
    hint(source, named, peer) {
      const here = version()
      if (named <= here) return
      const before = sources.get(source)
      const nowMs = clock.now()
      if (before !== undefined && !mayFollow(before, nowMs)) {
        counts.heldBack++
        return
      }
      const fruitless = before === undefined || here > before.versionThen ? 0 : before.fruitless + 1
      sources.delete(source)
      sources.set(source, { versionThen: here, fruitless, followedMs: nowMs })
      if (sources.size > SOURCES_MAX) sources.delete(sources.keys().next().value as string)
      counts.followed++
      fetch(peer)
    },
  }
}
