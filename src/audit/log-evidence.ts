import { EMPTY, toHex } from '../base/bytes.ts'
import { kindOf } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type AllianceId, type LogIdHex, logIdHex, type NationId, parseLogId } from '../base/ids.ts'
import { parseWitnessKey } from '../chain/checkpoint.ts'
import { type VerifiedCheckpointEvidence, verifyCheckpointEvidence } from '../chain/checkpoint-evidence.ts'
import { factEffect, factKey, mergeFacts, splitFacts } from '../chain/checkpoint-facts.ts'
import { type LogIdentity, positionKey } from '../chain/genesis.ts'
import { keptCheckpoints } from '../chain/kept-checkpoints.ts'
import { isPostQuantumLine, type PostQuantumTree, postQuantumTree } from '../chain/post-quantum.ts'
import { parseProof, type VerifiedProof, verifyProof } from '../chain/proof.ts'
import { leastReceipt, type VerifiedPurgeReceipt, verifyPurgeReceipt } from '../chain/purge-receipt.ts'
import type { WitnessRegistry } from '../chain/quorum.ts'
import { type Evidence, type ProofEffect, proofsInEffect } from '../chain/standing.ts'
import { type TreeHead, treeKey } from '../chain/tree-head.ts'
import { identityOf } from '../chain/verify-entry.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import type { Directory } from '../registry/directory.ts'
import { decodeLoose } from '../wire/codec.ts'
import { parseEntry } from '../wire/entry.ts'
import { Checkpoint, type Envelope, type EvidenceItem, Proof } from '../wire/gen/tocsin.ts'
import { type Finding, type FindingBook, logName } from './finding.ts'
import { createStatements, type Statements } from './statements.ts'

/** EvidenceItem.type. */
const ITEM = { PROOF: 2, CHECKPOINT: 3, PURGE: 4 } as const
/** Above this many of one log what nothing rests on is dropped, as a node does. */
const FACTS_MAX = 512
const PROOFS_MAX = 64
/** Trees of one log whose roots are compared with the entries. */
const TREES_MAX = 4096

/** What the file shows of one log besides its entries. */
export interface AuditedEvidence {
  readonly log: LogIdentity
  readonly statements: Statements
  /** Every tree that the author signed, or that one it signed continues; at most `TREES_MAX`. */
  readonly trees: readonly TreeHead[]
  /** Of its author's checkpoints the size of the largest; 0 without one. */
  readonly checkpointSize: number
  readonly proofs: readonly VerifiedProof[]
  /** The largest tree under an ML-DSA-44 line of its author, of those that `stands` knows. */
  postQuantum(stands: (tree: TreeHead) => boolean): PostQuantumTree | undefined
  /** What `standingOf` judges by. */
  forStanding(log: LogIdentity): Evidence
}

export interface EvidenceAudit {
  add(item: EvidenceItem): void
  of(log: LogIdentity): AuditedEvidence
  /** Of every log that the evidence names. */
  all(): readonly AuditedEvidence[]
  /** What nations say that they have destroyed, with the witness key of each in a document. */
  readonly purges: readonly VerifiedPurgeReceipt[]
  readonly counts: { readonly checkpoints: number; readonly cosignatures: number; readonly proofs: number }
}

export interface EvidenceAuditOptions {
  readonly allianceId: AllianceId
  readonly directory: Directory
  readonly registry: WitnessRegistry
  readonly book: FindingBook
}

interface Held {
  readonly log: LogIdentity
  readonly statements: Statements
  readonly trees: Map<string, TreeHead>
  facts: Map<string, VerifiedCheckpointEvidence>
  proofs: VerifiedProof[]
  checkpointSize: number
}

/** Verifies each piece of evidence by itself, as a node does that is given it. */
export function createEvidenceAudit({ allianceId, directory, registry, book }: EvidenceAuditOptions): EvidenceAudit {
  const logs = new Map<LogIdHex, Held>()
  /** Two logs of one position end every log of it. */
  const positions = new Map<string, VerifiedProof>()
  const purges = new Map<string, VerifiedPurgeReceipt>()
  const counts = { checkpoints: 0, cosignatures: 0, proofs: 0 }
  const context = {
    allianceId,
    verify: verifyEd25519,
    keyStands: (nation: NationId, signPk: Uint8Array) => directory.mayOpenLog(nation, signPk),
    isWitness: (witnessPk: Uint8Array) => directory.nationsOfWitness(witnessPk).length > 0,
    postQuantumKeys: ({ nation, signPk }: LogIdentity) => directory.postQuantumKeys(nation, signPk),
  }

  function held(log: LogIdentity): Held {
    const key = logIdHex(log.logId)
    const found = logs.get(key)
    if (found !== undefined) return found
    const made: Held = {
      log,
      statements: createStatements(directory),
      trees: new Map(),
      facts: new Map(),
      proofs: [],
      checkpointSize: 0,
    }
    logs.set(key, made)
    return made
  }

  function addCheckpoint(body: Uint8Array): void {
    const evidence = verifyCheckpointEvidence(body, context)
    const of = held(evidence.log)
    counts.checkpoints++
    counts.cosignatures += evidence.cosignatures.length
    of.checkpointSize = Math.max(of.checkpointSize, evidence.checkpoint.size)
    of.statements.add(evidence)
    for (const line of evidence.message.cosignatures) {
      if (isPostQuantumLine(line, evidence.checkpoint, allianceId)) {
        if (evidence.postQuantum === undefined) book.add(badPostQuantumLine(evidence))
        continue
      }
      const key = parseWitnessKey(line, allianceId)
      if (!context.isWitness(key)) of.statements.addUnknown(key, evidence.checkpoint.size)
    }
    noteTree(of, evidence.checkpoint)
    if (evidence.continues !== undefined) noteTree(of, evidence.continues)
    for (const fact of splitFacts(evidence)) {
      const known = of.facts.get(factKey(fact))
      of.facts.set(factKey(fact), known === undefined ? fact : mergeFacts(known, fact))
    }
    if (of.facts.size > FACTS_MAX) {
      const kept = keptCheckpoints([...of.facts.values()], of.log, registry)
      of.facts = new Map(kept.map(fact => [factKey(fact), fact]))
    }
  }

  function addProof(body: Uint8Array): void {
    const proof = verifyProof(parseProof(body), context)
    counts.proofs++
    if (proof.logs.length > 1) positions.set(positionKey(proof.logs[0]!), proof)
    for (const log of proof.logs) {
      const of = held(log)
      of.proofs.push(proof)
      if (proof.effect.kind === 'conflict') for (const tree of proof.effect.trees) noteTree(of, tree)
      if (of.proofs.length > PROOFS_MAX) {
        of.proofs = worthwhile(of.proofs, proofsInEffect(log, forStanding(log, of)))
      }
    }
  }

  function addPurge(body: Uint8Array): void {
    const receipt = verifyPurgeReceipt(body, allianceId)
    const [nation] = directory.nationsOfWitness(receipt.witnessPk)
    if (nation === undefined) {
      book.add(unknownPurger(receipt))
      return
    }
    const key = purgeKey(nation, receipt)
    purges.set(key, leastReceipt(purges.get(key), receipt))
  }

  function noteTree(of: Held, { size, root }: TreeHead): void {
    if (of.trees.size < TREES_MAX) of.trees.set(treeKey({ size, root }), { size, root })
  }

  function forStanding(log: LogIdentity, of: Held): Evidence {
    const position = positions.get(positionKey(log))
    const proofs = new Set([...of.proofs, ...(position === undefined ? [] : [position])])
    return {
      authority: directory.logStanding({ ...log, registryVersion: log.genesisRegistryVersion }),
      registry,
      checkpoints: [...of.facts.values()].map(factEffect),
      proofs: [...proofs].map(({ effect }) => effect),
    }
  }

  const viewOf = (of: Held): AuditedEvidence => ({
    log: of.log,
    statements: of.statements,
    trees: [...of.trees.values()],
    checkpointSize: of.checkpointSize,
    proofs: of.proofs,
    postQuantum: stands => postQuantumTree([...of.facts.values()], stands),
    forStanding: log => forStanding(log, of),
  })

  return {
    counts,
    get purges() {
      return [...purges.values()]
    },
    add(item) {
      const { type, body } = item
      try {
        if (type === ITEM.CHECKPOINT) addCheckpoint(body)
        else if (type === ITEM.PROOF) addProof(body)
        else if (type === ITEM.PURGE) addPurge(body)
        else book.add(laterEvidence(type))
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        book.add(refusedEvidence(item, error, allianceId))
      }
    },
    of: log => viewOf(held(log)),
    all: () => [...logs.values()].map(viewOf),
  }
}

/** Contradictory checkpoints limit a log alike, and their author can sign any number of them: the others come first. */
function worthwhile(proofs: readonly VerifiedProof[], effects: readonly ProofEffect[]): VerifiedProof[] {
  const kept = proofs.filter(({ effect }) => effects.includes(effect))
  const treesOf = ({ effect }: VerifiedProof) => (effect.kind === 'conflict' ? effect.trees.length : 0)
  return kept.toSorted((a, b) => treesOf(a) - treesOf(b)).slice(0, PROOFS_MAX)
}

function badPostQuantumLine({ log, checkpoint }: VerifiedCheckpointEvidence): Finding {
  const place = { nation: log.nation, log: logIdHex(log.logId), size: checkpoint.size }
  const sentence = `The ML-DSA-44 line under the checkpoint of ${logName(place.log, undefined)} at size ${place.size} does not verify under any such key of ${log.nation}.`
  return { code: 'cosignature-invalid', verdict: 'false', ...place, sentence }
}

/** A nation is counted once, however many nodes it has. */
function purgeKey(nation: NationId, { target, tombstone, bodyHash }: VerifiedPurgeReceipt): string {
  const place = ({ logId, seq }: VerifiedPurgeReceipt['target']) => `${toHex(logId)}/${seq}`
  return `${nation} ${place(tombstone)} ${place(target)} ${toHex(bodyHash)}`
}

function unknownPurger({ target, witnessPk }: VerifiedPurgeReceipt): Finding {
  const log = logIdHex(target.logId)
  return {
    code: 'audit-cosigner-unknown',
    verdict: 'note',
    log,
    seq: target.seq,
    sentence: `That entry ${target.seq} of ${logName(log, undefined)} was destroyed is said by key ${toHex(witnessPk).slice(0, 16)}, which stands in no document of the file.`,
  }
}

function laterEvidence(type: number): Finding {
  return {
    code: 'audit-later-version',
    verdict: 'note',
    sentence: `A piece of evidence is of type ${type}, which this version does not know and leaves aside.`,
  }
}

/** What can be said of a piece that does not hold: the log that it names, and how large a tree. */
function refusedEvidence({ type, body }: EvidenceItem, error: ProtocolError, allianceId: AllianceId): Finding {
  const subject =
    type === ITEM.CHECKPOINT ? checkpointSubject(body, allianceId) : type === ITEM.PROOF ? proofSubject(body) : {}
  const what = type === ITEM.CHECKPOINT ? 'checkpoint' : type === ITEM.PROOF ? 'proof' : 'purge receipt'
  const where = subject.log === undefined ? '' : ` of ${logName(subject.log, subject.nation)}`
  const at = subject.size === undefined ? '' : ` at size ${subject.size}`
  return {
    code: error.code,
    verdict: kindOf(error.code) === 'unknown' ? 'missing' : 'false',
    ...subject,
    sentence: `A ${what}${where}${at} does not hold: ${error.message}.`,
  }
}

type Subject = Pick<Finding, 'nation' | 'log' | 'size'>

function checkpointSubject(body: Uint8Array, allianceId: AllianceId): Subject {
  try {
    const message = decodeLoose(Checkpoint, body, true)
    return { ...genesisSubject(message.genesis, allianceId), ...sizeOf(message.note) }
  } catch {
    return {}
  }
}

function proofSubject(body: Uint8Array): Subject {
  try {
    return genesisSubject(decodeLoose(Proof, body, true).genesis, undefined)
  } catch {
    return {}
  }
}

function genesisSubject(genesis: Envelope | undefined, allianceId: AllianceId | undefined): Subject {
  if (genesis === undefined) return {}
  const entry = parseEntry({ ...genesis, body: EMPTY })
  const log = logIdHex(parseLogId(entry.header.logId))
  if (allianceId === undefined) return { log }
  try {
    return { log, nation: identityOf(parseEntry(genesis), allianceId).nation }
  } catch {
    return { log }
  }
}

/** The second line of a note, whoever signed it. */
function sizeOf(note: Uint8Array): Pick<Subject, 'size'> {
  const [, line] = new TextDecoder().decode(note.subarray(0, 256)).split('\n')
  return line !== undefined && /^[1-9][0-9]{0,15}$/.test(line) ? { size: Number(line) } : {}
}
