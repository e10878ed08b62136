import {
  type GossipSubComponents,
  type GossipsubMessage,
  type GossipsubOpts,
  gossipsub,
  TopicValidatorResult,
} from '@libp2p/gossipsub'
import type { Connection, PeerId } from '@libp2p/interface'
import { StoreError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { Offence } from './conduct.ts'
import { type NetCounters, TOPICS, type TopicName } from './counters.ts'
import { GOSSIP_BYTES_MAX, topicText } from './gossip-options.ts'
import { OutboundPacer, type OutboundStream } from './pacing.ts'
import { type PeerKeyHex, peerIdOf, peerKeyBytes, peerKeyHexOf } from './peer-key.ts'
import { guardRpcs, type RpcReader } from './rpc-guard.ts'
import { type Verdict, verdictOfError } from './verdict.ts'

/** Judges a message that neighbour `from` passed on; what it throws is judged by its code (`verdict.ts`). */
export type Validate = (data: Uint8Array, from: PeerKeyHex) => Promise<Verdict>

/** All gossipsub protocol versions start so; streams are recognised by it. */
export const GOSSIP_PROTOCOL_PREFIX = '/meshsub/'

/** A verdict has to be in well before the message cache forgets the message, five to six seconds after it came. */
const VERDICT_MS = 3_500
/** A good message waits this long for room in its neighbours' buffers before it is forwarded all the same. */
const FORWARD_WAIT_MS = 1_000

const MIB = 1024 * 1024
/** Messages that wait for their verdict, in all and from one neighbour: a flooder may not use up the others' share. */
const PENDING_MAX = { messages: 16_384, bytes: 64 * MIB }
const PENDING_PER_PEER_MAX = { messages: 8_192, bytes: 32 * MIB }
/** Own messages that wait for their turn. */
const UNSENT_BYTES_MAX = 64 * MIB

/** Well under the outbound cap: forwarding and answers add to what publishing leaves in a buffer. */
const PACING = { highBytes: 4 * MIB, lowBytes: 1 * MIB, patienceMs: 5_000 }

const RESULTS: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** What the class behind gossipsub's service interface offers besides. */
interface Router extends RpcReader {
  readonly direct: Set<string>
  reportMessageValidationResult(id: string, source: string, result: TopicValidatorResult): void
}

/**
 * The gossipsub service. It hears nothing of connections that `mayGossip` excludes (R-5.4: a peer in limbo has one
 * stream for documents and nothing else). libp2p's stream middleware cannot do this: it runs a handler anew for each
 * stream that came before.
 */
export function gossipService(
  options: Partial<GossipsubOpts>,
  mayGossip: (connection: Connection) => boolean,
  onOffence: (peer: PeerId, offence: Offence) => void,
): (components: GossipSubComponents) => Router {
  const create = gossipsub(options)
  return components => {
    const { privateKey, peerId, peerStore, registrar, connectionManager, logger } = components
    const guarded: GossipSubComponents['registrar'] = Object.assign(Object.create(registrar), {
      handle: ((protocol, handler, options) =>
        registrar.handle(
          protocol,
          (stream, connection) => {
            if (mayGossip(connection)) return handler(stream, connection)
            stream.abort(new Error('no gossip in limbo'))
          },
          options,
        )) satisfies typeof registrar.handle,
      register: ((protocol, topology) =>
        registrar.register(protocol, {
          ...topology,
          onConnect: (peer, connection) => {
            if (mayGossip(connection)) topology.onConnect?.(peer, connection)
          },
        })) satisfies typeof registrar.register,
    })
    const router = create({ privateKey, peerId, peerStore, registrar: guarded, connectionManager, logger }) as Router
    const topics = new Set(options.allowedTopics)
    guardRpcs(router, { isTopic: topic => topics.has(topic), onOffence })
    return router
  }
}

interface Load {
  messages: number
  bytes: number
}

export interface GossipOptions {
  readonly router: Router
  readonly alliance: string
  readonly counters: NetCounters
  readonly logger: Logger
  /** The gossip streams that are open towards neighbours. */
  readonly outbound: () => Iterable<OutboundStream>
  /** Called for each message that was rejected, or for which there was no room, with the neighbour that passed it on. */
  readonly onOffence: (peer: PeerKeyHex, offence: Offence) => void
}

/** The alliance's four topics over gossipsub: verdicts in time, outbound pacing, caps, counters. */
export class Gossip {
  readonly #options: GossipOptions
  readonly #pacer: OutboundPacer
  readonly #topicTexts: ReadonlyMap<TopicName, string>
  readonly #topicNames: ReadonlyMap<string, TopicName>
  readonly #validators = new Map<TopicName, Validate>()
  readonly #pending: Load = { messages: 0, bytes: 0 }
  readonly #pendingOf = new Map<PeerKeyHex, Load>()
  #unsentBytes = 0
  #lastSend: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: GossipOptions) {
    this.#options = options
    this.#pacer = new OutboundPacer(options.outbound, PACING)
    this.#topicTexts = new Map(TOPICS.map(topic => [topic, topicText(options.alliance, topic)]))
    this.#topicNames = new Map(TOPICS.map(topic => [topicText(options.alliance, topic), topic]))
    options.router.addEventListener('gossipsub:message', event => this.#receive(event.detail))
  }

  subscribe(topic: TopicName, validate: Validate): void {
    this.#validators.set(topic, validate)
    this.#options.router.subscribe(this.#topicTexts.get(topic)!)
  }

  /** The other nodes of this nation, which get every message whatever the mesh. */
  setDirect(publicKeys: Iterable<PeerKeyHex>): void {
    const { direct } = this.#options.router
    direct.clear()
    for (const key of publicKeys) direct.add(peerIdOf(peerKeyBytes(key)).toString())
  }

  /**
   * Hands `data` to gossipsub once there is room for it in the neighbours' buffers; in the order of the calls. Throws
   * 'wire-too-large', 'net-busy' when too much is waiting already, and 'net-closed' after close.
   */
  async publish(topic: TopicName, data: Uint8Array): Promise<void> {
    if (data.length > GOSSIP_BYTES_MAX) {
      throw new StoreError(
        'wire-too-large',
        `a gossip message of ${data.length} bytes is over the cap of ${GOSSIP_BYTES_MAX}`,
      )
    }
    if (this.#unsentBytes + data.length > UNSENT_BYTES_MAX) {
      throw new StoreError('net-busy', `${this.#unsentBytes} bytes of own messages are waiting to be sent already`, {
        fix: 'Others will fetch this entry by sync; publish more slowly.',
      })
    }
    this.#unsentBytes += data.length
    const sent = this.#lastSend.then(() => this.#send(topic, data)).finally(() => (this.#unsentBytes -= data.length))
    this.#lastSend = sent.catch(() => {})
    return sent
  }

  close(): void {
    this.#closed = true
  }

  async #send(topic: TopicName, data: Uint8Array): Promise<void> {
    const { router, counters } = this.#options
    const waitedMs = await this.#pacer.room(data.length)
    if (this.#closed) throw new StoreError('net-closed', 'the network is shut down')
    if (waitedMs > 0) {
      counters.publishWaits++
      counters.publishWaitMs += waitedMs
    }
    const { recipients } = await router.publish(this.#topicTexts.get(topic)!, data)
    const totals = counters.topics[topic]
    totals.messagesOut++
    totals.bytesOut += data.length
    if (recipients.length === 0) totals.unheard++
  }

  #receive({ propagationSource, msgId, msg }: GossipsubMessage): void {
    const topic = this.#topicNames.get(msg.topic)
    const from = peerKeyHexOf(propagationSource)
    if (topic === undefined || from === null) return
    const totals = this.#options.counters.topics[topic]
    totals.messagesIn++
    totals.bytesIn += msg.data.length
    const report = (verdict: Verdict): void => this.#report(topic, verdict, msgId, propagationSource, from)
    const tooLong = msg.data.length > GOSSIP_BYTES_MAX
    const release = tooLong ? null : this.#reserve(from, msg.data.length)
    if (release === null) {
      if (!tooLong) {
        totals.overCap++
        this.#options.onOffence(from, 'net-flood-messages')
      }
      report(tooLong ? 'reject' : 'ignore')
      return
    }
    this.#judge(topic, msg.data, from)
      .then(async verdict => {
        if (verdict === 'accept') await this.#pacer.room(msg.data.length, FORWARD_WAIT_MS)
        if (!this.#closed) report(verdict)
      })
      .catch((error: unknown) => this.#options.logger.error({ error, topic }, 'gossip verdict not reported'))
      .finally(release)
  }

  /** The validator's verdict if it comes in time, else 'ignore'. Never rejects. */
  async #judge(topic: TopicName, data: Uint8Array, from: PeerKeyHex): Promise<Verdict> {
    const validate = this.#validators.get(topic)
    if (validate === undefined) return 'ignore'
    const { promise: late, resolve } = Promise.withResolvers<Verdict>()
    const timer = setTimeout(() => {
      this.#options.counters.topics[topic].late++
      resolve('ignore')
    }, VERDICT_MS)
    try {
      return await Promise.race([validate(data, from), late])
    } catch (error) {
      const verdict = verdictOfError(error)
      this.#options.logger.debug({ error, topic, from, verdict }, 'gossip message not accepted')
      return verdict
    } finally {
      clearTimeout(timer)
    }
  }

  #report(topic: TopicName, verdict: Verdict, id: string, source: PeerId, from: PeerKeyHex): void {
    this.#options.counters.topics[topic].verdicts[verdict]++
    this.#options.router.reportMessageValidationResult(id, source.toString(), RESULTS[verdict])
    if (verdict === 'reject') this.#options.onOffence(from, 'net-invalid-messages')
  }

  /** Takes a place among the messages being judged; null if there is none left for this neighbour. */
  #reserve(from: PeerKeyHex, bytes: number): (() => void) | null {
    const own = this.#pendingOf.get(from) ?? { messages: 0, bytes: 0 }
    if (!fits(this.#pending, bytes, PENDING_MAX) || !fits(own, bytes, PENDING_PER_PEER_MAX)) return null
    this.#pendingOf.set(from, own)
    for (const load of [this.#pending, own]) {
      load.messages++
      load.bytes += bytes
    }
    return () => {
      for (const load of [this.#pending, own]) {
        load.messages--
        load.bytes -= bytes
      }
      if (own.messages === 0) this.#pendingOf.delete(from)
    }
  }
}

function fits(load: Load, bytes: number, max: Load): boolean {
  return load.messages < max.messages && load.bytes + bytes <= max.bytes
}
