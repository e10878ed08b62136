import { equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { Host } from '../net/host.ts'
import type { PeerKeyHex } from '../net/peer-key.ts'
import type { Verdict } from '../net/verdict.ts'
import { docHashHex } from '../registry/doc-fields.ts'
import { findDocument } from '../registry/evidence.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../registry/signed-doc.ts'
import { createAllowance } from './allowance.ts'
import { EVIDENCE, type EvidenceBook } from './evidence-book.ts'

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

/** Documents on their way to all by gossip. What it misses, such as all that came before, comes by sync. */
export function createDocumentSpread({ host, book, lacking, clock, logger }: DocumentSpreadOptions) {
  const allowance = createAllowance(JUDGED, clock)

  function isHeldAs(doc: ParsedSignedDoc, data: Uint8Array): boolean {
    const held = findDocument(book.documentSet(), docHashHex(doc.hash))
    return held !== undefined && equalBytes(encodeSignedDoc(held), data)
  }

  /** A document under other signatures than the ones that count is taken in here and passed on by nobody. */
  async function judge(data: Uint8Array, from: PeerKeyHex): Promise<Verdict> {
    const doc = parseSignedDoc(data)
    if (isHeldAs(doc, data)) return 'accept'
    if (!allowance.take(from)) return 'ignore'
    const { refused, waiting } = await book.apply([{ type: EVIDENCE.DOCUMENT, body: data }], 'gossip')
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
