import { equalBytes, toHex } from '../../base/bytes.ts'
import { ProtocolError, UserError } from '../../base/errors.ts'
import { type LogIdHex, logIdHex, parseLogId } from '../../base/ids.ts'
import { frontierDigest } from '../../chain/frontier.ts'
import type { Store } from '../../store/store.ts'
import type { BodyBook } from '../intake/body-book.ts'
import type { Ingest } from '../intake/ingest.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import { type PullPort, pull } from '../network/sync-client.ts'
import { type SyncSource, serveSync } from '../network/sync-server.ts'
import { localState } from '../network/sync-source.ts'
import type { BundleFile } from './bundle-file.ts'
import { type BundleReport, heldRuns, type Refusal, reportLogs } from './bundle-report.ts'
import { createBundleSource } from './bundle-source.ts'
import { createFramePipe } from './frame-pipe.ts'

export interface BundleImporter {
  readonly store: Store
  readonly book: EvidenceBook
  readonly ingest: Pick<Ingest, 'ingestBundle' | 'settled'>
  readonly bodies: Pick<BodyBook, 'toAskFor' | 'storeBodies'>
  /** What this node answers to peers. */
  readonly source: SyncSource
}

/** What came in may change what stands, and with it what else of the file does: a few times at most. */
const PASSES_MAX = 4
/** Of one file; the rest is counted with them. */
const REFUSALS_MAX = 100

/**
 * Takes a file in as what a peer answers is taken in: evidence first, then what the frontier lacks, every
 * entry shown to be of a checkpoint or of its signer. What is here already is not asked for, so that an import which broke
 * off is resumed by the next. What is refused is told, and holds nothing else up.
 *
 * Throws UserError `bundle-other-alliance`, and StoreError where this node cannot write.
 */
export async function importBundle(node: BundleImporter, file: BundleFile): Promise<BundleReport> {
  assertOurs(node, file)
  const before = heldRuns(node, file)
  const known = knownEvidence(node, file)
  const taken = createTally(node)
  const peer = createBundleSource(file)
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const digest = stateOf(node)
    taken.beginPass()
    await pullFrom(peer, node, taken)
    await node.ingest.settled()
    if (stateOf(node) === digest) break
  }
  const { stale, ...evidence } = taken.evidence()
  const told = { offered: file.evidence.size, ...evidence, known: known + stale }
  return { ...headerOf(file), evidence: told, logs: reportLogs(node, file, before, heldRuns(node, file), taken.faults) }
}

/** What an import would bring, by what the file says of itself: its signatures are checked when it is imported. */
export function previewBundle(node: BundleImporter, file: BundleFile): BundleReport {
  assertOurs(node, file)
  const known = knownEvidence(node, file)
  const before = heldRuns(node, file)
  const after = new Map(before)
  for (const [key, { tree }] of file.runs) {
    const { size } = before.get(key)!
    if (tree.from <= size && tree.size > size) after.set(key, { size: tree.size, isWhole: true })
  }
  const evidence = { offered: file.evidence.size, known, added: file.evidence.size - known, waiting: 0, refused: [] }
  return { ...headerOf(file), evidence, logs: reportLogs(node, file, before, after, new Map()) }
}

function assertOurs({ book }: BundleImporter, { header }: BundleFile): void {
  if (equalBytes(book.allianceId, header.allianceId)) return
  throw new UserError('bundle-other-alliance', 'the file is of another alliance', {
    fix: 'Ask for a file of this alliance: "tocsin alliance show" tells which that is.',
  })
}

function headerOf({ header }: BundleFile): Pick<BundleReport, 'madeMs' | 'exporter'> {
  return { madeMs: header.madeMs, exporter: header.exporter ?? '' }
}

function knownEvidence({ book }: BundleImporter, { evidence }: BundleFile): number {
  return [...evidence.keys()].filter(name => book.has(name)).length
}

/** Two nodes of which this is the same hold the same. */
function stateOf({ book, store }: BundleImporter): string {
  return `${toHex(book.digest())} ${toHex(frontierDigest(store.frontier()))}`
}

/** What came of each piece. */
function createTally({ book, ingest, bodies }: BundleImporter) {
  /** What is stale is behind what is held, as an older checkpoint is. */
  const count = { added: 0, waiting: 0, stale: 0 }
  const refused = new Map<string, Refusal>()
  const faults = new Map<LogIdHex, Refusal>()

  function refuse(refusal: Refusal): void {
    if (refused.size < REFUSALS_MAX) refused.set(`${refusal.code} ${refusal.reason}`, refusal)
  }

  const port: PullPort = {
    async applyEvidence(items) {
      const result = await book.apply(items, 'file')
      count.added += result.added
      count.waiting += result.waiting
      count.stale += result.known
      result.refused.forEach(refuse)
    },
    async ingestBundle(bundle, branch) {
      try {
        return await ingest.ingestBundle(bundle, branch)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        faults.set(logIdHex(parseLogId(bundle.logId)), { code: error.code, reason: error.message })
        throw error
      }
    },
    storeBodies: bodies.storeBodies,
    heads() {},
  }

  return {
    port,
    faults: faults as ReadonlyMap<LogIdHex, Refusal>,
    refuse,
    /** What was refused for the want of something may be taken by now. */
    beginPass(): void {
      count.waiting = 0
      count.stale = 0
      refused.clear()
      faults.clear()
    },
    evidence: () => ({ ...count, refused: [...refused.values()] }),
  }
}

async function pullFrom(peer: SyncSource, node: BundleImporter, taken: ReturnType<typeof createTally>): Promise<void> {
  const [here, there] = createFramePipe()
  const serving = serveSync(there, peer).then(
    () => there.end(),
    error => there.end(error),
  )
  try {
    await pull(here, localState(node.source, node.book, node.store, node.bodies.toAskFor), taken.port)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    // What is wrong with one log is told with that log.
    if (taken.faults.size === 0) taken.refuse({ code: error.code, reason: error.message })
  } finally {
    here.end()
    await serving
  }
}
