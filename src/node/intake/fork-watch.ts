import { type LogIdHex, logIdHex, type NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { VerifiedCheckpointEvidence } from '../../chain/checkpoint-evidence.ts'
import { isTree } from '../../chain/checkpoint-facts.ts'
import { buildContradiction } from '../../chain/contradiction.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import { buildCheckpointConflict, encodeProof } from '../../chain/proof-build.ts'
import { treeKey } from '../../chain/tree-head.ts'
import type { VerifiedEntry } from '../../chain/verify-entry.ts'
import { buildOpenConsistency } from '../../merkle/consistency.ts'
import type { Store } from '../../store/store.ts'
import { type ParsedEntry, parseEntry } from '../../wire/entry.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { isHeldTree } from '../knowledge/held-tree.ts'
import { proveConflict } from '../knowledge/own-evidence.ts'
import { createAllowance } from '../mechanisms/allowance.ts'

export interface ForkWatchOptions {
  readonly store: Store
  readonly book: Pick<EvidenceBook, 'apply' | 'standingOf' | 'checkpoints' | 'conflictAt' | 'isOnBranch'>
  /** Tells all others. */
  spread(items: readonly EvidenceItem[]): Promise<void>
  /** Whoever holds another branch has to be asked: for an earlier difference, or for the branch that stands. */
  ask(): void
  readonly clock: Clock
  readonly logger: Logger
}

/** Two signed entries that contradict each other. */
interface Found {
  readonly held: ParsedEntry
  readonly offered: VerifiedEntry
  readonly kind: 'same-seq' | 'broken-prev'
}

/** What was found of the trees that the author of a log signed. */
interface Watched {
  /** Whether what is held here begins with the tree. */
  readonly judged: Map<string, boolean>
  /** With which it does not, the first that came. */
  aside: VerifiedCheckpointEvidence | undefined
}

/** Forks by one nation are proved at once so often; then the lowest of what was found in each of its logs, now and then. */
const PROVED = { burst: 4, perSecond: 0.2 }
const RETRY_MS = 5_000
const PENDING_LOGS_MAX = 1024
const LOGS_WATCHED_MAX = 4096
const JUDGED_PER_LOG_MAX = 32

/**
 * Sees to it that whoever signs two things is shown to all: proofs from what is found here, at a bounded rate, so
 * that whoever signs forks at ever lower positions keeps nobody busy.
 */
export function createForkWatch(options: ForkWatchOptions) {
  const { store, book, logger } = options
  const allowance = createAllowance(PROVED, options.clock)
  const pending = new Map<LogIdHex, Found>()
  const logs = new Map<LogIdHex, Watched>()
  let timer: NodeJS.Timeout | undefined

  /** Takes in what was found and, where it is news, tells all. */
  async function publish(items: readonly EvidenceItem[]): Promise<void> {
    const { added } = await book.apply(items, 'own finding')
    if (added === 0) return
    await options.spread(items)
    options.ask()
  }

  // --- entries ----------------------------------------------------------------------------------------------------

  function found(contradiction: Found): Promise<void> {
    const { log } = contradiction.offered
    if (seqOf(contradiction) >= book.conflictAt(log)) return Promise.resolve()
    const key = logIdHex(log.logId)
    const lowest = pending.get(key)
    if (lowest !== undefined && seqOf(lowest) <= seqOf(contradiction)) return Promise.resolve()
    if (lowest !== undefined || pending.size < PENDING_LOGS_MAX) pending.set(key, contradiction)
    return provePending()
  }

  async function provePending(): Promise<void> {
    for (const [key, { held, offered, kind }] of [...pending]) {
      if (!allowance.take(offered.log.nation satisfies NationId)) continue
      pending.delete(key)
      await publish(await proveConflict(store, held, offered, kind))
    }
    if (pending.size === 0) return
    timer ??= setTimeout(() => {
      timer = undefined
      provePending().catch(error => logger.error({ err: error }, 'a fork could not be proved'))
    }, RETRY_MS)
  }

  // --- checkpoints ------------------------------------------------------------------------------------------------

  /** Checkpoints that came, kept as evidence or not: the first of a log that is not of what is held here is remembered. */
  async function offered(facts: readonly VerifiedCheckpointEvidence[]): Promise<void> {
    for (const fact of facts) {
      const watched = watchedOf(logIdHex(fact.log.logId))
      if (watched.aside !== undefined || isHeld(fact, watched) !== false) continue
      watched.aside = fact
      await proveAside(fact.log)
    }
  }

  /** More is known of this log. */
  async function look(log: LogIdentity): Promise<void> {
    const { alarms, branch } = book.standingOf(log)
    if (alarms.includes('contradictory-checkpoints')) {
      const proof = buildContradiction(book.checkpoints(log.logId))
      if (proof !== undefined) await options.spread([{ type: EVIDENCE.PROOF, body: encodeProof(proof) }])
    } else {
      await proveAside(log)
    }
    const size = store.log(log.logId)?.head.size ?? 0
    const isForked = Number.isFinite(book.conflictAt(log))
    if (!book.isOnBranch(log) || (isForked && branch !== undefined && size < branch.size)) options.ask()
  }

  /** The author signed a tree that is not held here, and a larger one that is: who holds that can show the two to differ. */
  async function proveAside({ logId }: LogIdentity): Promise<void> {
    const watched = watchedOf(logIdHex(logId))
    const other = watched.aside?.checkpoint
    if (other === undefined) return
    const larger = book
      .checkpoints(logId)
      .find(fact => isTree(fact) && fact.checkpoint.size > other.size && isHeld(fact, watched) === true)
    if (larger === undefined) return
    const path = buildOpenConsistency(store.hashAt(logId), other.size, larger.checkpoint.size)
    const proof = buildCheckpointConflict(other, larger.checkpoint, path, parseEntry(larger.message.genesis!))
    await publish([{ type: EVIDENCE.PROOF, body: encodeProof(proof) }])
  }

  /** Whether what is held begins with the tree; undefined where it does not reach so far. */
  function isHeld({ checkpoint }: VerifiedCheckpointEvidence, { judged }: Watched): boolean | undefined {
    if (checkpoint.size > (store.log(checkpoint.logId)?.head.size ?? 0)) return undefined
    const key = treeKey(checkpoint)
    const known = judged.get(key)
    if (known !== undefined) return known
    const found = isHeldTree(store, checkpoint.logId, checkpoint)
    judged.set(key, found)
    if (judged.size > JUDGED_PER_LOG_MAX) judged.delete(judged.keys().next().value as string)
    return found
  }

  function watchedOf(key: LogIdHex): Watched {
    const found = logs.get(key) ?? { judged: new Map(), aside: undefined }
    logs.delete(key)
    logs.set(key, found)
    if (logs.size > LOGS_WATCHED_MAX) logs.delete(logs.keys().next().value as LogIdHex)
    return found
  }

  return {
    found,
    publish,
    offered,
    async changed(touched: readonly LogIdentity[]): Promise<void> {
      for (const log of touched) await look(log)
    },
    /** What is held of the log is another branch from now on. */
    forget(log: LogIdentity): void {
      logs.delete(logIdHex(log.logId))
    },
    stop(): void {
      clearTimeout(timer)
    },
  }
}

export type ForkWatch = ReturnType<typeof createForkWatch>

/** where the log would end by it. */
function seqOf({ held, offered, kind }: Found): number {
  return kind === 'same-seq' ? offered.header.seq : held.header.seq
}
