import { equalBytes, toHex } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { type AllianceId, type LogIdHex, logIdHex } from '../base/ids.ts'
import { type CheckpointContext, verifyCheckpointEvidence } from '../chain/checkpoint-evidence.ts'
import { positionKey } from '../chain/genesis.ts'
import { buildSamePosition } from '../chain/proof-build.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import type { TrustClaim } from '../registry/trust-claim.ts'
import { encode } from '../wire/codec.ts'
import { parseEnvelope } from '../wire/entry.ts'
import { EvidenceItem, type Proof } from '../wire/gen/tocsin.ts'
import { compareDocuments, type DocumentDifference } from './compare-documents.ts'
import { compareLog, type LogSide, type Side } from './compare-log.ts'
import { type AuditDocuments, judgeAuditDocuments } from './documents.ts'
import { type ExportReader, openExportReader } from './export-reader.ts'
import { createFindingBook } from './finding.ts'
import {
  authorOf,
  type ComparisonVerdict,
  describeLog,
  describeLonely,
  type LogComparison,
  nameOfSide,
  provenBy,
} from './log-comparison.ts'
import type { HeaderPart, LogPart } from './part.ts'

/** What the comparison of two exports came to: data alone. */
export interface Comparison {
  readonly verdict: ComparisonVerdict
  /** Of each file; undefined where it did not get so far. */
  readonly headers: readonly (HeaderPart | undefined)[]
  /** Logs in the order of the first file, then what the second has besides. */
  readonly logs: readonly LogComparison[]
  readonly documents: readonly DocumentDifference[]
  /** Pieces of evidence that each file alone has: how far its exporter has come, no more. */
  readonly evidenceOfOne: readonly [number, number]
  /** Why something could not be compared, or is not to be believed: sentences. */
  readonly problems: readonly string[]
  /** That authors said two different things: each holds under the documents of both files, which follow. */
  readonly proofs: readonly Proof[]
  readonly signedDocs: readonly Uint8Array[]
}

type Both<T> = readonly [T, T]
type Readers = Both<ExportReader>

/** Compares two exports in one pass over each, entry by entry. Throws what the sources throw. */
export async function compareExports(
  sources: Both<AsyncIterable<Uint8Array>>,
  claim: TrustClaim | undefined,
): Promise<Comparison> {
  const readers: Readers = [await openExportReader(sources[0]), await openExportReader(sources[1])]
  const headers = readers.map(({ header }) => header)
  const [first, second] = headers.map(header => header?.allianceId)
  const problems: string[] = []
  const logs: LogComparison[] = []
  const documents: DocumentDifference[] = []
  const proofs: Proof[] = []
  if (first !== undefined && second !== undefined && equalBytes(first, second)) {
    const context = contextOf(first, judgeBoth(readers, first, claim, problems))
    logs.push(...(await compareLogs(readers, context)))
    documents.push(...compareDocuments(readers[0].signedDocs, readers[1].signedDocs))
    proofs.push(...logs.flatMap(({ proof }) => proof ?? []), ...positionProofs(readers, context))
  } else if (first !== undefined && second !== undefined) {
    problems.push('The two files are of different alliances.')
  }
  problems.push(...(await finishBoth(readers)))
  const verdicts = [...logs, ...documents].map(({ verdict }) => verdict)
  if (proofs.length > 0) verdicts.push('different')
  if (problems.length > 0) verdicts.push('undecided')
  return {
    verdict: heaviest(verdicts),
    headers,
    logs,
    documents,
    evidenceOfOne: compareEvidence(readers),
    problems,
    proofs,
    signedDocs: distinct(readers.flatMap(({ signedDocs }) => signedDocs)),
  }
}

const BY_WEIGHT: readonly ComparisonVerdict[] = ['same', 'ahead', 'undecided', 'different']

function heaviest(verdicts: readonly ComparisonVerdict[]): ComparisonVerdict {
  return BY_WEIGHT[Math.max(0, ...verdicts.map(verdict => BY_WEIGHT.indexOf(verdict)))]!
}

/** Only at its end a file shows that it is whole. */
async function finishBoth(readers: Readers): Promise<string[]> {
  for (const reader of readers) await reader.finish()
  return readers.flatMap(({ fault }, side) =>
    fault === undefined ? [] : [`${nameOfSide(side as Side)} cannot be read to its end: ${fault.message}.`],
  )
}

// --- what keys there are ----------------------------------------------------------------------------------------------

/** Each file by itself: one whose registry does not lead to the claim is not to be believed. */
function judgeBoth(
  readers: Readers,
  allianceId: AllianceId,
  claim: TrustClaim | undefined,
  problems: string[],
): AuditDocuments[] {
  return readers.flatMap(({ signedDocs }, side) => {
    const book = createFindingBook()
    const judged = judgeAuditDocuments(signedDocs, allianceId, claim, book)
    if (judged === undefined || (claim !== undefined && !judged.trusted)) {
      const reasons = book.findings.filter(({ verdict }) => verdict !== 'note').map(({ sentence }) => sentence)
      problems.push(`${nameOfSide(side as Side)} does not prove its keys. ${reasons.slice(0, 3).join(' ')}`)
    }
    return judged === undefined ? [] : [judged]
  })
}

function contextOf(allianceId: AllianceId, judged: readonly AuditDocuments[]): CheckpointContext {
  const directories = judged.map(({ directory }) => directory)
  return {
    allianceId,
    verify: verifyEd25519,
    keyStands: (nation, signPk) => directories.some(directory => directory.mayOpenLog(nation, signPk)),
    isWitness: pk => directories.some(directory => directory.nationsOfWitness(pk).length > 0),
    postQuantumKeys: ({ nation, signPk }) =>
      directories.flatMap(directory => directory.postQuantumKeys(nation, signPk)),
  }
}

// --- logs -------------------------------------------------------------------------------------------------------------

/** By the order of the first file, then what the second has alone. Branches that do not stand are not compared. */
async function compareLogs(readers: Readers, context: CheckpointContext): Promise<LogComparison[]> {
  const [first, second] = readers.map(({ runs }) => runsByLog(runs)) as [Map<LogIdHex, number>, Map<LogIdHex, number>]
  const signed = readers.map(({ evidence }) => signedTrees(evidence, context)) as [SignedTrees, SignedTrees]
  const compared: LogComparison[] = []
  for (const [log, run] of first) {
    const other = second.get(log)
    if (other === undefined) {
      compared.push(lonely(readers, 0, run, context))
      continue
    }
    const sides: Both<LogSide> = [
      { run: readers[0].runs[run]!, entries: readers[0].entriesOf(run), signedTrees: treesOf(signed[1], log) },
      { run: readers[1].runs[other]!, entries: readers[1].entriesOf(other), signedTrees: treesOf(signed[0], log) },
    ]
    compared.push(describeLog(readers[0].runs[run]!, await compareLog(sides), context))
  }
  for (const [log, run] of second) if (!first.has(log)) compared.push(lonely(readers, 1, run, context))
  return compared
}

function runsByLog(runs: readonly LogPart[]): Map<LogIdHex, number> {
  const standing = [...runs.entries()].filter(([, { aside }]) => !aside)
  return new Map(standing.map(([run, { logId }]) => [logIdHex(logId), run]))
}

function lonely(readers: Readers, side: Side, run: number, context: CheckpointContext): LogComparison {
  const part = readers[side].runs[run]!
  const otherSide = side === 0 ? 1 : 0
  const asked = readers[otherSide].header?.logs ?? []
  const isAsked = asked.length === 0 || asked.some(logId => equalBytes(logId, part.logId))
  const described = describeLonely(part, side, isAsked, context)
  if (!readers[otherSide].runs.some(({ logId }) => equalBytes(logId, part.logId))) return described
  const { log, nation } = described
  const sentence = `${nameOfSide(otherSide)} holds branches of this log, and not the one that stands.`
  return { log, nation, verdict: 'undecided', sentence }
}

type SignedTrees = ReadonlyMap<LogIdHex, ReadonlyMap<number, TreeHead>>

const NO_TREES: ReadonlyMap<number, TreeHead> = new Map()

function treesOf(trees: SignedTrees, log: LogIdHex): ReadonlyMap<number, TreeHead> {
  return trees.get(log) ?? NO_TREES
}

/** The trees that authors signed, by checkpoints that hold; what does not is for an audit of the file to tell. */
function signedTrees(evidence: readonly EvidenceItem[], context: CheckpointContext): SignedTrees {
  const trees = new Map<LogIdHex, Map<number, TreeHead>>()
  for (const { type, body } of evidence) {
    if (type !== CHECKPOINT) continue
    try {
      const { log, checkpoint } = verifyCheckpointEvidence(body, context)
      const ofLog = trees.get(logIdHex(log.logId)) ?? new Map<number, TreeHead>()
      trees.set(logIdHex(log.logId), ofLog.set(checkpoint.size, checkpoint))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
    }
  }
  return trees
}

/** EvidenceItem.type. */
const CHECKPOINT = 3

/** One key that began two logs at one position, each shown in one of the files. */
function positionProofs(readers: Readers, context: CheckpointContext): Proof[] {
  const [first, second] = readers.map(({ runs }) => {
    const known = runs.flatMap(run => ({ run, author: authorOf(run, context) }))
    return new Map(known.flatMap(({ run, author }) => (author === undefined ? [] : [[positionKey(author), run]])))
  }) as [Map<string, LogPart>, Map<string, LogPart>]
  return [...first].flatMap(([position, run]) => {
    const other = second.get(position)
    if (other === undefined || equalBytes(other.logId, run.logId)) return []
    const build = () => buildSamePosition(parseEnvelope(run.genesis), parseEnvelope(other.genesis))
    return provenBy(context, build) ?? []
  })
}

function distinct(signedDocs: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(signedDocs.map(bytes => [nameOf(bytes), bytes])).values()]
}

function nameOf(bytes: Uint8Array): string {
  return toHex(sha256(bytes))
}

function compareEvidence(readers: Readers): Both<number> {
  const [first, second] = readers.map(
    ({ evidence }) => new Set(evidence.map(item => nameOf(encode(EvidenceItem, item)))),
  ) as [Set<string>, Set<string>]
  return [first.difference(second).size, second.difference(first).size]
}
