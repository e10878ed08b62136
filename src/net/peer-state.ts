import type { Connection } from '@libp2p/interface'
import type { NamedOffence } from './conduct.ts'
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
  /** What it speaks, such as `/tocsin/sync/1`; empty where it is not connected. */
  readonly protocols: readonly string[]
  readonly nextDialMs: number | null
  /** Why it is not connected. */
  readonly fault: DialFault | null
  /** Calls in a row that did not come about. */
  readonly failures: number
  /** What it overdoes, or is cut off for. */
  readonly offence: NamedOffence | null
}

/** Of a peer that is admitted and identified. */
export interface UpPeer {
  readonly sinceMs: number
  readonly gossips: boolean
  readonly protocols: readonly string[]
}

export interface PeerFacts {
  /** Null for a peer that we do not keep connected. */
  readonly dial: DialState | null
  readonly connection: Connection | null
  readonly up: UpPeer | null
  readonly limbo: boolean
  readonly offence: NamedOffence | null
}

/** What `peer list` shows of one peer. */
export function peerState(peer: PeerKeyHex, { dial, connection, up, limbo, offence }: PeerFacts): PeerState {
  if (connection === null) return absentState(peer, dial, offence)
  return {
    peer,
    status: up !== null ? 'connected' : limbo ? 'limbo' : 'handshaking',
    sinceMs: up?.sinceMs ?? connection.timeline.open,
    static: dial !== null,
    direction: connection.direction,
    addresses: [connection.remoteAddr.toString()],
    rttMs: connection.rtt ?? null,
    protocols: up?.protocols ?? [],
    nextDialMs: null,
    fault: up === null ? (dial?.fault ?? null) : null,
    failures: dial?.failures ?? 0,
    offence,
  }
}

function absentState(peer: PeerKeyHex, dial: DialState | null, offence: NamedOffence | null): PeerState {
  return {
    peer,
    status: dial?.status === 'dialing' ? 'dialing' : 'waiting',
    sinceMs: dial?.sinceMs ?? Date.now(),
    static: dial !== null,
    direction: null,
    addresses: dial?.addresses ?? [],
    rttMs: null,
    protocols: [],
    nextDialMs: dial?.nextDialMs ?? null,
    fault: dial?.fault ?? null,
    failures: dial?.failures ?? 0,
    offence,
  }
}
