import { equalBytes } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { Host } from '../../net/host.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { Verdict } from '../../net/verdict.ts'
import { docHashHex } from '../../registry/doc-fields.ts'
import { findDocument } from '../../registry/evidence.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../../registry/signed-doc.ts'
import { documentItem, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { createAllowance } from '../mechanisms/allowance.ts'
import { createTurns } from '../mechanisms/turns.ts'

export interface DocumentSpreadOptions {
  readonly host: Pick<Host, 'subscribe' | 'publish'>
  readonly book: Pick<EvidenceBook, 'apply' | 'documentSet'>
  /** A document came whose predecessor is missing: this neighbour, or who it had it from, holds that. */
  lacking(peer: PeerKeyHex): void
  readonly clock: Clock
  readonly logger: Logger
}

/** Documents of one neighbour that cost signature checks; far more than an honest alliance makes in a day. */
const JUDGED = { burst: 256, perSecond: 4 }

/**
 * Those of them that were of no use here. Anybody can make documents that take half a second to judge, and honest nodes
 * pass on none that they do not hold as valid; what is held back of theirs comes by sync.
 */
const USELESS = { burst: 8, perSecond: 0.1 }

/** Documents on their way to all by gossip. What it misses, such as all that came before, comes by sync. */
export function createDocumentSpread({ host, book, lacking, clock, logger }: DocumentSpreadOptions) {
  const allowance = createAllowance(JUDGED, clock)
  const useless = createAllowance(USELESS, clock)
  const inTurn = createTurns()

  function isHeldAs(doc: ParsedSignedDoc, data: Uint8Array): boolean {
    const held = findDocument(book.documentSet(), docHashHex(doc.hash))
    return held !== undefined && equalBytes(encodeSignedDoc(held), data)
  }

  /** A document under other signatures than the ones that count is taken in here and passed on by nobody. */
  async function judge(data: Uint8Array, from: PeerKeyHex): Promise<Verdict> {
    const doc = parseSignedDoc(data)
    return inTurn(() => take(data, doc, from))
  }

  /** One after the other, so that each is judged by what became of those before it. */
  async function take(data: Uint8Array, doc: ParsedSignedDoc, from: PeerKeyHex): Promise<Verdict> {
    if (isHeldAs(doc, data)) return 'accept'
    if (!useless.has(from) || !allowance.take(from)) return 'ignore'
    const { added, refused, waiting } = await book.apply([documentItem(data)], 'gossip')
    if (added === 0) useless.take(from)
    const [refusal] = refused
    if (refusal !== undefined) throw new ProtocolError(refusal.code, refusal.reason)
    if (waiting > 0) lacking(from)
    return isHeldAs(doc, data) ? 'accept' : 'ignore'
  }

  return {
    start(): void {
      host.subscribe('registry', judge)
    },
    /** Tells all of these SignedDocs, each after those it builds on. */
    async spread(documents: readonly Uint8Array[]): Promise<void> {
      for (const document of documents) {
        try {
          await host.publish('registry', document)
        } catch (error) {
          logger.warn({ err: error }, 'gossip did not take a document; peers fetch it by sync')
        }
      }
    },
  }
}
