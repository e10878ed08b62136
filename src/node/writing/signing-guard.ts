import type { NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'

export interface GuardPorts {
  readonly clock: Clock
  /** Other ACTIVE nations of the registry in force. */
  otherNations(): readonly NationId[]
  /** Byzantine nations that the alliance's policy reckons with. */
  faultsTolerated(): number
  /** The store was restored or repaired: only a new incarnation may sign. */
  readonly renewing?: boolean
}

export type GuardState =
  /** Publishes queue unsigned. `answered` of `needed` nations have said how far they hold our logs. */
  | { readonly kind: 'waiting'; readonly answered: number; readonly needed: number }
  | { readonly kind: 'open' }
  /** Somebody holds more of an own log than we do: this store is an old copy. Only a new incarnation may sign. */
  | { readonly kind: 'stopped'; readonly heldHere: number; readonly heldThere: number; readonly by: string }

/** After this long one nation's answer is enough. */
const PATIENCE_MS = 60_000

/**
 * Signing safely, R-2.11: before the first signature after a start, other nations are asked how far they hold our
 * logs. An alliance with no other active nation waits for nobody. A store that was restored or repaired may lack a whole
 * incarnation, so that there one nation's answer, which may be a lie, is never enough where several are asked.
 */
export function createSigningGuard(ports: GuardPorts) {
  const startedMs = ports.clock.now()
  const answered = new Set<string>()
  let stopped: Extract<GuardState, { kind: 'stopped' }> | undefined
  let renewing = ports.renewing ?? false
  let open = false

  function needed(): number {
    return Math.min(Math.max(2, ports.faultsTolerated() + 1), ports.otherNations().length)
  }

  function state(): GuardState {
    if (stopped !== undefined) return stopped
    const patient = ports.clock.now() - startedMs < PATIENCE_MS
    const enough = patient ? needed() : Math.min(1, needed())
    if (!renewing && answered.size >= enough) open = true
    return open ? { kind: 'open' } : { kind: 'waiting', answered: answered.size, needed: needed() }
  }

  return {
    state,
    /** For how long others have not answered enough; 0 where they have. */
    waitedMs: (): number => (state().kind === 'waiting' ? ports.clock.now() - startedMs : 0),
    /** Only a new incarnation may sign; `ready`: enough nations have told which one would be new. */
    renewal: (): 'none' | 'waiting' | 'ready' => (!renewing ? 'none' : answered.size >= needed() ? 'ready' : 'waiting'),
    /** A nation has told its frontier, and no own log stands there beyond what is held here. */
    answer(nation: NationId): void {
      if (ports.otherNations().includes(nation)) answered.add(nation)
    },
    /** A head of ours that is higher than what is held here, from anybody, at any time, stops signing at once. */
    stop(heldHere: number, heldThere: number, by: string): void {
      // What a restored store lacks comes back: that is how it learns which incarnation is new.
      if (!renewing) stopped ??= { kind: 'stopped', heldHere, heldThere, by }
    },
    /** A new incarnation cannot collide with what was signed before. */
    incarnated(): void {
      stopped = undefined
      renewing = false
      open = true
    },
  }
}

export type SigningGuard = ReturnType<typeof createSigningGuard>
