import { concat, u32be, u64be, utf8 } from '../../src/base/bytes.ts'
import { labelledHash, sha256 } from '../../src/base/hash.ts'
import { frontierDigest } from '../../src/chain/frontier.ts'
import { messageId, topicText } from '../../src/net/gossip-options.ts'
import { EVIDENCE } from '../../src/node/knowledge/evidence-book.ts'
import { itemName } from '../../src/node/knowledge/log-evidence.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { encode } from '../../src/wire/codec.ts'
import { encodeEnvelope } from '../../src/wire/entry.ts'
import { RangeRequest } from '../../src/wire/gen/tocsin.ts'
import { encodeSyncMessage } from '../../src/wire/sync-frame.ts'
import { checkpointMessage } from './chain-examples.ts'
import { assertHolds, type Example } from './example.ts'
import type { SpecLog } from './log.ts'
import { allianceId, nationDoc, registry } from './world.ts'

/** Chapter 5: what is compared and what is framed. */
export function syncExamples(log: SpecLog): Example[] {
  return [frontierExample(log), evidenceExample(log), frameExample(log), gossipExample(log)]
}

function frontierExample({ head }: SpecLog): Example {
  const digest = frontierDigest([{ logId: head.logId, size: head.size, head: head.leaf }])
  const input = concat(utf8('tocsin/frontier/v1\0'), head.logId, u64be(head.size), head.leaf)
  assertHolds(Buffer.compare(sha256(input), digest) === 0, 'the frontier digest')
  return { name: 'frontier', parts: { input, 'frontier digest': digest } }
}

function evidenceExample(log: SpecLog): Example {
  const { message } = checkpointMessage(log)
  const nameOf = (type: number, body: Uint8Array) => itemName({ type, body })
  const names = [
    nameOf(EVIDENCE.DOCUMENT, encodeSignedDoc(registry)),
    nameOf(EVIDENCE.DOCUMENT, encodeSignedDoc(nationDoc)),
    nameOf(EVIDENCE.CHECKPOINT, message),
    labelledHash('tocsin/conflict/v1', Uint8Array.of(1), log.head.logId, u64be(2)),
  ] as const
  const ascending = names.toSorted((a, b) => Buffer.compare(a, b))
  return {
    name: 'evidence',
    parts: {
      'registry document': names[0],
      'nation document': names[1],
      checkpoint: names[2],
      'conflict at seq 2': names[3],
      'evidence digest': labelledHash('tocsin/evidence/v1', ...ascending),
    },
  }
}

function frameExample({ head }: SpecLog): Example {
  const message = { logId: head.logId, from: 0, count: 6, size: 0 }
  const frame = encodeSyncMessage({ kind: 'range-request', message })
  return {
    name: 'sync-frame',
    parts: {
      RangeRequest: encode(RangeRequest, message),
      SyncFrame: frame,
      'on the stream': concat(u32be(frame.length), frame),
    },
  }
}

function gossipExample({ entries }: SpecLog): Example {
  const topic = topicText(Buffer.from(allianceId).toString('hex'), 'entries')
  const data = encodeEnvelope(entries[2]!)
  return { name: 'gossip', parts: { topic, data, 'message id': messageId(topic, data) } }
}
