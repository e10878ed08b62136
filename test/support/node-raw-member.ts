import { randomBytes } from 'node:crypto'
import { EMPTY, equalBytes, toHex } from '../../src/base/bytes.ts'
import { type LogId, parseLogId } from '../../src/base/ids.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { buildGenesis, type GenesisContent } from '../../src/chain/genesis.ts'
import { buildEntry, type EntryDraft, type EntryPlace, signEntry } from '../../src/chain/next-entry.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { sealBody } from '../../src/crypto/seal.ts'
import { openHost } from '../../src/net/host.ts'
import { peerKeyHex } from '../../src/net/peer-key.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { DOCS_PROTOCOL } from '../../src/node/network/docs-exchange.ts'
import { type SyncSource, serveSync } from '../../src/node/network/sync-server.ts'
import { SYNC_PROTOCOL } from '../../src/node/network/sync-service.ts'
import { buildGrants, createEpoch, type OwnEpoch } from '../../src/policy/epoch.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import type { Directory } from '../../src/registry/directory.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { encode } from '../../src/wire/codec.ts'
import { encodeEnvelope, KIND, logIdOf, type ParsedEntry, parseEnvelope } from '../../src/wire/entry.ts'
import { Batch, DocsRequest, type Envelope, Evidence, type Item, KeyGrant } from '../../src/wire/gen/tocsin.ts'
import { decodeStrict } from '../../src/wire/strict.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../src/wire/sync-frame.ts'
import { audienceOf } from './audiences.ts'
import { type Member, type RunningNode, type TestAlliance, until } from './node-alliance.ts'

/** A member of the alliance that keeps no rule: it signs with its own key, or one that it stole, and sends anything. */

type Alliance = Pick<TestAlliance, 'allianceId' | 'documents' | 'members'>

export interface RawAuthor {
  /** The branch made so far; nobody has seen it before it is sent. */
  readonly entries: readonly ParsedEntry[]
  readonly logId: LogId
  append(draft: Partial<EntryDraft> & Pick<EntryDraft, 'kind' | 'body'>, place?: Partial<EntryPlace>): ParsedEntry
  /** Signs these very header bytes and takes the entry for its last. */
  appendHeader(header: Uint8Array, body: Uint8Array): ParsedEntry
  newEpoch(): OwnEpoch
  grant(epoch: OwnEpoch): ParsedEntry
  batch(epoch: OwnEpoch, items: readonly Item[]): ParsedEntry
  /** A BATCH whose opened content is `content`, whatever that is. */
  sealed(epoch: OwnEpoch, content: Uint8Array, draft?: Partial<EntryDraft>): ParsedEntry
  /** Another author with the same key and the first `size` entries. */
  fork(size: number): RawAuthor
}

export function createRawAuthor(
  alliance: Alliance,
  member: Pick<Member, 'nation' | 'keys'>,
  begin: readonly ParsedEntry[] | Partial<GenesisContent> = {},
): RawAuthor {
  const { allianceId } = alliance
  const signer = createEd25519Signer(member.keys.inner!.signSeed)
  const entries: ParsedEntry[] = Array.isArray(begin) ? [...begin] : [genesisEntry(begin as Partial<GenesisContent>)]
  const logId = entries[0]!.logId

  function genesisEntry(genesis: Partial<GenesisContent>): ParsedEntry {
    const content = { incarnation: 1, predecessor: undefined, nonce: randomBytes(16), ...genesis }
    const body = buildGenesis({ nation: member.nation, signPk: signer.publicKey, ...content })
    const place = { logId: logIdOf(allianceId, body), seq: 0, prev: new Uint8Array(32) as EntryPlace['prev'] }
    return buildEntry(allianceId, place, { kind: KIND.GENESIS, body, ...stamp() }, signer.sign)
  }

  function next(): EntryPlace {
    return { logId, seq: entries.length, prev: entries.at(-1)!.leaf }
  }

  function keep(entry: ParsedEntry): ParsedEntry {
    entries.push(entry)
    return entry
  }

  const author: RawAuthor = {
    entries,
    logId,
    append: (draft, place) =>
      keep(buildEntry(allianceId, { ...next(), ...place }, { ...stamp(), ...draft }, signer.sign)),
    appendHeader: (header, body) => keep(signEntry(allianceId, header, body, signer.sign)),
    newEpoch() {
      const audience = audienceOf(directoryOf(alliance), member.nation)
      return createEpoch({ allianceId, logId, audience, registryVersion: 1, nowMs: Date.now() }, systemRandom)
    },
    grant: epoch =>
      author.append({
        kind: KIND.KEY_GRANT,
        body: encode(KeyGrant, buildGrants(epoch, 65_536, undefined, systemRandom)[0]!),
      }),
    batch: (epoch, items) => author.sealed(epoch, encode(Batch, { items })),
    sealed(epoch, content, draft = {}) {
      const registryVersion = draft.registryVersion ?? 1
      const { salt, body } = sealBody(
        epoch.secret,
        { ...epoch.place, ...next(), registryVersion },
        content,
        systemRandom,
      )
      return author.append({ kind: KIND.BATCH, body, sealing: { epochId: epoch.place.epochId, salt }, ...draft })
    },
    fork: size => createRawAuthor(alliance, member, entries.slice(0, size)),
  }
  return author
}

function stamp() {
  return { timeMs: Date.now(), registryVersion: 1 }
}

export function directoryOf({ allianceId, documents }: Pick<Alliance, 'allianceId' | 'documents'>): Directory {
  return openDirectory(addDocuments(emptyEvidence(allianceId), documents.map(parseSignedDoc)), [])!
}

export interface RawMember extends AsyncDisposable {
  /** What came by gossip, as it came. */
  readonly heard: readonly Uint8Array[]
  gossip(...messages: readonly (ParsedEntry | Uint8Array)[]): Promise<void>
  /** What others get from it by sync from now on. */
  serve(source: Partial<SyncSource>): void
  /** Asks a member for a range of a log by sync; how many entries came. */
  fetch(index: number, logId: Uint8Array, from: number, count: number): Promise<number>
  /** Asks a member for documents, as a stranger may; how many came. */
  documents(index: number): Promise<number>
}

export interface RawMemberOptions {
  /** Whom it connects with, by index; all others where left out. */
  readonly only?: readonly number[]
  /** How many it waits for; all of them where left out. */
  readonly peers?: number
}

/** Resolves when it is connected and heard. */
export async function startRawMember(
  alliance: Alliance,
  index: number,
  options: RawMemberOptions = {},
): Promise<RawMember> {
  const member = alliance.members[index]!
  const others = alliance.members.filter((other, i) => other !== member && (options.only?.includes(i) ?? true))
  const keys = others.map(peerTarget)
  const heard: Uint8Array[] = []
  let source = emptySource(alliance, member)
  const host = await openHost({
    seed: member.keys.peerSeed,
    alliance: toHex(alliance.allianceId),
    listen: [member.address],
    agent: 'tocsin/raw',
    standingOf: key => (keys.some(({ publicKey }) => equalBytes(publicKey, key)) ? 'member' : 'refused'),
    logger: silentLogger,
  })
  host.subscribe('entries', async data => {
    heard.push(data)
    return 'accept'
  })
  await host.handleStream(SYNC_PROTOCOL, frames => serveSync(frames, source), {
    streamsMaxPerPeer: 4,
    streamsMaxTotal: 16,
  })
  host.setPeers(keys)
  const wanted = options.peers ?? others.length
  await until(() => host.peers().filter(peer => peer.status === 'connected').length >= wanted, 10_000)
  const peerOf = (other: number) => peerKeyHex(peerTarget(alliance.members[other]!).publicKey)
  // Subscriptions are told right after the streams are open.
  await new Promise(resolve => setTimeout(resolve, 200))
  return {
    heard,
    async gossip(...messages) {
      for (const message of messages)
        await host.publish('entries', message instanceof Uint8Array ? message : encodeEnvelope(message))
    },
    serve(changes) {
      source = { ...emptySource(alliance, member), ...changes }
    },
    async documents(from) {
      const frames = await host.openStream(peerOf(from), DOCS_PROTOCOL, AbortSignal.timeout(5000))
      await frames.write(encode(DocsRequest, { registryVersion: 0, after: 0 }))
      const frame = await frames.read()
      return frame === null ? 0 : decodeStrict(Evidence, frame, 1024 * 1024).items.length
    },
    async fetch(from, logId, first, count) {
      const peer = peerOf(from)
      const frames = await host.openStream(peer, SYNC_PROTOCOL, AbortSignal.timeout(5000))
      await frames.write(encodeSyncMessage({ kind: 'range-request', message: { logId, from: first, count, size: 0 } }))
      let got = 0
      for (;;) {
        const answer = parseSyncMessage((await frames.read())!)
        if (answer.kind !== 'bundle') throw new Error(`${answer.kind} where a bundle was asked for`)
        got += answer.message.entries.length
        if (answer.message.entries.length === 0 || got === count) break
      }
      await frames.close()
      return got
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  }
}

function peerTarget({ keys, address }: Member) {
  return { publicKey: createEd25519Signer(keys.peerSeed).publicKey, addresses: [address] }
}

function emptySource({ allianceId }: Alliance, { nation }: Member): SyncSource {
  return {
    hello: () => ({
      protocol: 1,
      allianceId,
      nation,
      registryVersion: 1,
      registryHash: new Uint8Array(32),
      timeMs: Date.now(),
      agent: 'tocsin/raw',
      evidenceDigest: new Uint8Array(32),
      frontierDigest: new Uint8Array(32),
    }),
    evidenceHashes: () => [],
    evidence: async () => undefined,
    heads: () => [],
    entries: async () => [],
    provenTree: async () => undefined,
  }
}

/** Serves these entries of one log, and nothing else. */
export function servingEntries(entries: readonly ParsedEntry[]): Partial<SyncSource> {
  const { logId } = entries[0]!
  const head = { logId, size: entries.length, head: entries.at(-1)!.leaf }
  return {
    heads: () => [head],
    entries: async (asked, from, count) =>
      equalBytes(asked, logId) ? entries.slice(from, from + count).map(envelopeOf) : [],
  }
}

function envelopeOf({ headerBytes, signature, body }: ParsedEntry): Envelope {
  return { header: headerBytes, signature, body }
}

/** All that a node holds of one log. */
export async function entriesAt({ node }: RunningNode, logId: Uint8Array): Promise<ParsedEntry[]> {
  const id = parseLogId(logId)
  return (await node.store.entriesRange(id, 0, node.store.log(id)?.head.size ?? 0)).map(parseEnvelope)
}

/** The log that `node` signs, as `node` holds it. */
export function ownEntries(node: RunningNode): Promise<ParsedEntry[]> {
  return entriesAt(node, node.node.ownLog.current()?.logId ?? EMPTY)
}

export function verdictsOf({ node }: RunningNode): Readonly<Record<'accept' | 'ignore' | 'reject', number>> {
  return node.host.counters.topics.entries.verdicts
}
