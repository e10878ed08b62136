import { toHex } from '../../base/bytes.ts'
import { StoreError } from '../../base/errors.ts'
import { type Hash, type LogId, logIdHex, parseHash } from '../../base/ids.ts'
import { buildFrontier } from '../../chain/frontier.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { leafOf } from '../../wire/entry.ts'
import { Checkpoint, Envelope, type EvidenceItem } from '../../wire/gen/tocsin.ts'
import { BUNDLE_BYTES_MAX } from '../../wire/limits.ts'
import { documentItem } from '../knowledge/evidence-book.ts'
import type { SyncSource } from '../network/sync-server.ts'
import type { BundleFile } from './bundle-file.ts'
import type { BundleRun } from './bundle-run.ts'

const PROTOCOL = 1
/** Of a file nobody has counted anything: digests that are those of no node. */
const UNKNOWN = new Uint8Array(32)

/** A file in the part of a peer: it answers what is asked in `/tocsin/sync/1` with what is in it. */
export function createBundleSource(file: BundleFile): SyncSource {
  const { header, evidence, runs } = file
  const names = [...evidence.keys()].map(name => parseHash(Buffer.from(name, 'hex')))
  const heads = buildFrontier(
    [...runs.values()].map(({ logId, tree, leaf }) => ({ logId, size: tree.size, head: leaf })),
  )
  const pages = createPages(file)

  async function itemAt(offset: number): Promise<EvidenceItem | undefined> {
    const part = await file.part(offset)
    if (part.kind === 'document') return documentItem(part.signedDoc)
    return part.kind === 'evidence' ? part.item : undefined
  }

  async function entries(run: BundleRun, from: number, to: number): Promise<readonly Envelope[]> {
    const found: Envelope[] = []
    let bytes = 0
    for (const place of run.places) {
      if (place.from + place.count <= from || place.from >= to) continue
      const page = await pages(place.offset)
      for (const envelope of page.slice(Math.max(0, from - place.from), Math.min(place.count, to - place.from))) {
        bytes += envelope.length
        if (found.length > 0 && bytes > BUNDLE_BYTES_MAX) return found
        found.push(decodeLoose(Envelope, envelope, false))
      }
    }
    return found
  }

  const leavesOf = (run: BundleRun) => async (from: number, to: number) => {
    const leaves: Hash[] = []
    while (from + leaves.length < to) {
      const page = await entries(run, from + leaves.length, to)
      if (page.length === 0) throw new StoreError('store-read-failed', 'the file is another by now')
      for (const { header, signature } of page) leaves.push(leafOf(header, signature))
    }
    return leaves
  }

  const proverOf = (run: BundleRun, size: number) => (from: number, count: number) =>
    run.tree.prove(from, count, size, leavesOf(run))

  return {
    hello: () => ({
      protocol: PROTOCOL,
      allianceId: header.allianceId,
      nation: header.exporter ?? '',
      registryVersion: 0,
      registryHash: UNKNOWN,
      timeMs: header.madeMs,
      agent: '',
      evidenceDigest: UNKNOWN,
      frontierDigest: UNKNOWN,
    }),
    evidenceHashes: () => names,
    async evidence(hash) {
      const offset = evidence.get(toHex(hash))
      return offset === undefined ? undefined : itemAt(offset)
    },
    heads: () => heads,
    async entries(logId, from, count) {
      const run = runs.get(logIdHex(logId))
      return run === undefined || from < run.tree.from ? [] : entries(run, from, from + count)
    },
    async provenTree(logId: LogId, asked: number) {
      const run = runs.get(logIdHex(logId))
      if (run === undefined) return undefined
      if (asked > 0 && asked <= run.tree.size)
        return { note: new Uint8Array(0), size: asked, prove: proverOf(run, asked) }
      const item = run.checkpoint && (await itemAt(run.checkpoint.offset))
      if (item === undefined) return undefined
      const { note } = decodeLoose(Checkpoint, item.body, false)
      return { note, size: run.checkpoint!.size, prove: proverOf(run, run.checkpoint!.size) }
    },
  }
}

/** Bundles follow each other, and several lie in one part. */
function createPages(file: BundleFile) {
  let held: { readonly offset: number; readonly page: readonly Uint8Array[] } | undefined
  return async (offset: number): Promise<readonly Uint8Array[]> => {
    if (held?.offset === offset) return held.page
    const part = await file.part(offset)
    held = { offset, page: part.kind === 'entries' ? part.envelopes : [] }
    return held.page
  }
}
