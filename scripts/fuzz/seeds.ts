import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex } from '../../src/base/bytes.ts'
import { decodeLoose } from '../../src/wire/codec.ts'
import { Envelope } from '../../src/wire/gen/tocsin.ts'
import { encodeSyncMessage, type SyncMessage } from '../../src/wire/sync-frame.ts'
import { soundExport } from '../../test/support/audit-world.ts'
import type { VectorInput } from '../../test/vectors/chain-cases/vector.ts'

/** Inputs to begin with that the project's own vectors hold, sound and unsound. */
export interface VectorSeeds {
  readonly envelope: readonly Uint8Array[]
  readonly document: readonly Uint8Array[]
  readonly proof: readonly Uint8Array[]
  readonly checkpoint: readonly Uint8Array[]
  readonly sync: readonly Uint8Array[]
}

/** Longer vectors would only slow the beginning. */
const SEED_BYTES_MAX = 16 * 1024
const SEEDS_MAX = 80

let made: VectorSeeds | undefined

export function seedsOf(kind: keyof VectorSeeds): readonly Uint8Array[] {
  made ??= makeSeeds()
  return made[kind]
}

function makeSeeds(): VectorSeeds {
  const inputs = vectorsIn<{ readonly input: VectorInput }>('chain').map(({ input }) => input)
  const documents = vectorsIn<{ readonly docs: Readonly<Record<string, string>> }>('registry')
  const of = (list: readonly string[]) =>
    [...new Set(list)]
      .filter(hex => hex.length <= 2 * SEED_BYTES_MAX)
      .slice(0, SEEDS_MAX)
      .map(fromHex)
  return {
    envelope: of(inputs.flatMap(input => ('envelopes' in input ? input.envelopes : []))),
    document: of(documents.flatMap(({ docs }) => Object.values(docs))),
    proof: of(inputs.flatMap(input => ('proof' in input ? [input.proof] : []))),
    checkpoint: of(inputs.flatMap(input => ('checkpoint' in input ? [input.checkpoint] : []))),
    sync: SYNC_MESSAGES.map(encodeSyncMessage),
  }
}

const VECTORS = join(import.meta.dirname, '../../test/vectors')

/** The files, since making them anew takes seconds. */
function vectorsIn<T>(folder: string): T[] {
  const path = join(VECTORS, folder)
  return readdirSync(path).map(name => JSON.parse(readFileSync(join(path, name), 'utf8')) as T)
}

const HASH = new Uint8Array(32).fill(7)
const item = soundExport.evidence[0]!
const entries = soundExport.runs[0]!.envelopes.slice(0, 3).map(bytes => decodeLoose(Envelope, bytes, false))

/** One of each kind. */
const SYNC_MESSAGES: readonly SyncMessage[] = [
  {
    kind: 'hello',
    message: {
      protocol: 1,
      allianceId: HASH,
      nation: 'AAA',
      registryVersion: 3,
      registryHash: HASH,
      timeMs: 1_790_000_000_000,
      agent: 'tocsin/0.1',
      evidenceDigest: HASH,
      frontierDigest: HASH,
    },
  },
  { kind: 'index-request', message: { after: 0 } },
  { kind: 'index', message: { hashes: [HASH, HASH], more: 1 } },
  { kind: 'evidence-request', message: { hashes: [HASH] } },
  { kind: 'evidence', message: { items: [item] } },
  { kind: 'frontier-request', message: { after: HASH } },
  { kind: 'frontier', message: { heads: [{ logId: HASH, size: 9, head: HASH }], more: 0 } },
  { kind: 'range-request', message: { logId: HASH, from: 256, count: 256, size: 1000 } },
  { kind: 'bundle', message: { logId: HASH, from: 0, entries, note: item.body.subarray(0, 200), path: [HASH] } },
  { kind: 'body-request', message: { logId: HASH, seqs: [1, 2, 300] } },
  { kind: 'bodies', message: { logId: HASH, seqs: [1, 2], bodies: [HASH] } },
  { kind: 'refused', message: { code: 'sync-busy', message: 'later' } },
]
