import { concat, readU64be, u64be } from '../../base/bytes.ts'
import { StoreError } from '../../base/errors.ts'
import { type AllianceId, type LogId, type LogIdHex, logIdHex, type NationId, parseHash } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { buildCosignature, verifyCosignature } from '../../chain/checkpoint.ts'
import { buildCheckpointEvidence, type VerifiedCheckpointEvidence } from '../../chain/checkpoint-evidence.ts'
import { factEffect, isTree } from '../../chain/checkpoint-facts.ts'
import { chooseTreeToCosign } from '../../chain/cosigning.ts'
import { sameTree, type TreeHead } from '../../chain/tree-head.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'
import { buildOpenConsistency } from '../../merkle/consistency.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { Store, StoredLog } from '../../store/store.ts'
import type { Envelope, EvidenceItem } from '../../wire/gen/tocsin.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { createHeldBodies } from '../knowledge/held-bodies.ts'
import { isHeldTree } from '../knowledge/held-tree.ts'
import { createTurns } from '../mechanisms/turns.ts'

export interface CosignerOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Store
  readonly book: Pick<EvidenceBook, 'apply' | 'checkpoints' | 'directory' | 'limitOf' | 'standingOf'>
  /** The key of this node that counts as a witness's now; undefined where none does. */
  witness(): Ed25519Signer | undefined
  /** Whether anything may be signed now. */
  maySign(): boolean
  /** Tells the others. */
  spread(items: readonly EvidenceItem[]): Promise<void>
  readonly clock: Clock
  readonly intervalMs: number
  readonly logger: Logger
}

/** What this node has stated of a log, at its largest. */
interface Statement extends TreeHead {
  readonly timeSeconds: number
}

interface Cosigning {
  readonly logId: LogId
  readonly statement: Statement
  readonly of: VerifiedCheckpointEvidence
}

/**
 * Cosigns the checkpoints of other nations' logs (R-2.9): of trees that are held here whole, every signature checked and
 * every body there that is to be. What is going to be stated is durable before it
 * is signed, with its time: after a crash the same bytes are signed again, and never a smaller or another tree.
 */
export function startCosigner(options: CosignerOptions) {
  const { allianceId, nation, store, book, logger } = options
  const bodies = createHeldBodies(store)
  const inTurn = createTurns()
  const timer = setInterval(() => {
    inTurn(round).catch(error => logger.error({ err: error }, 'cosigning failed'))
  }, options.intervalMs)

  async function round(): Promise<void> {
    const witness = options.witness()
    if (witness === undefined || store.state !== 'open' || !options.maySign()) return
    const logs = [...store.logs()].filter(({ head }) => head.nation !== nation)
    const chosen: Cosigning[] = []
    for (const { head } of logs) {
      // As it is by now: it may have gone on, or back, while the others were looked at.
      const cosigning = await choose(store.log(head.logId)!, witness.publicKey)
      if (cosigning !== undefined) chosen.push(cosigning)
    }
    if (chosen.length > 0) {
      const notes = new Map(chosen.map(({ logId, statement }) => [noteName(logId), encodeStatement(statement)]))
      await store.commit({ notes }, { sync: true })
      await publish(chosen.map(each => cosign(each, witness)))
    }
    await publish(logs.flatMap(({ head }) => missingLinks(store.log(head.logId)!)))
  }

  async function publish(items: readonly EvidenceItem[]): Promise<void> {
    if (items.length === 0) return
    await book.apply(items, 'self')
    await options.spread(items)
  }

  /** The checkpoint to cosign next; undefined where there is none that says more than what was stated already. */
  async function choose(log: StoredLog, witnessPk: Uint8Array): Promise<Cosigning | undefined> {
    const { logId } = log.head
    const stated = await readStatement(logId)
    const checkpoints = book.checkpoints(logId).filter(isTree)
    const chosen = chooseTreeToCosign(
      checkpoints.map(of => ({ ...factEffect(of), of })),
      {
        witnessPk,
        stated,
        quorate: book.standingOf(log.head).quorate,
        wholeSize: await wholeSize(log, stated?.size ?? 0),
        isHeld: tree => isHeld(log, tree),
      },
    )
    if (chosen === undefined) return undefined
    const { size, root, of } = chosen
    const again = stated !== undefined && sameTree(stated, chosen)
    // Never before what was stated already: by its times a larger tree would seem to be the earlier one.
    const now = Math.floor(options.clock.now() / 1000)
    const timeSeconds = again ? stated.timeSeconds : Math.max(now, stated?.timeSeconds ?? 0)
    return { logId, statement: { size, root, timeSeconds }, of }
  }

  /** How far a log stands here with every signature checked, and every body there. */
  async function wholeSize({ head, unverifiedFrom }: StoredLog, statedSize: number): Promise<number> {
    const size = Math.min(head.size, book.limitOf(head), unverifiedFrom ?? head.size)
    const keptSinceMs = options.clock.now() - book.directory().policy.bodyRetentionDays * DAY_MS
    return bodies.heldTo(head.logId, statedSize, size, keptSinceMs)
  }

  function isHeld({ head }: StoredLog, tree: TreeHead): boolean {
    return tree.size <= head.size && isHeldTree(store, head.logId, tree)
  }

  const readStatement = (logId: LogId) => readStatementOf(store, logId)

  function cosign({ statement, of }: Cosigning, witness: Ed25519Signer): EvidenceItem {
    const { checkpoint } = of
    const line = buildCosignature(allianceId, checkpoint, witness, statement.timeSeconds)
    const cosignatures = [verifyCosignature(line, checkpoint, allianceId)]
    return item({ checkpoint, cosignatures, genesis: of.message.genesis as Envelope })
  }

  /** Whoever holds the log can show that what others cosigned is one tree that grew: so their voices add up. */
  function missingLinks(log: StoredLog): EvidenceItem[] {
    const { logId } = log.head
    const all = book.checkpoints(logId)
    const from = book.standingOf(log.head).quorate?.size ?? 0
    const trees = all
      .filter(({ checkpoint, cosignatures }) => cosignatures.length > 0 && checkpoint.size >= from)
      .filter(({ checkpoint }) => isHeld(log, checkpoint))
      .sort((a, b) => a.checkpoint.size - b.checkpoint.size)
    return trees.slice(1).flatMap((to, i) => {
      const { size } = trees[i]!.checkpoint
      const isShown = all.some(link => sameTree(link.checkpoint, to.checkpoint) && link.continues?.size === size)
      if (isShown) return []
      const path = buildOpenConsistency(store.hashAt(logId), size, to.checkpoint.size)
      const { checkpoint, message } = to
      const genesis = message.genesis as Envelope
      return [item({ checkpoint, cosignatures: [], genesis, continues: { fromSize: size, path } })]
    })
  }

  return {
    cosign: () => inTurn(round),
    async stop(): Promise<void> {
      clearInterval(timer)
      await inTurn(async () => {})
    },
  }
}

async function readStatementOf(store: Pick<Store, 'note'>, logId: LogId): Promise<Statement | undefined> {
  const bytes = await store.note(noteName(logId))
  return bytes && decodeStatement(bytes)
}

/** How much of a log this node has stated to hold. */
export async function cosignedSize(store: Pick<Store, 'note'>, logId: LogId): Promise<number> {
  return (await readStatementOf(store, logId))?.size ?? 0
}

function item(parts: Parameters<typeof buildCheckpointEvidence>[0]): EvidenceItem {
  return { type: EVIDENCE.CHECKPOINT, body: buildCheckpointEvidence(parts) }
}

function noteName(logId: LogId): `cosigned ${LogIdHex}` {
  return `cosigned ${logIdHex(logId)}`
}

const STATEMENT_BYTES = 8 + 32 + 8

function encodeStatement({ size, root, timeSeconds }: Statement): Uint8Array {
  return concat(u64be(size), root, u64be(timeSeconds))
}

function decodeStatement(bytes: Uint8Array): Statement {
  if (bytes.length !== STATEMENT_BYTES) {
    throw new StoreError('store-damaged', `the record of a cosignature has ${bytes.length} bytes`)
  }
  const root = parseHash(bytes.slice(8, 40))
  return { size: readU64be(bytes), root, timeSeconds: readU64be(bytes.subarray(40)) }
}
