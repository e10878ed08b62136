import type { Connection } from '@libp2p/interface'
import type { DialFault } from './dial-error.ts'
import type { DialState } from './dialer.ts'
import type { PeerKeyHex } from './peer-key.ts'

export interface PeerState {
  readonly peer: PeerKeyHex
  /** 'connected' means admitted by both sides and identified. */
  readonly status: 'connected' | 'limbo' | 'handshaking' | 'dialing' | 'waiting'
  /** Since when it has this status, in milliseconds of the epoch. */
  readonly sinceMs: number
  /** Whether we keep this peer connected. */
  readonly static: boolean
  readonly direction: 'inbound' | 'outbound' | null
  /** Of the open connection, else those that are tried. */
  readonly addresses: readonly string[]
  readonly rttMs: number | null
  readonly nextDialMs: number | null
  /** Why it is not connected. */
  readonly fault: DialFault | null
}

export interface PeerFacts {
  /** Null for a peer that we do not keep connected. */
  readonly dial: DialState | null
  readonly connection: Connection | null
  /** Since when it is admitted and identified, or null. */
  readonly upSinceMs: number | null
  readonly limbo: boolean
}

/** What `peer list` shows of one peer. */
export function peerState(peer: PeerKeyHex, { dial, connection, upSinceMs, limbo }: PeerFacts): PeerState {
  if (connection === null) return absentState(peer, dial)
  return {
    peer,
    status: upSinceMs !== null ? 'connected' : limbo ? 'limbo' : 'handshaking',
    sinceMs: upSinceMs ?? connection.timeline.open,
    static: dial !== null,
    direction: connection.direction,
    addresses: [connection.remoteAddr.toString()],
    rttMs: connection.rtt ?? null,
    nextDialMs: null,
    fault: null,
  }
}

function absentState(peer: PeerKeyHex, dial: DialState | null): PeerState {
  return {
    peer,
    status: dial?.status === 'dialing' ? 'dialing' : 'waiting',
    sinceMs: dial?.sinceMs ?? Date.now(),
    static: dial !== null,
    direction: null,
    addresses: dial?.addresses ?? [],
    rttMs: null,
    nextDialMs: dial?.nextDialMs ?? null,
    fault: dial?.fault ?? null,
  }
}
