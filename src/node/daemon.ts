import type { LogId } from '../base/ids.ts'
import type { LogHead } from '../chain/log-head.ts'
import { ROLE } from '../registry/registry-doc.ts'
import { openAlertBook } from './audit/alert-book.ts'
import { openAuditOffice } from './audit/audit-office.ts'
import { createRegistryRecord } from './audit/registry-record.ts'
import { openComposed } from './composition.ts'
import { retentionRules } from './config/config.ts'
import { startStoreKeeper } from './home/store-keeper.ts'
import { composeInlets } from './inlets.ts'
import { createContentAlerts } from './intake/content-alerts.ts'
import { startRetention } from './intake/retention.ts'
import { composeIntake } from './intake.ts'
import { otherActiveNations } from './knowledge/directory-views.ts'
import { composeKnowledge } from './knowledge.ts'
import { composeNetwork } from './network.ts'
import type { NodeOptions } from './node-options.ts'
import { composeOpening } from './opening.ts'
import { composeOutlets } from './outlets.ts'
import { startCatchUpProgress } from './problems/catch-up-progress.ts'
import { findProblems } from './problems/problems.ts'
import { createWarnedClaims } from './rules/warned-claims.ts'
import { openWarningBook } from './rules/warning-book.ts'
import { cosignedSize } from './writing/cosigner.ts'
import { keysInUse } from './writing/key-succession.ts'
import { composeWriting } from './writing.ts'

export type Node = Awaited<ReturnType<typeof composeNode>>

/** Opens a node on an open store, which is closed with it, or if it cannot be opened. */
export function openNode(options: NodeOptions): Promise<Node & AsyncDisposable> {
  const { store, logger } = options
  return openComposed<Node>({ store, logger, compose: parts => composeNode(options, parts), findProblems })
}

/**
 * The composition root: makes the stages, wires them, starts them. A stage is given those above it; what flows back up
 * to it goes through the closures here, once all of them stand.
 */
async function composeNode(options: NodeOptions, parts: AsyncDisposableStack) {
  const { store, config, clock, random, logger, allianceId } = options
  const content = createContentAlerts(logger, clock)
  const audit = await openAuditOffice(options)
  parts.defer(() => audit.stop())

  const knowledge = await composeKnowledge(options, parts)
  const { nation, book } = knowledge
  const alerts = await openAlertBook({ store, book, clock, logger })
  parts.defer(() => alerts.stop())
  const keys = keysInUse(options.keys, options.nextKeys?.keys, knowledge.ownDocument())

  const warnings = await openWarningBook({
    config: config.warninglists,
    paths: options.warninglistPaths ?? (() => []),
    logger,
  })
  const nationOfLog = (log: LogId) => store.log(log)?.head.nation
  const warned = createWarnedClaims({ own: nation, nationOf: nationOfLog, warnings, clock, logger })

  const opening = await composeOpening(
    options,
    {
      knowledge,
      audit,
      clockEvidence: () => ({
        skewMs: network.sync.clockJumpMs(),
        others: otherActiveNations(book.directory(), nation).length,
      }),
      events: {
        ...content.events,
        grantFault(fault) {
          content.events.grantFault(fault)
          alerts.noteGrant(fault)
          writing.complaints.about(fault)
        },
        opened: warned.received,
        complained: (entry, complaint) => writing.complaints.received(entry, complaint),
        projected() {
          writing.publisher.opened()
          outlets.viewChanged()
        },
      },
    },
    parts,
  )
  const intake = await composeIntake(
    options,
    {
      knowledge,
      alerts: content,
      opening: { notes: opening.projector.untried, retry: opening.projector.retryWaiting },
      own: {
        ownLog: { isCurrent: log => writing.ownLog.isCurrent(log) },
        guard: { stop: (...ahead) => writing.stopSigning(...ahead) },
      },
      events: {
        committed(entries) {
          opening.projector.add(entries)
          writing.outbox.add(entries.filter(({ own }) => own).map(({ entry }) => entry))
          for (const { entry } of entries) network.hints.hint(entry.log.nation, entry.header.registryVersion)
        },
        gap: (logId, seq) => network.sync.gap(logId, seq),
        rewinding: opening.rewinding,
        proved: proofs => network.proofSpread.spread(proofs),
        contested: () => network.sync.all(),
      },
    },
    parts,
  )
  const { ingest, forks, bodies, quotas } = intake
  const network = await composeNetwork(
    options,
    {
      peerSeed: keys.peerSeed,
      knowledge,
      intake,
      alerts: content,
      relays: false,
      events: {
        synced(answering) {
          writing.guard.answer(answering)
          writing.wake()
        },
      },
    },
    parts,
  )
  const writing = await composeWriting(
    options,
    { keys, audit, knowledge, opening, ingest, forks, network, warnings },
    parts,
  )
  const { release } = writing
  const outlets = await composeOutlets(options, { keys, audit, knowledge, opening, network, release, warnings }, parts)
  warnings.onChange(outlets.viewChanged)

  const progress = startCatchUpProgress({ store, sync: network.sync, quotas, clock })
  parts.defer(() => progress.stop())
  const recordRegistry = createRegistryRecord(book, audit.log, logger)

  function onEvidenceChange(): void {
    recordRegistry()
    network.reconsider()
    opening.kemKeeper.evidenceChanged()
    opening.projector.wake()
    writing.wake()
  }

  /** What a failed write held up. */
  function onRecovered(): void {
    writing.publisher.waitForView()
    for (const resume of [audit.log.resume, book.resume, writing.outbox.resume]) {
      resume().catch(error => logger.error({ err: error }, 'what a failed write held up could not go on'))
    }
    opening.projector.wake()
    writing.publisher.wake()
    network.sync.all()
  }

  await writing.prepare()
  await network.start()
  book.onChange(onEvidenceChange)
  recordRegistry()
  network.reconsider()
  opening.projector.wake()
  const makers = await writing.start()
  const inlets = await composeInlets(options, { audit, knowledge, publisher: writing.publisher }, parts)
  const retention = startRetention({
    store,
    pruned: intake.pruned,
    bodies,
    rules: () => retentionRules(config, book.directory().policy.bodyRetentionDays),
    statedSize: ({ head }) => statedSize(head),
    openedTo: ({ projected }) => projected,
    clockSkewMs: network.sync.clockSkewMs,
    idle: () => !ingest.isWriting() && opening.projector.backlog() === 0,
    clock,
    logger,
  })
  parts.defer(() => retention.stop())

  /** What is not stated yet is not pruned before its time; where this nation is no witness, what others have witnessed is. */
  async function statedSize(head: LogHead): Promise<number> {
    const isWitness = head.nation !== nation && book.directory().member(nation)?.roles.has(ROLE.WITNESS) === true
    return isWitness ? cosignedSize(store, head.logId) : (book.standingOf(head).quorate?.size ?? 0)
  }

  const keeper = startStoreKeeper({ store, recovered: onRecovered, logger })
  parts.defer(() => keeper.stop())

  const { epochs, groups, projector, kemKeeper } = opening
  const { host, sync, hints, documentSpread } = network
  const { publisher, guard, audiences, history, ownLog, quarantine, hindrance } = writing
  return {
    allianceId,
    nation,
    config,
    book,
    pins: knowledge.pins,
    store,
    ingest,
    bodies,
    quotas,
    progress,
    retention,
    epochs,
    projector,
    publisher,
    guard,
    release,
    audit,
    audiences,
    groups,
    history,
    ownLog,
    reloadKemKeys: kemKeeper.reload,
    sweepKemKeys: kemKeeper.sweep,
    quarantine,
    sync,
    host,
    clock,
    random,
    logger,
    alerts,
    refusals: content.refusals,
    hints,
    documentSpread,
    checkpoint: makers.checkpoint,
    cosign: makers.cosign,
    purging: makers.purging,
    sayHead: makers.sayHead,
    heads: network.heads,
    erasure: writing.erasure,
    nationOf: knowledge.nationOf,
    hindrance,
    outlets,
    inlets,
    warnings,
    warned,
  }
}
