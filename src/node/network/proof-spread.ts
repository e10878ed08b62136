import { toHex } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { parseGenesis } from '../../chain/genesis.ts'
import { parseProof } from '../../chain/proof.ts'
import type { Host } from '../../net/host.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { Verdict } from '../../net/verdict.ts'
import { encode } from '../../wire/codec.ts'
import { Evidence, type EvidenceItem } from '../../wire/gen/tocsin.ts'
import { decodeStrict } from '../../wire/strict.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { createAllowance } from '../mechanisms/allowance.ts'

export interface ProofSpreadOptions {
  readonly host: Pick<Host, 'subscribe' | 'publish'>
  readonly book: Pick<EvidenceBook, 'apply'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A proof has 48 KiB at most. */
const MESSAGE_BYTES_MAX = 50 * 1024
/** Messages of one neighbour that cost signature checks. */
const JUDGED = { burst: 256, perSecond: 1 }
/** Proofs against one nation: whoever has its key can sign a fork below each that is known, and sync carries the lowest. */
const AGAINST_ONE = { burst: 8, perSecond: 0.1 }
const SEEN_MAX = 1024

/** Proofs of misbehaviour on their way to all by gossip, one a message: who it is news to passes it on. */
export function createProofSpread({ host, book, clock, logger }: ProofSpreadOptions) {
  const neighbours = createAllowance(JUDGED, clock)
  const accused = createAllowance(AGAINST_ONE, clock)
  /** Messages that need not be sent again. */
  const seen = new Set<string>()

  function isNew(data: Uint8Array): boolean {
    const name = toHex(sha256(data))
    if (seen.has(name)) return false
    seen.add(name)
    if (seen.size > SEEN_MAX) seen.delete(seen.values().next().value as string)
    return true
  }

  async function judge(data: Uint8Array, from: PeerKeyHex): Promise<Verdict> {
    const { items } = decodeStrict(Evidence, data, MESSAGE_BYTES_MAX)
    const [item, ...others] = items
    if (item?.type !== EVIDENCE.PROOF || others.length > 0) return 'ignore'
    const nation = nationOf(item)
    if (!accused.has(nation) || !neighbours.take(from)) return 'ignore'
    isNew(data)
    const { added, refused } = await book.apply([item], 'gossip')
    const [refusal] = refused
    if (refusal !== undefined) throw new ProtocolError(refusal.code, refusal.reason)
    if (added === 0) return 'ignore'
    // Taken only for what is true: nobody else can use up what may be said of a nation.
    accused.take(nation)
    return 'accept'
  }

  return {
    start(): void {
      host.subscribe('alerts', judge)
    },
    async spread(items: readonly EvidenceItem[]): Promise<void> {
      for (const item of items) {
        const data = encode(Evidence, { items: [item] })
        if (!isNew(data)) continue
        try {
          await host.publish('alerts', data)
        } catch (error) {
          logger.warn({ err: error }, 'gossip did not take a proof; peers fetch it by sync')
        }
      }
    },
  }
}

/** Whom it accuses, whether rightly or not. Throws ProtocolError. */
function nationOf({ body }: EvidenceItem): NationId {
  const { genesis } = parseProof(body)
  if (genesis === undefined) throw new ProtocolError('proof-malformed', 'the proof lacks the GENESIS')
  return parseGenesis(genesis.body).nation
}
