import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { createEd25519Signer, verifyEd25519, verifyEd25519Async } from '../crypto/ed25519.ts'
import { parseTlp } from '../indicator/marking.ts'
import { type Host, openHost } from '../net/host.ts'
import { type PeerKeyHex, peerKeyBytes } from '../net/peer-key.ts'
import { createAudienceDesk } from './audience-desk.ts'
import { openAuditOffice } from './audit-office.ts'
import { createCheckpointSpread } from './checkpoint-spread.ts'
import { createCoalescer } from './coalescer.ts'
import { createComplaints } from './complaints.ts'
import { createContentAlerts } from './content-alerts.ts'
import { assertMember, epochLimits, faultsTolerated, otherActiveNations, peerTargets } from './directory-views.ts'
import { startDocsExchange } from './docs-exchange.ts'
import { createDocumentSpread } from './document-spread.ts'
import { startEntryGossip } from './entry-gossip.ts'
import type { Committed } from './entry-writer.ts'
import { createEpochKeys, ownKemKey } from './epoch-keys.ts'
import { documentItem, openEvidenceBook } from './evidence-book.ts'
import { startEvidenceMakers } from './evidence-makers.ts'
import { openGroupBook } from './group-book.ts'
import { adoptCheckpoint } from './held-checkpoint.ts'
import { createHindrance } from './hindrance.ts'
import { createHistoryGrants } from './history-grants.ts'
import { agedPins } from './in-force-record.ts'
import { createIngest } from './ingest.ts'
import { createKemKeeper } from './kem-keeper.ts'
import { createKeySuccession, keysInUse } from './key-succession.ts'
import { createLogWatch } from './log-watch.ts'
import type { NodeOptions } from './node-options.ts'
import { createOutbox } from './outbox.ts'
import { createOwnLog } from './own-log.ts'
import { readInForce, startPinKeeper } from './pin-keeper.ts'
import { startProblemWatch } from './problem-watch.ts'
import { findProblems } from './problems.ts'
import { createProjector } from './project.ts'
import { createPublisher } from './publish.ts'
import { createPublishedReaders } from './published-readers.ts'
import { createQuarantine } from './quarantine.ts'
import { createRegistryHints } from './registry-hints.ts'
import { createRegistryRecord } from './registry-record.ts'
import { openReleaseOffice } from './release-office.ts'
import { createSigningGuard } from './signing-guard.ts'
import { startStoreKeeper } from './store-keeper.ts'
import { createSyncService } from './sync-service.ts'
import { createSyncSource, localState } from './sync-source.ts'
import { AGENT } from './version.ts'

export type Node = Awaited<ReturnType<typeof composeNode>>

/** Opens a node on an open store, which is closed with it, or if it cannot be opened. */
export async function openNode(options: NodeOptions): Promise<Node & AsyncDisposable> {
  const parts = new AsyncDisposableStack()
  parts.use(options.store)
  try {
    const node = await composeNode(options, parts)
    const watch = startProblemWatch(() => findProblems(node), options.logger)
    parts.defer(() => watch.stop())
    node.book.onChange(watch.look)
    return { ...node, [Symbol.asyncDispose]: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

/** The composition root: makes every part, wires them, starts them. What is deferred to `parts` ends in reverse order. */
async function composeNode(options: NodeOptions, parts: AsyncDisposableStack) {
  const { store, config, clock, random, logger, allianceId } = options
  const nation = config.nation as NationId
  const alerts = createContentAlerts(logger, clock)
  const audit = await openAuditOffice(options)
  parts.defer(() => audit.stop())

  // --- what is known of the alliance
  const inForce = await readInForce(store)
  const pinned = [...options.pins, ...agedPins(inForce)]
  const book = await openEvidenceBook({ allianceId, store, pins: pinned, clock, logger })
  await book.apply(options.documents.map(documentItem), 'alliance file')
  const pins = startPinKeeper({ book, store, operator: options.pins, record: inForce, clock, logger })
  parts.defer(() => pins.stop())
  const ownDocument = () => book.directory().member(nation)?.doc
  assertMember(book.directory(), nation)
  const keys = keysInUse(options.keys, options.nextKeys?.keys, ownDocument())
  const signer = audit.keys.counted('sign', createEd25519Signer(keys.inner.signSeed))
  const witness = audit.keys.counted('witness', createEd25519Signer(keys.inner.witnessSeed))

  // --- entries in, view out
  const epochs = createEpochKeys({
    allianceId,
    nation,
    store,
    kemKeys: options.kemKeys.map(ownKemKey),
    used: keyId => audit.keys.count('kem', keyId),
    clock,
  })
  const groups = await openGroupBook(store, logger)
  const projector = createProjector({
    allianceId,
    store,
    epochs,
    groupsChanged: groups.refresh,
    logger,
    events: {
      ...alerts.events,
      grantFault(fault) {
        alerts.events.grantFault(fault)
        complaints.about(fault)
      },
      complained: (entry, complaint) => complaints.received(entry, complaint),
      projected: () => publisher.opened(),
    },
  })
  parts.defer(() => projector.stop())
  const kemKeeper = createKemKeeper({
    read: options.rereadKemKeys ?? (() => Promise.resolve(options.kemKeys)),
    first: options.kemKeys,
    destroy: options.destroyKemKeys,
    documentVersion: () => ownDocument()?.version ?? 0,
    clockEvidence: () => ({
      skewMs: sync.clockJumpMs(),
      others: otherActiveNations(book.directory(), nation).length,
    }),
    epochs,
    projector,
    clock,
    logger,
  })
  parts.defer(() => kemKeeper.stop())
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
      conflict: (held, offered, kind) => inBackground(logWatch.conflict(held, offered, kind)),
    },
  })
  parts.defer(() => ingest.stop())

  // --- the own log
  const guard = createSigningGuard({
    clock,
    otherNations: () => otherActiveNations(book.directory(), nation),
    faultsTolerated: () => faultsTolerated(book.directory(), nation),
  })
  const ownLog = createOwnLog({
    allianceId,
    nation,
    signer,
    previous: keys.previous && audit.keys.counted('sign', createEd25519Signer(keys.previous.signSeed)),
    verify: verifyEd25519,
    store,
    ingest,
    registryVersion: () => book.directory().registry.version,
    audit: audit.log,
    clock,
    random,
    logger,
  })
  const hindrance = createHindrance({ nation, signPk: signer.publicKey, book, guard, ownLog, clock })
  const logWatch = createLogWatch({
    ownLog,
    guard,
    store,
    book,
    proved: () => sync.all(),
    logger,
  })
  const audiences = createAudienceDesk({ nation, directory: () => book.directory(), groups, clock })
  const release = await openReleaseOffice({ ...options, audit: audit.log, nation, audiences })
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
    ...release,
    audiences,
    published: createPublishedReaders(store, epochs),
    viewSettled: () => projector.settled(),
    epochLimits: () => epochLimits(book.directory()),
    hindrance,
    clock,
    random,
    logger,
  })

  const complaints = createComplaints({
    allianceId,
    nation,
    directory: () => book.directory(),
    store,
    epochs,
    ownLog,
    maySign: () => guard.state().kind === 'open' && hindrance() === undefined,
    exclusively: publisher.exclusively,
    clock,
    logger,
  })
  const succession = createKeySuccession({
    keys,
    next: options.nextKeys,
    document: ownDocument,
    ownLog,
    publisher,
    guard,
    logger,
  })

  // --- the network
  const host: Host = await openHost({
    seed: keys.peerSeed,
    alliance: toHex(allianceId),
    listen: config.net.listen,
    ...(config.net.announce.length > 0 ? { announce: config.net.announce } : {}),
    agent: AGENT,
    standingOf: peerPk => book.directory().peerStanding(peerPk),
    logger,
  })
  parts.use(host)
  parts.defer(() => outbox.settled())
  const source = createSyncSource({ store, book, nation, agent: AGENT, clock })
  const sync = createSyncService({
    host,
    source,
    local: () => localState(source, book, store),
    port: { applyEvidence: async items => void (await book.apply(items, 'sync')), ingestBundle: ingest.ingestBundle },
    nationOf,
    greeted: (peer, hello) => hints.hint(peer, hello.registryVersion, peer),
    synced(answering) {
      guard.answer(answering)
      succession.wake()
      publisher.wake()
    },
    intervalMs: config.sync.intervalMs,
    gapMs: config.sync.gapMs,
    sizeOf: logId => store.log(logId)?.head.size ?? 0,
    clock,
    random,
    logger,
  })
  parts.defer(() => sync.stop())
  parts.defer(() => publisher.stop())
  parts.defer(() => succession.stop())
  const hints = createRegistryHints({
    version: () => book.directory().registry.version,
    fetch: peer => sync.ask(peer),
    clock,
  })
  const checkpointSpread = createCheckpointSpread({ host, book, clock, logger })
  const recordRegistry = createRegistryRecord(book, audit.log, logger)
  const documentSpread = createDocumentSpread({
    host,
    book,
    lacking: peer => hints.hint(peer, Number.MAX_SAFE_INTEGER, peer),
    clock,
    logger,
  })

  function nationOf(peer: PeerKeyHex): NationId | undefined {
    return book.directory().nationOfPeer(peerKeyBytes(peer))
  }

  function onCommitted(entries: readonly Committed[]): void {
    projector.add(entries)
    alerts.judge(entries, book.directory())
    outbox.add(entries.filter(({ own }) => own).map(({ entry }) => entry))
    inBackground(logWatch.committed(entries))
    for (const { entry } of entries) hints.hint(entry.log.nation, entry.header.registryVersion)
  }

  /** For what events set off: nobody waits for it. */
  function inBackground(work: Promise<void>): void {
    work.catch(error => logger.error({ err: error }, 'work in the background failed'))
  }

  function onEvidenceChange(): void {
    recordRegistry()
    host.setPeers(peerTargets(book.directory(), nation, peerKeyBytes(host.self)))
    host.reconsider()
    kemKeeper.evidenceChanged()
    projector.wake()
    publisher.wake()
    succession.wake()
  }

  async function start(): Promise<void> {
    // Before anybody can answer with these very entries, which would look like those of another copy of this node.
    await ownLog.completeIntents()
    publisher.waitForView()
    startEntryGossip({ host, ingest, hints, refuse: alerts.refuse })
    await startDocsExchange({
      host,
      directory: () => book.directory(),
      documents: registryVersion => book.documents(nation, registryVersion),
      has: book.has,
      apply: book.apply,
      logger,
    })
    documentSpread.start()
    checkpointSpread.start()
    await sync.start()
    book.onChange(onEvidenceChange)
    recordRegistry()
    host.setPeers(peerTargets(book.directory(), nation, peerKeyBytes(host.self)))
    projector.wake()
    await outbox.resume()
    const poll = setInterval(() => {
      publisher.wake()
      succession.wake()
      complaints.wake()
      inBackground(release.held.sweep())
    }, GUARD_POLL_MS)
    parts.defer(() => clearInterval(poll))
    succession.wake()
  }

  /** What a failed write held up. */
  function onRecovered(): void {
    publisher.waitForView()
    inBackground(audit.log.resume())
    inBackground(book.resume())
    inBackground(outbox.resume())
    projector.wake()
    publisher.wake()
    sync.all()
  }

  await start()
  const makers = startEvidenceMakers({
    allianceId,
    nation,
    store,
    book,
    ownLog,
    witness,
    mayCosign: () => guard.state().kind === 'open',
    maySign: () => guard.state().kind === 'open' && hindrance() === undefined,
    idle: () => !ingest.isWriting() && projector.backlog() === 0,
    spread: checkpointSpread.spread,
    clock,
    checkpointMs: config.sync.checkpointMs,
    cosignMs: config.sync.cosignMs,
    logger,
  })
  parts.defer(() => makers.stop())
  const keeper = startStoreKeeper({ store, recovered: onRecovered, logger })
  parts.defer(() => keeper.stop())

  return {
    allianceId,
    nation,
    config,
    book,
    pins,
    store,
    ingest,
    epochs,
    projector,
    publisher,
    guard,
    release,
    audit,
    audiences,
    groups,
    history: createHistoryGrants({ allianceId, store, epochs, ownLog, ...release, ...publisher, random }),
    ownLog,
    reloadKemKeys: kemKeeper.reload,
    sweepKemKeys: kemKeeper.sweep,
    quarantine: createQuarantine({ allianceId, nation, store, epochs }),
    sync,
    host,
    clock,
    random,
    logger,
    refusals: alerts.refusals,
    hints,
    documentSpread,
    checkpoint: makers.checkpoint,
    cosign: makers.cosign,
    nationOf,
    hindrance,
  }
}

const GUARD_POLL_MS = 1000
