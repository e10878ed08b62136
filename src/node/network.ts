import { toHex } from '../base/bytes.ts'
import { type Host, openHost } from '../net/host.ts'
import { ownEdges } from './config/config.ts'
import type { ContentAlerts } from './intake/content-alerts.ts'
import type { Intake } from './intake.ts'
import type { Knowledge } from './knowledge.ts'
import { AGENT } from './mechanisms/version.ts'
import { createCheckpointSpread } from './network/checkpoint-spread.ts'
import { startDocsExchange } from './network/docs-exchange.ts'
import { createDocumentSpread } from './network/document-spread.ts'
import { startEntryGossip } from './network/entry-gossip.ts'
import { addressesToRelay, peerTargets } from './network/peer-targets.ts'
import { createProofSpread } from './network/proof-spread.ts'
import { createRegistryHeads } from './network/registry-heads.ts'
import { createRegistryHints } from './network/registry-hints.ts'
import { createSyncService, type SyncServiceOptions } from './network/sync-service.ts'
import { createSyncSource, localState } from './network/sync-source.ts'
import type { CommonOptions } from './node-options.ts'

export interface NetworkInputs {
  readonly peerSeed: Uint8Array
  readonly knowledge: Knowledge
  readonly intake: Pick<Intake, 'ingest' | 'bodies' | 'quotas'>
  readonly alerts: Pick<ContentAlerts, 'refuse'>
  /** Whether it passes connections of own inner nodes on. */
  readonly relays: boolean
  readonly events: Pick<SyncServiceOptions, 'synced'>
}

export type Network = Awaited<ReturnType<typeof composeNetwork>>

/** The host and all that is said over it. Nothing is answered before `start`. */
export async function composeNetwork(options: CommonOptions, inputs: NetworkInputs, parts: AsyncDisposableStack) {
  const { store, config, clock, random, logger, allianceId } = options
  const { alerts, events } = inputs
  const { ingest, bodies, quotas } = inputs.intake
  const { nation, book, nationOf } = inputs.knowledge
  const edges = ownEdges(config)
  const host: Host = await openHost({
    seed: inputs.peerSeed,
    alliance: toHex(allianceId),
    listen: config.net.listen,
    ...(config.net.announce.length > 0 ? { announce: config.net.announce } : {}),
    ...(edges.length > 0 ? { edges } : {}),
    ...(inputs.relays && {
      relayAddresses: (caller, target) => addressesToRelay(book.directory(), nation, caller, target),
    }),
    agent: AGENT,
    standingOf: peerPk => book.directory().peerStanding(peerPk),
    logger,
  })
  parts.use(host)
  const source = createSyncSource({ store, book, nation, agent: AGENT, clock })
  const sync = createSyncService({
    host,
    source,
    local: () => localState(source, book, store, bodies.toAskFor),
    port: {
      applyEvidence: async items => void (await book.apply(items, 'sync')),
      ingestBundle: ingest.ingestBundle,
      storeBodies: bodies.storeBodies,
    },
    nationOf,
    greeted: (peer, hello) => hints.hint(peer, hello.registryVersion, peer),
    ...events,
    intervalMs: config.sync.intervalMs,
    gapMs: config.sync.gapMs,
    sizeOf: logId => store.log(logId)?.head.size ?? 0,
    authorOf: logId => store.log(logId)?.head.nation,
    allowedTo: quotas.allowedTo,
    clock,
    random,
    logger,
  })
  parts.defer(() => sync.stop())
  const hints = createRegistryHints({
    version: () => book.directory().registry.version,
    fetch: peer => sync.ask(peer),
    clock,
  })
  const heads = createRegistryHeads({ allianceId, nation, directory: () => book.directory(), hints, clock })
  const checkpointSpread = createCheckpointSpread({ host, book, heads, clock, logger })
  const proofSpread = createProofSpread({ host, book, clock, logger })
  const documentSpread = createDocumentSpread({
    host,
    book,
    lacking: peer => hints.hint(peer, Number.MAX_SAFE_INTEGER, peer),
    clock,
    logger,
  })

  return {
    host,
    sync,
    hints,
    heads,
    checkpointSpread,
    proofSpread,
    documentSpread,
    async start(): Promise<void> {
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
      proofSpread.start()
      await sync.start()
    },
    /** Keeps to the peers of the documents in force, and hangs up on those of no standing. */
    reconsider(): void {
      host.setPeers(peerTargets({ directory: book.directory(), nation, self: host.self, edges }))
      host.reconsider()
    },
  }
}
