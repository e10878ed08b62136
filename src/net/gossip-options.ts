import { networkInterfaces } from 'node:os'
import type { GossipsubOpts, Message } from '@libp2p/gossipsub'
import type { TopicScoreParams } from '@libp2p/gossipsub/score'
import { concat, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import { TOPICS, type TopicName } from './counters.ts'
import { BoundedMessageCache } from './message-cache.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** One gossip message. The largest honest ones are registry documents of a large alliance, about 250 KiB. */
export const GOSSIP_BYTES_MAX = 1 * MIB
/** One inbound RPC: beyond it gossipsub drops the sender, so that nothing honest may come near it. */
const RPC_BYTES_MAX = 4 * MIB
/** One answer to IWANT, which is one RPC. */
const ANSWER_BYTES_MAX = 3 * MIB
const ANSWER_MESSAGES_MAX = 1_024
/** Buffered for one neighbour before its stream is given up. */
const OUTBOUND_BYTES_MAX = 32 * MIB

const HEARTBEAT_MS = 1_000
/** A message is remembered for six heartbeats, so for five seconds at least: verdicts must come before. */
const CACHE_WINDOWS = 6
const CACHE_BYTES_MAX = 128 * MIB
/** Ids of judged messages are remembered this long; an ignored one does not come again before. */
const SEEN_MS = 120_000

/**
 * Own messages go to every subscribed neighbour and not to the mesh alone: an alliance is tens of nodes, an alert must
 * not depend on the goodwill of six of them, and the pacing keeps the burst within everybody's buffer.
 */
const FLOOD_PUBLISH = true

/**
 * "I have it" notes pay only for messages that cost much more than the note itself: full bodies do, the single
 * indicators of a quiet day (600 bytes) do not.
 */
const IDONTWANT_BYTES_MIN = 16 * KIB
const IDONTWANT_PER_HEARTBEAT = 1_024

/** An own RPC carries at most one entry per topic and kind of control message; other implementations get room. */
const CONTROL_PER_RPC = 8 * TOPICS.length

const HOUR_MS = 3_600_000

/** The factor that makes a counter, decayed once a second, fall to a half in `halfLifeMs`. */
function decayFor(halfLifeMs: number): number {
  return 0.5 ** (1_000 / halfLifeMs)
}

/**
 * Only provable rubbish counts against a neighbour. Deliveries earn a little, silence costs nothing: how much a
 * nation has to say is no measure of its honesty, so gossipsub's delivery quotas are off.
 */
function topicScore(): TopicScoreParams {
  return {
    topicWeight: 1,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1_000,
    timeInMeshCap: 300,
    firstMessageDeliveriesWeight: 0.05,
    firstMessageDeliveriesDecay: decayFor(60_000),
    firstMessageDeliveriesCap: 40,
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: 0.5,
    meshMessageDeliveriesCap: 1,
    meshMessageDeliveriesThreshold: 1,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: HOUR_MS,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: 0.5,
    invalidMessageDeliveriesWeight: -1,
    invalidMessageDeliveriesDecay: decayFor(5 * 60_000),
  }
}

/** Loopback, this machine's addresses and the announced ones: nodes of one test, site or NAT share them. */
export function sharedIps(announced: readonly string[] = []): Set<string> {
  const own = Object.values(networkInterfaces()).flatMap(list => list?.map(each => each.address) ?? [])
  const named = announced.flatMap(address => /^\/ip[46]\/([^/]+)/.exec(address)?.[1] ?? [])
  return new Set(['127.0.0.1', '::1', ...own, ...named])
}

/** `tocsin/1/<alliance>/<topic>`; `alliance` is the lower-case hex of the alliance id. */
export function topicText(alliance: string, topic: TopicName): string {
  return `tocsin/1/${alliance}/${topic}`
}

/** the message id is the hash of the topic and the full data, so that no forged copy shadows a true one. */
export function messageId(topic: string, data: Uint8Array): Uint8Array {
  return sha256(concat(utf8(topic), data))
}

function messageIdText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1')
}

type MessageCacheOption = NonNullable<GossipsubOpts['messageCache']>

/** All that ask of gossipsub; the defaults of what is not named here were read and kept. */
export function gossipOptions(alliance: string, announced: readonly string[] = []): Partial<GossipsubOpts> {
  const topics = TOPICS.map(topic => topicText(alliance, topic))
  const cache = new BoundedMessageCache({
    windows: CACHE_WINDOWS,
    offeredWindows: 3,
    bytesMax: CACHE_BYTES_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
    answerMessagesMax: ANSWER_MESSAGES_MAX,
  })
  return {
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: (message: Message) => messageId(message.topic, message.data),
    msgIdToStrFn: messageIdText,
    // The option's type is a class with private fields; the class here has every method that gossipsub calls.
    messageCache: cache as unknown as MessageCacheOption,
    allowedTopics: topics,
    asyncValidation: true,
    emitSelf: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    fallbackToFloodsub: false,
    floodPublish: FLOOD_PUBLISH,
    // Encodes once for all neighbours.
    batchPublish: true,
    doPX: false,
    tagMeshPeers: false,
    heartbeatInterval: HEARTBEAT_MS,
    mcacheLength: CACHE_WINDOWS,
    seenTTL: SEEN_MS,
    // Direct peers are kept connected by the dialer; gossipsub's own attempt would hold up its heartbeat.
    directConnectTicks: Number.MAX_SAFE_INTEGER,
    idontwantMinDataSize: IDONTWANT_BYTES_MIN,
    idontwantMaxMessages: IDONTWANT_PER_HEARTBEAT,
    maxInboundDataLength: RPC_BYTES_MAX,
    maxOutboundBufferSize: OUTBOUND_BYTES_MAX,
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    maxTopicBytesPerPeer: 64 * KIB,
    decodeRpcLimits: {
      maxSubscriptions: CONTROL_PER_RPC,
      maxMessages: 4 * ANSWER_MESSAGES_MAX,
      maxIhaveMessageIDs: 4 * ANSWER_MESSAGES_MAX,
      maxIwantMessageIDs: 4 * ANSWER_MESSAGES_MAX,
      maxIdontwantMessageIDs: IDONTWANT_PER_HEARTBEAT,
      maxControlMessages: CONTROL_PER_RPC,
      maxPeerInfos: 0,
    },
    scoreParams: {
      topics: Object.fromEntries(topics.map(topic => [topic, topicScore()])),
      topicScoreCap: 20,
      IPColocationFactorThreshold: 10,
      IPColocationFactorWhitelist: sharedIps(announced),
      // A broken IWANT promise or a graft within the back-off happens to the honest under load.
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyWeight: -10,
      behaviourPenaltyDecay: decayFor(60_000),
    },
    // Ten, fourteen and twenty rejected messages.
    scoreThresholds: { gossipThreshold: -100, publishThreshold: -200, graylistThreshold: -400 },
  }
}
