import { type AllianceId, type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import type { VerifiedCheckpoint } from '../../chain/checkpoint.ts'
import { buildBadLeaf, encodeProof } from '../../chain/proof-build.ts'
import type { VerifySignatureAsync } from '../../chain/verify-entry.ts'
import { buildInclusion } from '../../merkle/inclusion.ts'
import type { Store } from '../../store/store.ts'
import { entrySignatureInput, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'

export interface OwedSignaturesOptions {
  readonly allianceId: AllianceId
  readonly store: Store
  readonly verify: VerifySignatureAsync
  /** True while there is nothing more urgent to do. */
  idle(): boolean
  /** Of the log's author, over the tree that is held here. */
  checkpointOf(logId: LogId): VerifiedCheckpoint | undefined
  /** Takes the proof that the author of a log committed to a leaf which is no entry. */
  convict(proof: Uint8Array): Promise<void>
  readonly logger: Logger
}

/** Looked at every so often, so that a busy node is not slowed. */
const INTERVAL_MS = 1000
const ENTRIES_PER_TURN = 1024
const PAGE_ENTRIES = 256
const PAGE_BYTES_MAX = 4 * 1024 * 1024

/** Pays the signature checks that a checkpoint allowed to postpone, oldest first, on idle time. */
export function startOwedSignatures(options: OwedSignaturesOptions): { stop(): Promise<void> } {
  const { store, allianceId } = options
  /** Logs that hold an entry which is none: to look at them again would hold up all others. */
  const convicted = new Set<LogIdHex>()
  let working: Promise<void> | undefined
  const timer = setInterval(() => {
    if (working !== undefined || !options.idle()) return
    working = turn()
      .catch(error => options.logger.error({ err: error }, 'checking postponed signatures failed'))
      .finally(() => {
        working = undefined
      })
  }, INTERVAL_MS)

  async function turn(): Promise<void> {
    let left = ENTRIES_PER_TURN
    for (const log of [...store.logs()]) {
      while (left > 0 && options.idle()) {
        const { unverifiedFrom: from, limit } = store.log(log.head.logId) ?? log
        if (from === null || from >= limit || convicted.has(logIdHex(log.head.logId))) break
        left -= await checkPage(log.head.logId, from)
      }
    }
  }

  /** Checks some entries from `from` on; returns how many. */
  async function checkPage(logId: LogId, from: number): Promise<number> {
    const held = store.log(logId)
    if (held === undefined) return 0
    const entries = (await store.entriesRange(logId, from, PAGE_ENTRIES, PAGE_BYTES_MAX)).map(parseEnvelope)
    const valid = await Promise.all(entries.map(entry => checkOne(entry, held.head.signPk)))
    const bad = valid.indexOf(false)
    const good = bad < 0 ? entries.length : bad
    const reached = from + good
    // Nothing waits for the writer, and this commit is queued before anything else can be: none is owed after it.
    const none = options.idle() && reached >= (store.log(logId)?.head.size ?? 0)
    await store.commit({ logs: [{ logId, unverifiedFrom: none ? null : reached }] })
    if (bad < 0) return entries.length
    convicted.add(logIdHex(logId))
    await convict(entries[bad]!)
    return good + 1
  }

  function checkOne(entry: ParsedEntry, signPk: Uint8Array): Promise<boolean> {
    return options.verify(signPk, entrySignatureInput(allianceId, entry.headerBytes), entry.signature)
  }

  async function convict(entry: ParsedEntry): Promise<void> {
    const { logId, header } = entry
    const checkpoint = options.checkpointOf(logId)
    const genesis = await store.entry(logId, 0)
    if (checkpoint === undefined || genesis === undefined || checkpoint.size <= header.seq) return
    options.logger.error(
      { log: logIdHex(logId), seq: header.seq },
      'a checkpoint of its author covers an entry whose signature fails',
    )
    const path = buildInclusion(store.hashAt(logId), header.seq, checkpoint.size)
    await options.convict(encodeProof(buildBadLeaf(entry, checkpoint, path, parseEnvelope(genesis))))
  }

  return {
    async stop() {
      clearInterval(timer)
      await working
    },
  }
}
