import { verifyEd25519Async } from '../crypto/ed25519-native.ts'
import { openAlertBook } from './audit/alert-book.ts'
import { openAuditOffice } from './audit/audit-office.ts'
import { createRegistryRecord } from './audit/registry-record.ts'
import { openComposed } from './composition.ts'
import { retentionRules } from './config/config.ts'
import { startStoreKeeper } from './home/store-keeper.ts'
import { createContentAlerts } from './intake/content-alerts.ts'
import { startPurging } from './intake/purging.ts'
import { startRetention } from './intake/retention.ts'
import { composeIntake } from './intake.ts'
import { EVIDENCE } from './knowledge/evidence-book.ts'
import { heldCheckpoint } from './knowledge/held-checkpoint.ts'
import { composeKnowledge } from './knowledge.ts'
import { composeNetwork } from './network.ts'
import type { EdgeOptions } from './node-options.ts'
import { startCatchUpProgress } from './problems/catch-up-progress.ts'
import { findEdgeProblems } from './problems/problems.ts'
import { startOwedSignatures } from './writing/owed-signatures.ts'

export type EdgeNode = Awaited<ReturnType<typeof composeEdge>>

/** Opens an edge node on an open store, which is closed with it, or if it cannot be opened. */
export function openEdge(options: EdgeOptions): Promise<EdgeNode & AsyncDisposable> {
  const { store, logger } = options
  return openComposed<EdgeNode>({
    store,
    logger,
    compose: parts => composeEdge(options, parts),
    findProblems: findEdgeProblems,
  })
}

/**
 * The composition root of an edge: what is known of the alliance, entries in, and the network. It checks all that an
 * inner node checks, and has no part that opens, seals or signs: it is given no key for that.
 */
async function composeEdge(options: EdgeOptions, parts: AsyncDisposableStack) {
  const { store, config, clock, random, logger, allianceId } = options
  const content = createContentAlerts(logger, clock)
  const audit = await openAuditOffice(options)
  parts.defer(() => audit.stop())

  const knowledge = await composeKnowledge(options, parts)
  const { book, nation } = knowledge
  const alerts = await openAlertBook({ store, book, clock, logger })
  parts.defer(() => alerts.stop())
  const intake = await composeIntake(
    options,
    {
      knowledge,
      alerts: content,
      opening: undefined,
      own: { ownLog: { isCurrent: () => false }, guard: { stop: () => {} } },
      events: {
        committed(entries) {
          for (const { entry } of entries) network.hints.hint(entry.log.nation, entry.header.registryVersion)
        },
        gap: (logId, seq) => network.sync.gap(logId, seq),
        rewinding: (_, commit) => commit(),
        proved: proofs => network.proofSpread.spread(proofs),
        contested: () => network.sync.all(),
      },
    },
    parts,
  )
  const { ingest, forks, bodies, quotas } = intake
  const network = await composeNetwork(
    options,
    { peerSeed: options.peerSeed, knowledge, intake, alerts: content, relays: true, events: { synced: () => {} } },
    parts,
  )
  const progress = startCatchUpProgress({ store, sync: network.sync, quotas, clock })
  parts.defer(() => progress.stop())
  const recordRegistry = createRegistryRecord(book, audit.log, logger)

  function onEvidenceChange(): void {
    recordRegistry()
    network.reconsider()
  }

  /** What a failed write held up. */
  function onRecovered(): void {
    for (const resume of [audit.log.resume, book.resume]) {
      resume().catch(error => logger.error({ err: error }, 'what a failed write held up could not go on'))
    }
    network.sync.all()
  }

  await network.start()
  book.onChange(onEvidenceChange)
  onEvidenceChange()
  const owed = startOwedSignatures({
    allianceId,
    store,
    verify: verifyEd25519Async,
    idle: () => !ingest.isWriting(),
    checkpointOf: logId => heldCheckpoint(book, store, logId, Number.MAX_SAFE_INTEGER),
    convict: body => forks.publish([{ type: EVIDENCE.PROOF, body }]),
    logger,
  })
  parts.defer(() => owed.stop())
  // Ciphertext goes here too; what an edge destroyed its inner node states.
  const nothing = async () => {}
  const { ranMs } = knowledge.pins
  const purging = startPurging({ store, audit: audit.log, opened: nothing, purged: nothing, ranMs, clock, logger })
  parts.defer(() => purging.stop())
  const retention = startRetention({
    store,
    pruned: intake.pruned,
    bodies,
    rules: () => retentionRules(config, book.directory().policy.bodyRetentionDays),
    // Its inner node cosigns with what it holds itself.
    statedSize: async ({ head }) => book.standingOf(head).quorate?.size ?? 0,
    openedTo: ({ head }) => head.size,
    clockSkewMs: network.sync.clockSkewMs,
    idle: () => !ingest.isWriting(),
    clock,
    logger,
  })
  parts.defer(() => retention.stop())
  const keeper = startStoreKeeper({ store, recovered: onRecovered, logger })
  parts.defer(() => keeper.stop())

  const { pins, nationOf } = knowledge
  const { host, sync, hints, documentSpread } = network
  return {
    allianceId,
    nation,
    config,
    book,
    pins,
    store,
    ingest,
    bodies,
    quotas,
    progress,
    retention,
    audit,
    sync,
    host,
    clock,
    random,
    logger,
    alerts,
    refusals: content.refusals,
    hints,
    heads: network.heads,
    purging,
    documentSpread,
    nationOf,
  }
}
