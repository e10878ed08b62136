import { mapOffences, type Offence } from './conduct.ts'
import type { Verdict } from './verdict.ts'

export const TOPICS = ['entries', 'heads', 'registry', 'alerts'] as const
/** The short name of one of the alliance's four gossip topics. */
export type TopicName = (typeof TOPICS)[number]

export interface TopicCounters {
  messagesIn: number
  bytesIn: number
  /** Verdicts given, among them those of the two reasons below. */
  readonly verdicts: Record<Verdict, number>
  /** Ignored because too many messages were waiting for their verdict. */
  overCap: number
  /** Ignored because the verdict did not come in time to be of use. */
  late: number
  messagesOut: number
  bytesOut: number
  /** Own messages that were handed over while no neighbour subscribed to the topic. */
  unheard: number
}

/** Totals since start, read by the metrics layer. Plain numbers: increments are the whole interface. */
export interface NetCounters {
  connectionsOpened: number
  connectionsClosed: number
  /** Closed right after the handshake because the key has no standing. */
  connectionsRefused: number
  /** Hung up because the standing was lost while connected. */
  connectionsRevoked: number
  limboOpened: number
  limboExceeded: number
  /** Peers cut off for a while because of what they sent. */
  peersCut: number
  /** Calls that came to nothing: over a cap of one address or of all, or no handshake in time. */
  callsTurnedAway: number
  /** What connected peers overdid, each time. */
  readonly offences: Record<Offence, number>
  dials: number
  dialsFailed: number
  watchdogRedials: number
  /** Publishes that had to wait for room in the outbound buffers, and for how long. */
  publishWaits: number
  publishWaitMs: number
  streamsIn: number
  streamsOut: number
  streamsRefused: number
  /** Connections of own inner nodes that this edge passes on now. */
  relaysOpen: number
  framesIn: number
  framesOut: number
  frameBytesIn: number
  frameBytesOut: number
  readonly topics: Record<TopicName, TopicCounters>
}

function createTopicCounters(): TopicCounters {
  return {
    messagesIn: 0,
    bytesIn: 0,
    verdicts: { accept: 0, ignore: 0, reject: 0 },
    overCap: 0,
    late: 0,
    messagesOut: 0,
    bytesOut: 0,
    unheard: 0,
  }
}

export function createNetCounters(): NetCounters {
  return {
    connectionsOpened: 0,
    connectionsClosed: 0,
    connectionsRefused: 0,
    connectionsRevoked: 0,
    limboOpened: 0,
    limboExceeded: 0,
    peersCut: 0,
    callsTurnedAway: 0,
    offences: mapOffences(() => 0),
    dials: 0,
    dialsFailed: 0,
    watchdogRedials: 0,
    publishWaits: 0,
    publishWaitMs: 0,
    streamsIn: 0,
    streamsOut: 0,
    streamsRefused: 0,
    relaysOpen: 0,
    framesIn: 0,
    framesOut: 0,
    frameBytesIn: 0,
    frameBytesOut: 0,
    topics: {
      entries: createTopicCounters(),
      heads: createTopicCounters(),
      registry: createTopicCounters(),
      alerts: createTopicCounters(),
    },
  }
}
