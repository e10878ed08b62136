import { verifyEd25519 } from '../crypto/ed25519.ts'
import { createEd25519Signer } from '../crypto/ed25519-signer.ts'
import { parseTlp } from '../indicator/marking.ts'
import type { AuditOffice } from './audit/audit-office.ts'
import { awaitsRenewal } from './home/renewal-note.ts'
import type { ForkWatch } from './intake/fork-watch.ts'
import type { Ingest } from './intake/ingest.ts'
import { startPurging } from './intake/purging.ts'
import { epochLimits, faultsTolerated, otherActiveNations } from './knowledge/directory-views.ts'
import type { Knowledge } from './knowledge.ts'
import { createCoalescer } from './mechanisms/coalescer.ts'
import { startRegistryHeadTimer } from './network/registry-heads.ts'
import type { Network } from './network.ts'
import type { NodeOptions } from './node-options.ts'
import { createPublishedReaders } from './opening/published-readers.ts'
import type { Opening } from './opening.ts'
import { createAudienceDesk } from './rules/audience-desk.ts'
import { openReleaseOffice } from './rules/release-office.ts'
import type { WarningBook } from './rules/warning-book.ts'
import { createComplaints } from './writing/complaints.ts'
import { createErasure } from './writing/erasure.ts'
import { startEvidenceMakers } from './writing/evidence-makers.ts'
import { createHindrance } from './writing/hindrance.ts'
import { createHistoryGrants } from './writing/history-grants.ts'
import { createKeySuccession, type KeysInUse } from './writing/key-succession.ts'
import { createOutbox } from './writing/outbox.ts'
import { createOwnLog } from './writing/own-log.ts'
import { postQuantumSigners } from './writing/post-quantum-keys.ts'
import { createPublisher } from './writing/publish.ts'
import { createQuarantine } from './writing/quarantine.ts'
import { createRenewal } from './writing/renewal.ts'
import { createSigningGuard } from './writing/signing-guard.ts'
import { createSigningStop } from './writing/signing-stop.ts'

export interface WritingInputs {
  readonly keys: KeysInUse
  readonly audit: AuditOffice
  readonly knowledge: Knowledge
  readonly opening: Opening
  readonly ingest: Ingest
  readonly forks: Pick<ForkWatch, 'publish'>
  readonly network: Network
  readonly warnings: Pick<WarningBook, 'check'>
}

/** The own log, and all that this node signs. Nothing is signed before `start`. */
export async function composeWriting(options: NodeOptions, inputs: WritingInputs, parts: AsyncDisposableStack) {
  const { store, config, clock, random, logger, allianceId } = options
  const { keys, audit, knowledge, opening, ingest, forks, network } = inputs
  const { nation, book } = knowledge
  const { epochs, groups, projector } = opening
  const signer = audit.keys.counted('sign', createEd25519Signer(keys.inner.signSeed))
  const witness = audit.keys.counted('witness', createEd25519Signer(keys.inner.witnessSeed))

  const guard = createSigningGuard({
    clock,
    otherNations: () => otherActiveNations(book.directory(), nation),
    faultsTolerated: () => faultsTolerated(book.directory(), nation),
    renewing: await awaitsRenewal(store),
  })
  const mayCosign = () => guard.state().kind === 'open'
  const maySign = () => mayCosign() && hindrance() === undefined
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
  const signingStop = createSigningStop({ store, guard, ownLog, logger })
  const hindrance = createHindrance({ nation, signPk: signer.publicKey, book, guard, ownLog, clock })
  const audiences = createAudienceDesk({ nation, directory: () => book.directory(), groups, clock })
  const release = await openReleaseOffice({ ...options, audit: audit.log, nation, audiences })
  const outbox = createOutbox(store, envelope => network.host.publish('entries', envelope), logger)
  parts.defer(() => outbox.settled())
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
    warnings: inputs.warnings,
    published: createPublishedReaders(store, epochs),
    viewSettled: () => projector.settled(),
    epochLimits: () => epochLimits(book.directory()),
    hindrance,
    clock,
    random,
    logger,
  })
  parts.defer(() => publisher.stop())
  const complaints = createComplaints({
    allianceId,
    nation,
    directory: () => book.directory(),
    store,
    epochs,
    ownLog,
    maySign,
    exclusively: publisher.exclusively,
    clock,
    logger,
  })
  const erasure = createErasure({
    allianceId,
    nation,
    store,
    book,
    ownLog,
    witness,
    hindrance,
    mayState: mayCosign,
    exclusively: publisher.exclusively,
    spread: items => network.checkpointSpread.spread(items),
  })
  const { ownDocument } = knowledge
  const next = options.nextKeys
  const succession = createKeySuccession({ keys, next, document: ownDocument, ownLog, publisher, guard, logger })
  parts.defer(() => succession.stop())
  const renewal = createRenewal({ guard, publisher, hindrance, logger })
  parts.defer(() => renewal.stop())

  /** The guard may have opened, the documents or the time have changed. */
  function wake(): void {
    succession.wake()
    renewal.wake()
    publisher.wake()
  }

  function look(): void {
    wake()
    complaints.wake()
    release.held.sweep().catch(error => logger.error({ err: error }, 'what was held too long could not be let go'))
  }

  return {
    guard,
    /** Somebody else signs in the own log. */
    stopSigning: signingStop.stop,
    ownLog,
    hindrance,
    audiences,
    release,
    outbox,
    publisher,
    complaints,
    erasure,
    wake,
    history: createHistoryGrants({ allianceId, store, epochs, ownLog, ...release, ...publisher, random }),
    quarantine: createQuarantine({ allianceId, nation, store, epochs }),
    /** Before anybody can answer with these very entries, which would look like those of another copy of this node. */
    async prepare(): Promise<void> {
      await signingStop.resume()
      await ownLog.completeIntents()
      publisher.waitForView()
    },
    /** Signs from now on, by itself too. */
    async start() {
      await outbox.resume()
      const { spread } = network.checkpointSpread
      const purging = startPurging({
        store,
        audit: audit.log,
        opened: projector.settled,
        ranMs: knowledge.pins.ranMs,
        purged: erasure.state,
        clock,
        logger,
      })
      parts.defer(() => purging.stop())
      const heads = startRegistryHeadTimer({
        make: () => (mayCosign() ? network.heads.make(witness) : undefined),
        spread,
        hash: () => book.directory().registry.hash,
        intervalMs: config.sync.headMs,
        logger,
      })
      parts.defer(() => heads.stop())
      const poll = setInterval(() => {
        look()
        heads.wake()
      }, POLL_MS)
      parts.defer(() => clearInterval(poll))
      wake()
      const makers = startEvidenceMakers({
        allianceId,
        nation,
        store,
        book,
        ownLog,
        witness,
        mayCosign,
        maySign,
        idle: () => !ingest.isWriting() && projector.backlog() === 0,
        postQuantumSigner: postQuantumSigners(keys, audit.keys),
        spread,
        accuse: forks.publish,
        clock,
        checkpointMs: config.sync.checkpointMs,
        postQuantumMs: config.sync.postQuantumMs,
        cosignMs: config.sync.cosignMs,
        logger,
      })
      parts.defer(() => makers.stop())
      return { ...makers, purging, sayHead: heads.say }
    },
  }
}

const POLL_MS = 1000
