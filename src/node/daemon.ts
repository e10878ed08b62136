import { equalBytes, fromHex, toHex } from '../base/bytes.ts'
import { TocsinError, UserError } from '../base/errors.ts'
import { type AllianceId, type NationId, parseLogId } from '../base/ids.ts'
import type { Clock, Logger, Random } from '../base/ports.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import type { VerifiedEntry } from '../chain/verify-entry.ts'
import { createEd25519Signer, verifyEd25519, verifyEd25519Async } from '../crypto/ed25519.ts'
import type { KemSecret, NodeKeys } from '../crypto/node-key-file.ts'
import { createXWingKey } from '../crypto/xwing.ts'
import { parseTlp } from '../indicator/marking.ts'
import { type Host, openHost } from '../net/host.ts'
import { type PeerKeyHex, peerKeyBytes } from '../net/peer-key.ts'
import { kemKeyIdOf, SUITE_XWING } from '../registry/kem-key.ts'
import type { Pin } from '../registry/registry-state.ts'
import type { Store } from '../store/store.ts'
import { parseEnvelope } from '../wire/entry.ts'
import { createAlertLog } from './alert-log.ts'
import { createCoalescer } from './coalescer.ts'
import type { Config } from './config.ts'
import { faultsTolerated, otherActiveNations, peerTargets } from './directory-views.ts'
import { startDocsExchange } from './docs-exchange.ts'
import type { Committed } from './entry-writer.ts'
import { createEpochKeys } from './epoch-keys.ts'
import { EVIDENCE, openEvidenceBook } from './evidence-book.ts'
import { adoptCheckpoint, heldCheckpoint } from './held-checkpoint.ts'
import { findHindrance } from './hindrance.ts'
import { createIngest } from './ingest.ts'
import { createOutbox } from './outbox.ts'
import { startOwedSignatures } from './owed-signatures.ts'
import { makeCheckpoint, proveConflict, proveSecondLog } from './own-evidence.ts'
import { createOwnLog } from './own-log.ts'
import { createProjector } from './project.ts'
import { createPublisher } from './publish.ts'
import { createSigningGuard } from './signing-guard.ts'
import { startStoreKeeper } from './store-keeper.ts'
import { createSyncService } from './sync-service.ts'
import { createSyncSource } from './sync-source.ts'
import { AGENT } from './version.ts'

export interface NodeOptions {
  readonly allianceId: AllianceId
  readonly config: Config
  readonly keys: NodeKeys
  readonly kemKeys: readonly KemSecret[]
  readonly store: Store
  readonly pins: readonly Pin[]
  /** SignedDocs from the alliance file, to be taken in before anything else. */
  readonly documents: readonly Uint8Array[]
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const DAY_MS = 86_400_000

/** The composition root: opens every part, wires them, and closes them in reverse. */
export async function openNode(options: NodeOptions) {
  const { store, config, clock, random, logger, allianceId } = options
  const nation = config.nation as NationId
  const signer = createEd25519Signer(innerKeys(options.keys).signSeed)
  const refusals = new Map<string, number>()
  const alerts = createAlertLog(logger, clock)
  const timers: NodeJS.Timeout[] = []

  // --- what is known of the alliance
  const book = await openEvidenceBook({
    allianceId,
    store,
    pins: options.pins,
    clock,
    logger,
  })
  await book.apply(
    options.documents.map(body => ({ type: EVIDENCE.DOCUMENT, body })),
    'alliance file',
  )
  assertMember(book.directory().member(nation) !== undefined, nation)

  // --- entries in, view out
  const epochs = createEpochKeys({
    allianceId,
    nation,
    store,
    kemKeys: options.kemKeys.map(({ seed }) => {
      const key = createXWingKey(seed)
      return { key, keyId: kemKeyIdOf(SUITE_XWING, key.publicKey) }
    }),
  })
  const projector = createProjector({
    allianceId,
    store,
    epochs,
    logger,
    events: {
      projected: () => publisher.opened(),
      voided(entry, code, reason) {
        refuse(code)
        const log = toHex(entry.logId)
        alerts.alert(log, { log, seq: entry.header.seq, code, reason }, 'the content of an entry is void')
      },
      itemVoided({ logId, seq, index, code, reason }) {
        refuse(code)
        const log = toHex(logId)
        alerts.alert(log, { log, seq, index, code, reason }, 'the content of an item is void')
      },
      conflict: ({ nation, id }) =>
        alerts.alert(nation, { nation, id: toHex(id) }, 'a nation asserted two different things under one id'),
    },
  })
  const ingest = createIngest({
    store,
    verify: verifyEd25519Async,
    verifySync: verifyEd25519,
    logger,
    authority: {
      allianceId,
      keyStands: (ofNation, signPk) => book.directory().mayOpenLog(ofNation, signPk),
      limitOf: log => book.limitOf(log),
      treeOf: (note, log) => adoptCheckpoint(book, store, note, log),
    },
    events: {
      committed: entries => onCommitted(entries),
      gap: (logId, seq) => sync.gap(logId, seq),
      conflict: (held, offered, kind) => inBackground(onConflict(held, offered, kind)),
    },
  })

  // --- the own log
  const guard = createSigningGuard({
    clock,
    otherNations: () => otherActiveNations(book.directory(), nation),
    faultsTolerated: () => faultsTolerated(book.directory(), nation),
  })
  const ownLog = createOwnLog({
    allianceId,
    nation,
    signPk: signer.publicKey,
    sign: signer.sign,
    verify: verifyEd25519,
    store,
    ingest,
    registryVersion: () => book.directory().registry.version,
    clock,
    random,
    logger,
  })
  const outbox = createOutbox(store, envelope => host.publish('entries', envelope), logger)
  const publisher = createPublisher({
    allianceId,
    nation,
    defaultTlp: parseTlp(config.publish.tlp),
    store,
    ownLog,
    epochs,
    guard,
    coalescer: createCoalescer(config.publish.coalesceMs, clock),
    outbox,
    audience: () => ({ kind: 'alliance', recipients: book.directory().audience(clock.now()).recipients }),
    epochLimits: () => {
      const { epochMaxDays, epochMaxMessages } = book.directory().policy
      return { maxAgeMs: epochMaxDays * DAY_MS, maxMessages: epochMaxMessages }
    },
    hindrance,
    clock,
    random,
    logger,
  })

  // --- the network
  const host: Host = await openHost({
    seed: options.keys.peerSeed,
    alliance: toHex(allianceId),
    listen: config.net.listen,
    ...(config.net.announce.length > 0 ? { announce: config.net.announce } : {}),
    agent: AGENT,
    standingOf: peerPk => book.directory().peerStanding(peerPk),
    logger,
  })
  const source = createSyncSource({ store, book, nation, agent: AGENT, clock })
  const sync = createSyncService({
    host,
    source,
    local: () => {
      const hello = source.hello()
      return {
        hello,
        hasEvidence: hash => book.has(hash),
        log: hex => {
          const logId = parseLogId(fromHex(hex))
          const held = store.log(logId)
          return held && { size: held.head.size, limit: held.limit, leafAt: seq => store.leafAt(logId, seq) }
        },
      }
    },
    port: { applyEvidence: async items => void (await book.apply(items, 'sync')), ingestBundle: ingest.ingestBundle },
    nationOf,
    synced(answering) {
      guard.answer(answering)
      publisher.wake()
    },
    intervalMs: config.sync.intervalMs,
    gapMs: config.sync.gapMs,
    sizeOf: logId => store.log(logId)?.head.size ?? 0,
    clock,
    random,
    logger,
  })

  function nationOf(peer: PeerKeyHex): NationId | undefined {
    return book.directory().nationOfPeer(peerKeyBytes(peer))
  }

  function refuse(code: string): void {
    refusals.set(code, (refusals.get(code) ?? 0) + 1)
  }

  function onCommitted(entries: readonly Committed[]): void {
    projector.add(entries)
    outbox.add(entries.filter(({ own }) => own).map(({ entry }) => entry))
    for (const { entry } of entries) if (entry.header.seq === 0) inBackground(onNewLog(entry))
    const foreign = entries.findLast(({ entry, own }) => !own && isCurrent(entry.log))
    if (foreign === undefined) return
    const { seq } = foreign.entry.header
    guard.stop(seq, seq + 1, 'another node')
    logger.error({ seq }, 'an entry of our own log came from outside that this store did not hold: it is an old copy')
  }

  /** A log of this node's key in which it signs, or should have been signing; what it left behind may still arrive. */
  function isCurrent(log: LogIdentity): boolean {
    return equalBytes(log.signPk, signer.publicKey) && log.incarnation >= (ownLog.current()?.incarnation ?? 0)
  }

  /** For what events set off: nobody waits for it. */
  function inBackground(work: Promise<void>): void {
    work.catch(error => logger.error({ err: error }, 'work in the background failed'))
  }

  /** two signed entries contradict each other. Whoever holds the proof can show it to anybody. */
  async function onConflict(
    ...[held, offered, kind]: Parameters<Parameters<typeof createIngest>[0]['events']['conflict']>
  ) {
    const { seq } = offered.header
    if (isCurrent(offered.log)) {
      guard.stop(store.log(offered.logId)?.head.size ?? 0, seq + 1, 'another node with our key')
      logger.error({ seq }, 'an entry signed with our key contradicts our own log: the key is used elsewhere')
    }
    const { added } = await book.apply(await proveConflict(store, held, offered, kind), 'own finding')
    // Who is on the other branch may show an earlier difference, now that both stand no further than this one.
    if (added > 0) sync.all()
  }

  async function onNewLog(genesis: VerifiedEntry): Promise<void> {
    await book.apply(await proveSecondLog(store, genesis), 'own finding')
  }

  function onEvidenceChange(): void {
    host.setPeers(peerTargets(book.directory(), nation, peerKeyBytes(host.self)))
    host.reconsider()
    projector.wake()
    publisher.wake()
  }

  function hindrance(): UserError | undefined {
    const head = ownLog.current()
    return findHindrance({
      nation,
      signPk: signer.publicKey,
      directory: book.directory(),
      guard: guard.state(),
      log: head && { head, limit: book.limitOf(head) },
      nowMs: clock.now(),
    })
  }

  /** On growth, so that others can fetch the log under one signature. */
  async function checkpoint(): Promise<void> {
    const head = ownLog.current()
    if (head === undefined || store.state !== 'open' || guard.state().kind !== 'open' || hindrance() !== undefined)
      return
    if ((book.newestCheckpoint(head.logId)?.checkpoint.size ?? 0) >= head.size) return
    await book.apply([await makeCheckpoint(store, allianceId, head, signer)], 'self')
  }

  async function start(): Promise<void> {
    // Before anybody can answer with these very entries, which would look like those of another copy of this node.
    await ownLog.completeIntents()
    publisher.waitForView()
    host.subscribe('entries', async data => {
      try {
        return await ingest.offerGossip(parseEnvelope(data))
      } catch (error) {
        if (error instanceof TocsinError) refuse(error.code)
        throw error
      }
    })
    await startDocsExchange({
      host,
      directory: () => book.directory(),
      documents: () => book.documents(nation),
      has: book.has,
      apply: book.apply,
      logger,
    })
    await sync.start()
    book.onChange(onEvidenceChange)
    host.setPeers(peerTargets(book.directory(), nation, peerKeyBytes(host.self)))
    projector.wake()
    await outbox.resume()
    const poll = setInterval(() => publisher.wake(), GUARD_POLL_MS)
    const checkpoints = setInterval(() => {
      checkpoint().catch(error => logger.error({ err: error }, 'no checkpoint could be made'))
    }, config.sync.checkpointMs)
    timers.push(poll, checkpoints)
  }

  const owed = startOwedSignatures({
    allianceId,
    store,
    verify: verifyEd25519Async,
    idle: () => !ingest.isWriting() && projector.backlog() === 0,
    checkpointOf: logId => heldCheckpoint(book, store, logId, Number.MAX_SAFE_INTEGER),
    convict: async body => void (await book.apply([{ type: EVIDENCE.PROOF, body }], 'own finding')),
    logger,
  })

  /** What a failed write held up. */
  function onRecovered(): void {
    publisher.waitForView()
    inBackground(book.resume())
    inBackground(outbox.resume())
    projector.wake()
    publisher.wake()
    sync.all()
  }

  const keeper = startStoreKeeper({ store, recovered: onRecovered, logger })
  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    allianceId,
    nation,
    config,
    book,
    store,
    ingest,
    projector,
    publisher,
    guard,
    ownLog,
    sync,
    host,
    clock,
    refusals: refusals as ReadonlyMap<string, number>,
    checkpoint,
    nationOf,
    hindrance,
    [Symbol.asyncDispose]: close,
  }

  async function close(): Promise<void> {
    for (const timer of timers) clearInterval(timer)
    await keeper.stop()
    await owed.stop()
    await publisher.stop()
    await sync.stop()
    await outbox.settled()
    await host[Symbol.asyncDispose]()
    await ingest.stop()
    await projector.stop()
    await store[Symbol.asyncDispose]()
  }
}

export type Node = Awaited<ReturnType<typeof openNode>>

const GUARD_POLL_MS = 1000

function innerKeys(keys: NodeKeys): NonNullable<NodeKeys['inner']> {
  if (keys.inner !== undefined) return keys.inner
  throw new UserError('key-file-malformed', 'these are the keys of an edge node, which cannot sign', {
    fix: 'Start it with the keys of an inner node.',
  })
}

function assertMember(isMember: boolean, nation: string): void {
  if (isMember) return
  throw new UserError('registry-not-member', `${nation} is no member in the alliance's registry`, {
    fix: 'Check the nation in config.yaml, or ask the governors to admit it.',
  })
}
