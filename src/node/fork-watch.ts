import { type LogIdHex, logIdHex, type NationId } from '../base/ids.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { VerifiedCheckpointEvidence } from '../chain/checkpoint-evidence.ts'
import { isTree } from '../chain/checkpoint-facts.ts'
import { buildContradiction } from '../chain/contradiction.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { buildCheckpointConflict, encodeProof } from '../chain/proof-build.ts'
import { treeKey } from '../chain/tree-head.ts'
import type { VerifiedEntry } from '../chain/verify-entry.ts'
import { buildOpenConsistency } from '../merkle/consistency.ts'
import type { Store } from '../store/store.ts'
import { type ParsedEntry, parseEntry } from '../wire/entry.ts'
import type { EvidenceItem } from '../wire/gen/tocsin.ts'
import { createAllowance } from './allowance.ts'
import { EVIDENCE, type EvidenceBook } from './evidence-book.ts'
import { isHeldTree } from './held-checkpoint.ts'
import { proveConflict } from './own-evidence.ts'

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

/** Forks by one nation are proved at once so often; then the lowest of what was found in each of its logs, now and then. */
const PROVED = { burst: 4, perSecond: 0.2 }
const RETRY_MS = 5_000
const PENDING_LOGS_MAX = 1024
const LOGS_WATCHED_MAX = 4096

/**
 * Sees to it that whoever signs two things is shown to all: proofs from what is found here, at a bounded rate, so
 * that whoever signs forks at ever lower positions keeps nobody busy.
 */
export function createForkWatch(options: ForkWatchOptions) {
  const { store, book, logger } = options
  const allowance = createAllowance(PROVED, options.clock)
  const pending = new Map<LogIdHex, Found>()
  /** What was found of the trees that the author of a log signed: whether what is held here begins with them. */
  const judged = new Map<LogIdHex, Map<string, boolean>>()
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

  /** More is known of this log. */
  async function look(log: LogIdentity): Promise<void> {
    const facts = book.checkpoints(log.logId)
    const { alarms, branch } = book.standingOf(log)
    if (alarms.includes('contradictory-checkpoints')) {
      const proof = buildContradiction(facts)
      if (proof !== undefined) await options.spread([{ type: EVIDENCE.PROOF, body: encodeProof(proof) }])
    } else {
      const proof = proveHeldOtherwise(log, facts)
      if (proof !== undefined) await publish([proof])
    }
    const size = store.log(log.logId)?.head.size ?? 0
    const isForked = Number.isFinite(book.conflictAt(log))
    if (!book.isOnBranch(log) || (isForked && branch !== undefined && size < branch.size)) options.ask()
  }

  /** The author signed a tree that is not held here, and a larger one that is: who holds that can show the two to differ. */
  function proveHeldOtherwise(
    { logId }: LogIdentity,
    facts: readonly VerifiedCheckpointEvidence[],
  ): EvidenceItem | undefined {
    const size = store.log(logId)?.head.size ?? 0
    const trees = facts.filter(fact => isTree(fact) && fact.checkpoint.size <= size)
    const known = judged.get(logIdHex(logId))
    const now = new Map(
      trees.map(({ checkpoint }) => {
        const key = treeKey(checkpoint)
        return [key, known?.get(key) ?? isHeldTree(store, logId, checkpoint)] as const
      }),
    )
    remember(logIdHex(logId), now)
    const isHeld = ({ checkpoint }: VerifiedCheckpointEvidence) => now.get(treeKey(checkpoint)) === true
    const other = trees.find(fact => !isHeld(fact))
    const larger = trees.find(fact => isHeld(fact) && fact.checkpoint.size > (other?.checkpoint.size ?? size))
    if (other === undefined || larger === undefined) return undefined
    const path = buildOpenConsistency(store.hashAt(logId), other.checkpoint.size, larger.checkpoint.size)
    const genesis = parseEntry(larger.message.genesis!)
    const proof = buildCheckpointConflict(other.checkpoint, larger.checkpoint, path, genesis)
    return { type: EVIDENCE.PROOF, body: encodeProof(proof) }
  }

  function remember(key: LogIdHex, trees: Map<string, boolean>): void {
    judged.delete(key)
    judged.set(key, trees)
    if (judged.size > LOGS_WATCHED_MAX) judged.delete(judged.keys().next().value as LogIdHex)
  }

  return {
    found,
    publish,
    async changed(logs: readonly LogIdentity[]): Promise<void> {
      for (const log of logs) await look(log)
    },
    /** What is held of the log is another branch from now on. */
    forget(log: LogIdentity): void {
      judged.delete(logIdHex(log.logId))
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
