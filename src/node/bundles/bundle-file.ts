import type { FileHandle } from 'node:fs/promises'
import { readAuditFile } from '../../audit/file.ts'
import { type AuditPart, decodePart, type HeaderPart, PART_BYTES_MAX } from '../../audit/part.ts'
import { readU32be, toHex } from '../../base/bytes.ts'
import { ProtocolError, StoreError } from '../../base/errors.ts'
import { type LogIdHex, logIdHex } from '../../base/ids.ts'
import { parseCheckpoint } from '../../crypto/checkpoint.ts'
import { parseSignedNote } from '../../crypto/signed-note.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { parseHeader } from '../../wire/entry.ts'
import { Checkpoint, type EvidenceItem } from '../../wire/gen/tocsin.ts'
import { documentItem, EVIDENCE } from '../knowledge/evidence-book.ts'
import { itemName } from '../knowledge/log-evidence.ts'
import { type BundleRun, createRunReader, type RunReader, type StatedTree } from './bundle-run.ts'

/** A bundle as it lies on a disk: what is in it, and where. In memory are a few bytes an entry. */
export interface BundleFile {
  readonly header: HeaderPart
  /** Offsets by name in hex, in the order of the file. */
  readonly evidence: ReadonlyMap<string, number>
  /** In the order of the file. */
  readonly runs: ReadonlyMap<LogIdHex, BundleRun>
  part(offset: number): Promise<AuditPart>
}

/** As many as one peer may name. */
const EVIDENCE_MAX = 262_144
const PARTS_MAX = 1_048_576
const CHUNK_BYTES = 256 * 1024
const LENGTH_BYTES = 4

/**
 * Reads a file once from beginning to end. Nothing in it is believed: what is checked is its form, and that it is whole.
 * Throws ProtocolError `audit-file-*`, `frame-too-large` or `wire-*`.
 */
export async function readBundleFile(file: FileHandle): Promise<BundleFile> {
  const evidence = new Map<string, number>()
  const stated = new Map<LogIdHex, StatedTree[]>()
  const runs: (RunReader | undefined)[] = []
  let header: HeaderPart | undefined
  let parts = 0

  function addEvidence(item: EvidenceItem, offset: number): void {
    evidence.set(toHex(itemName(item)), offset)
    const tree = item.type === EVIDENCE.CHECKPOINT ? statedTree(item, offset) : undefined
    if (tree === undefined) return
    const others = stated.get(tree.log)
    if (others === undefined) stated.set(tree.log, [tree])
    else others.push(tree)
  }

  for await (const { part, offset } of readAuditFile(chunksOf(file), 'bundle')) {
    if (++parts > PARTS_MAX || evidence.size > EVIDENCE_MAX) {
      throw new ProtocolError('wire-too-large', 'the file has more parts than an alliance has any use for')
    }
    if (part.kind === 'header') header = part
    else if (part.kind === 'document') addEvidence(documentItem(part.signedDoc), offset)
    else if (part.kind === 'evidence') addEvidence(part.item, offset)
    // Of a branch that does not stand nothing is served.
    else if (part.kind === 'log')
      runs.push(part.aside ? undefined : createRunReader(part, stated.get(logIdHex(part.logId)) ?? []))
    else if (part.kind === 'entries') runs[part.run]?.add(part.envelopes, offset)
  }
  const found = runs.flatMap(run => run?.end() ?? [])
  return {
    header: header!,
    evidence,
    runs: new Map(found.map(run => [logIdHex(run.logId), run])),
    part: offset => readPart(file, offset),
  }
}

/** What a checkpoint says; undefined where it says nothing, which is found out when it is taken in. */
function statedTree({ body }: EvidenceItem, offset: number): StatedTree | undefined {
  try {
    const { note, genesis, fromSize } = decodeLoose(Checkpoint, body, false)
    if (genesis === undefined || fromSize > 0) return undefined
    const { size, root } = parseCheckpoint(parseSignedNote(note).text)
    return { log: toHex(parseHeader(genesis.header).logId) as LogIdHex, size, root, offset }
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function readPart(file: FileHandle, offset: number): Promise<AuditPart> {
  const length = Math.min(readU32be(await bytesAt(file, offset, LENGTH_BYTES)), PART_BYTES_MAX)
  return decodePart(await bytesAt(file, offset + LENGTH_BYTES, length))
}

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, offset)
  if (bytesRead === length) return buffer
  throw new StoreError('store-read-failed', 'the file became shorter while it was read')
}
