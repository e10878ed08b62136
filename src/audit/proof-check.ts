import { equalBytes, toHex } from '../base/bytes.ts'
import { kindOf } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import { logIdHex } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import type { VerifiedPurgeReceipt } from '../chain/purge-receipt.ts'
import { quorateTrees, quorumOf, type WitnessRegistry, witnessRegistryOf } from '../chain/quorum.ts'
import { type Evidence, type Standing, standingOf } from '../chain/standing.ts'
import { buildTreeGraph, type TreeGraph } from '../chain/tree-graph.ts'
import { sameTree, type TreeHead } from '../chain/tree-head.ts'
import { verifyEntry, verifyGenesis } from '../chain/verify-entry.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { validDocs } from '../registry/evidence.ts'
import type { TrustClaim } from '../registry/trust-claim.ts'
import { type ParsedEntry, parseEnvelope } from '../wire/entry.ts'
import { allianceFactsOf } from './alliance-facts.ts'
import { faultFinding } from './conclusion.ts'
import { type AuditDocuments, judgeAuditDocuments } from './documents.ts'
import { entryKindOf } from './entry-kind.ts'
import { createFindingBook, type FindingBook, sentence } from './finding.ts'
import { type AuditedEvidence, createEvidenceAudit } from './log-evidence.ts'
import { type EntryProof, parseProofFile } from './proof-file.ts'
import type { ProofResult, ProvenEntry, ProvenKey, ProvenReceipts } from './proof-result.ts'
import { isIncluded, type ProvenPlace, treeUpTo } from './proven-place.ts'

/** Judges a proof of one entry by nothing but itself and what was confirmed out of band. */
export function checkProof(proof: EntryProof, claim: TrustClaim | undefined): ProofResult {
  const book = createFindingBook()
  const { allianceId } = proof.header
  const documents = judgeAuditDocuments(proof.documents, allianceId, claim, book)
  const signed = documents && readSigned(proof, documents, book)
  const entry = signed && judgeEntry(proof, signed, documents, book)
  const alliance = documents && allianceFactsOf(documents)
  return { verdict: book.verdict, findings: book.findings, alliance, entry }
}

/** Judges the bytes of a proof file: one that cannot be read proves nothing, and why is what is found. */
export async function judgeProofFile(bytes: Uint8Array, claim: TrustClaim | undefined): Promise<ProofResult> {
  try {
    return checkProof(await parseProofFile(bytes), claim)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    const book = createFindingBook()
    book.add(faultFinding(error, undefined))
    return { verdict: book.verdict, findings: book.findings, alliance: undefined, entry: undefined }
  }
}

interface SignedEntry {
  readonly log: LogIdentity
  readonly entry: ParsedEntry
}

/** The entry, where the key of its log signed it and a document of its nation names that key. */
function readSigned(
  { header: { allianceId }, log: run, envelope }: EntryProof,
  { directory }: AuditDocuments,
  { add }: FindingBook,
): SignedEntry | undefined {
  const context = { allianceId, verify: verifyEd25519, keyStands: directory.mayOpenLog }
  try {
    const { log } = verifyGenesis(parseEnvelope(run.genesis), context)
    const entry = verifyEntry(parseEnvelope(envelope), log, context)
    const isPlaced = equalBytes(run.logId, log.logId) && entry.header.seq === run.from && run.size === run.from + 1
    if (isPlaced) return { log, entry }
    add({
      code: 'audit-entry-misplaced',
      verdict: 'false',
      log: logIdHex(log.logId),
      seq: entry.header.seq,
      sentence: `The file announces entry ${run.from} of log ${toHex(run.logId).slice(0, 16)} and holds another.`,
    })
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    const place = { log: logIdHex(run.logId), seq: run.from }
    const verdict = kindOf(error.code) === 'unknown' ? 'missing' : 'false'
    add({ code: error.code, verdict, ...place, sentence: `${sentence(error.message)}.` })
  }
  return undefined
}

function judgeEntry(
  proof: EntryProof,
  { log, entry }: SignedEntry,
  documents: AuditDocuments,
  book: FindingBook,
): ProvenEntry {
  const { directory } = documents
  const registry = witnessRegistryOf(directory)
  const audit = createEvidenceAudit({ allianceId: proof.header.allianceId, directory, registry, book })
  for (const item of proof.evidence) audit.add(item)
  const audited = audit.of(log)

  const place = { seq: entry.header.seq, leaf: entry.leaf, before: proof.log.before }
  const trees = provenTrees(proof, place, log, audited, book)
  const end = treeUpTo(place)
  const evidence = withProven(audited.forStanding(log), trees, end)
  const graph = buildTreeGraph(evidence.checkpoints)
  for (const finding of audited.statements.findings(logIdHex(log.logId), graph)) book.add(finding)
  const standing = standingOf(log, evidence)
  // Of what is in no signed tree the file alone says what comes before it: that convicts nobody.
  const isApart = (branch: TreeHead) => trees.length > 0 && graph.contradict(branch, end)
  judgeStanding(standing, isApart, end, log, book)
  const receipts = receiptsOf({ graph, end, log, registry, audited })
  judgeQuorum(receipts, log, entry, book)
  const postQuantum = audited.postQuantum(tree => tree.size >= end.size && graph.onOneBranch(tree, end))

  const { header, body } = entry
  return {
    log: logIdHex(log.logId),
    seq: header.seq,
    nation: log.nation,
    kind: entryKindOf(header.kind),
    timeMs: header.timeMs,
    bodyHash: toHex(header.bodyHash),
    bodyBytes: header.bodyLen,
    bodyHere: body.length > 0,
    key: keyOf(log, documents),
    treeSizes: trees.map(({ size }) => size),
    receipts,
    standing: { reason: standing.reason, limit: Number.isFinite(standing.limit) ? standing.limit : undefined },
    purges: purgesOf(audit.purges, entry, documents),
    postQuantum: postQuantum && { size: postQuantum.size, timeMs: postQuantum.timeSeconds * 1000 },
  }
}

/** Signed trees that go on from the entry, ascending. Each path must lead to one. */
function provenTrees(
  { inclusions }: EntryProof,
  place: ProvenPlace,
  log: LogIdentity,
  { trees }: AuditedEvidence,
  { add }: FindingBook,
): TreeHead[] {
  const at = { nation: log.nation, log: logIdHex(log.logId), seq: place.seq }
  const proven: TreeHead[] = []
  for (const inclusion of inclusions) {
    const { size } = inclusion
    const ofSize = trees.filter(tree => tree.size === size)
    const tree = ofSize.find(({ root }) => isIncluded(place, root, inclusion))
    if (tree !== undefined) {
      if (!proven.some(other => sameTree(other, tree))) proven.push(tree)
    } else if (ofSize.length === 0) {
      const text = `The file holds a path to a tree of ${size} entries, and no checkpoint that states that tree.`
      add({ code: 'audit-tree-unsigned', verdict: 'missing', ...at, size, sentence: text })
    } else {
      const text = `The path from the entry does not lead to the tree of ${size} entries that the checkpoint states.`
      add({ code: 'audit-path-wrong', verdict: 'false', ...at, size, sentence: text })
    }
  }
  for (const { size } of trees.filter(
    tree => tree.size > place.seq && !inclusions.some(({ size }) => size === tree.size),
  )) {
    const text = `A checkpoint states a tree of ${size} entries, and the file does not show that the entry is in it.`
    add({ code: 'audit-tree-uncovered', verdict: 'note', ...at, size, sentence: text })
  }
  return proven.sort((a, b) => a.size - b.size)
}

/** That these trees go on from the one that ends with the entry is evidence like a consistency proof. */
function withProven(evidence: Evidence, trees: readonly TreeHead[], end: TreeHead): Evidence {
  const links = trees
    .filter(tree => tree.size > end.size)
    .map(tree => ({ ...tree, cosigners: [] as const, continues: end }))
  return { ...evidence, checkpoints: [...evidence.checkpoints, ...links] }
}

function judgeStanding(
  standing: Standing,
  isApart: (branch: TreeHead) => boolean,
  end: TreeHead,
  log: LogIdentity,
  { add }: FindingBook,
): void {
  const at = { nation: log.nation, log: logIdHex(log.logId), seq: end.size - 1 }
  const { branch, limit, reason } = standing
  if (branch !== undefined && isApart(branch)) {
    const text = `The entry lies on a branch of the log that does not stand: another of ${branch.size} entries does.`
    add({ code: 'audit-fork', verdict: 'false', ...at, size: branch.size, sentence: text })
  } else if (limit < end.size) {
    const code =
      reason === 'unauthorised'
        ? 'audit-log-unauthorised'
        : reason === 'bounded'
          ? 'audit-past-bound'
          : 'audit-beyond-limit'
    const text = `The entry was signed and does not stand: of its log only the first ${limit} entries do (${reason}).`
    add({ code, verdict: 'false', ...at, sentence: text })
  }
}

interface ReceiptSources {
  readonly graph: TreeGraph
  readonly end: TreeHead
  readonly log: LogIdentity
  readonly registry: WitnessRegistry
  readonly audited: AuditedEvidence
}

function receiptsOf({ graph, end, log, registry, audited }: ReceiptSources): ProvenReceipts {
  const times = audited.statements.timesOf(end, graph)
  const held = [...times]
    .map(([nation, sinceMs]) => ({ nation, sinceMs }))
    .sort((a, b) => a.sinceMs - b.sinceMs || (a.nation < b.nation ? -1 : 1))
  const rules = registry.versions.at(-1)
  const witnesses = [...(rules?.witnesses ?? [])].filter(nation => nation !== log.nation)
  return {
    held,
    waiting: witnesses.filter(nation => !times.has(nation)).sort(),
    needed: quorumOf(witnesses.length, rules?.byzantineNations),
    quorate: quorateTrees(graph, log, registry).some(({ tree }) => sameTree(tree, end)),
  }
}

function judgeQuorum(
  { held, needed, quorate }: ProvenReceipts,
  log: LogIdentity,
  entry: ParsedEntry,
  { add }: FindingBook,
): void {
  if (quorate) return
  const by = held.map(({ nation }) => nation).join(', ') || 'nobody but its author'
  const quorum =
    needed === undefined ? 'there are no witnesses that could be a quorum' : `a quorum is ${needed} nations`
  add({
    code: 'audit-quorum-missing',
    verdict: 'missing',
    nation: log.nation,
    log: logIdHex(log.logId),
    seq: entry.header.seq,
    sentence: `That ${log.nation} signed the entry is proved, and not that the alliance has witnessed it: it is held by ${by}, and ${quorum}.`,
  })
}

function purgesOf(
  purges: readonly VerifiedPurgeReceipt[],
  { logId, header }: ParsedEntry,
  { directory }: AuditDocuments,
) {
  const isOfEntry = ({ target, bodyHash }: VerifiedPurgeReceipt) =>
    equalBytes(target.logId, logId) && target.seq === header.seq && equalBytes(bodyHash, header.bodyHash)
  return purges.filter(isOfEntry).map(({ witnessPk, timeSeconds }) => ({
    nation: directory.nationsOfWitness(witnessPk)[0]!,
    sinceMs: timeSeconds * 1000,
  }))
}

function keyOf({ nation, signPk }: LogIdentity, { evidence }: AuditDocuments): ProvenKey {
  const docs = validDocs(evidence.nations.get(nation)!).filter(({ nodes }) =>
    nodes.some(node => node.signPk !== undefined && equalBytes(node.signPk, signPk)),
  )
  const [first] = docs.toSorted((a, b) => a.version - b.version)
  return { signPk: toHex(signPk), documentVersion: first!.version, documentIssuedMs: first!.issuedMs }
}
