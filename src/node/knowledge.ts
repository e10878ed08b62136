import type { NationId } from '../base/ids.ts'
import { type PeerKeyHex, peerKeyBytes } from '../net/peer-key.ts'
import type { ParsedNationDoc } from '../registry/nation-doc.ts'
import { assertMember } from './knowledge/directory-views.ts'
import { documentItem, type EvidenceBook, openEvidenceBook } from './knowledge/evidence-book.ts'
import { agedPins } from './knowledge/in-force-record.ts'
import { readInForce, startPinKeeper } from './knowledge/pin-keeper.ts'
import type { CommonOptions } from './node-options.ts'

/** What is known of the alliance: every other stage asks it. */
export interface Knowledge {
  readonly nation: NationId
  readonly book: EvidenceBook
  readonly pins: ReturnType<typeof startPinKeeper>
  /** Of the own nation, in force. */
  ownDocument(): ParsedNationDoc | undefined
  nationOf(peer: PeerKeyHex): NationId | undefined
}

/** Throws UserError `registry-not-member` where the alliance has no such nation. */
export async function composeKnowledge(options: CommonOptions, parts: AsyncDisposableStack): Promise<Knowledge> {
  const { allianceId, store, clock, logger } = options
  const nation = options.config.nation as NationId
  const inForce = await readInForce(store)
  const pinned = [...options.pins, ...agedPins(inForce)]
  const book = await openEvidenceBook({ allianceId, store, pins: pinned, clock, logger })
  await book.apply(options.documents.map(documentItem), 'alliance file')
  const pins = startPinKeeper({ book, store, operator: options.pins, record: inForce, clock, logger })
  parts.defer(() => pins.stop())
  assertMember(book.directory(), nation)
  return {
    nation,
    book,
    pins,
    ownDocument: () => book.directory().member(nation)?.doc,
    nationOf: peer => book.directory().nationOfPeer(peerKeyBytes(peer)),
  }
}
