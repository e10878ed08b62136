import { fromHex, toHex } from '../../src/base/bytes.ts'
import { CODES } from '../../src/base/codes.ts'
import { ProtocolError } from '../../src/base/errors.ts'
import { type Hash, parseAllianceId, parseHash, parseLogId, parseNationId } from '../../src/base/ids.ts'
import { checkNext } from '../../src/chain/append.ts'
import { verifyCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { readContent } from '../../src/chain/entry-content.ts'
import { buildFrontier, frontierDigest } from '../../src/chain/frontier.ts'
import type { LogHead } from '../../src/chain/log-head.ts'
import { parseProof, verifyProof } from '../../src/chain/proof.ts'
import { quorumOf, type WitnessRegistry } from '../../src/chain/quorum.ts'
import { type Evidence, type ProofEffect, standingOf } from '../../src/chain/standing.ts'
import type { CheckpointEvidence } from '../../src/chain/tree-graph.ts'
import type { TreeHead } from '../../src/chain/tree-head.ts'
import {
  checkSignature,
  type GenesisContext,
  verifyEntry,
  verifyGenesis,
  verifyRange,
} from '../../src/chain/verify-entry.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import type { LogStanding } from '../../src/registry/log-standing.ts'
import { parseEnvelope } from '../../src/wire/entry.ts'
import type {
  AuthorityRecord,
  CheckpointRecord,
  KeyRecord,
  ProofRecord,
  RegistryRecord,
  TreeRecord,
  VectorInput,
} from './chain-cases/vector.ts'

type Input<Kind extends VectorInput['kind']> = Extract<VectorInput, { kind: Kind }>

/** What the code makes of one vector of the chain: data that can be compared, on node and in a browser. */
export function chainOutcome(input: VectorInput): Record<string, unknown> {
  switch (input.kind) {
    case 'entries':
      return runEntries(input)
    case 'range':
      return outcomeOf('outcome', () => runRange(input))
    case 'proof':
      return outcomeOf('code', () => runProof(input))
    case 'checkpoint':
      return outcomeOf('code', () => runCheckpoint(input))
    case 'standing':
      return runStanding(input)
    case 'quorum':
      return { quorum: input.nations.map(n => quorumOf(n, input.byzantineNations ?? undefined) ?? null) }
    case 'frontier':
      return runFrontier(input)
  }
}

/** Each envelope in turn, as a node does: parse, verify, place, read. */
function runEntries(input: Input<'entries'>): Record<string, unknown> {
  const context = contextOf(input.allianceId, input.keys)
  const leaves: Hash[] = []
  const contents: string[] = []
  let head: LogHead | undefined
  const take = (hex: string): string => {
    const parsed = parseEnvelope(fromHex(hex))
    const entry = head === undefined ? verifyGenesis(parsed, context) : verifyEntry(parsed, head, context)
    const outcome = checkNext(head, entry, seq => leaves[seq]!)
    if (outcome.kind === 'refused') return outcome.code
    if (outcome.kind === 'same-seq' || outcome.kind === 'broken-prev') return `${outcome.kind} ${outcome.seq}`
    if (outcome.kind !== 'append') return outcome.kind
    const read = readContent(parsed, head?.registryVersion ?? 0)
    contents.push(read.kind === 'ok' ? read.content.kind : read.kind === 'void' ? `void ${read.code}` : read.kind)
    leaves.push(entry.leaf)
    head = outcome.head
    return 'append'
  }
  const outcomes = input.envelopes.map(hex => codeOr(() => take(hex)))
  return { outcomes, contents, leaves: leaves.map(toHex), logId: head === undefined ? null : toHex(head.logId) }
}

function runRange(input: Input<'range'>): Record<string, unknown> {
  const context = { ...contextOf(input.allianceId, []), keyStands: () => true }
  const { log } = verifyGenesis(parseEnvelope(fromHex(input.genesis)), context)
  const entries = input.envelopes.map(hex => parseEnvelope(fromHex(hex)))
  const range = { entries, path: input.path.map(fromHex) }
  const outcome = verifyRange(range, treeOf(input.tree), log, context.allianceId)
  if (outcome.kind === 'broken-prev') return { outcome: outcome.kind, seq: outcome.predecessor.header.seq }
  const bad = outcome.entries.filter(entry => !checkSignature(entry, log, context)).map(entry => entry.header.seq)
  return { outcome: outcome.kind, ...(bad.length > 0 ? { badSignatures: bad } : {}) }
}

function runProof(input: Input<'proof'>): Record<string, unknown> {
  const { type, logs, effect } = verifyProof(parseProof(fromHex(input.proof)), contextOf(input.allianceId, input.keys))
  return { type, logs: logs.map(({ logId }) => toHex(logId)), effect: effect.kind, at: effect.at }
}

function runCheckpoint(input: Input<'checkpoint'>): Record<string, unknown> {
  const context = {
    ...contextOf(input.allianceId, input.keys),
    isWitness: (pk: Uint8Array) => input.witnesses.includes(toHex(pk)),
    postQuantumKeys: () => [],
  }
  const { checkpoint, cosignatures, continues } = verifyCheckpointEvidence(fromHex(input.checkpoint), context)
  return {
    size: checkpoint.size,
    root: toHex(checkpoint.root),
    cosigners: cosignatures.map(({ witnessPk }) => toHex(witnessPk)),
    continues: continues === undefined ? null : recordOf(continues),
  }
}

function runStanding(input: Input<'standing'>): Record<string, unknown> {
  const evidence: Evidence = {
    authority: authorityOf(input.authority),
    registry: registryOf(input.registry),
    checkpoints: input.checkpoints.map(checkpointOf),
    proofs: input.proofs.map(effectOf),
  }
  const log = { nation: parseNationId(input.nation), genesisRegistryVersion: input.genesisRegistryVersion }
  const { limit, branch, reason, quorate, alarms } = standingOf(log, evidence)
  return {
    limit: Number.isFinite(limit) ? limit : null,
    branch: branch === undefined ? null : recordOf(branch),
    reason,
    quorate: quorate === undefined ? null : recordOf(quorate),
    alarms,
  }
}

function runFrontier(input: Input<'frontier'>): Record<string, unknown> {
  const heads = input.heads.map(({ logId, size, head }) => ({
    logId: parseLogId(fromHex(logId)),
    size,
    head: parseHash(fromHex(head)),
  }))
  return { digest: toHex(frontierDigest(buildFrontier(heads))) }
}

function contextOf(allianceId: string, keys: readonly KeyRecord[]): GenesisContext {
  const keyStands: GenesisContext['keyStands'] = (nation, signPk) =>
    keys.some(key => key.nation === nation && key.signPk === toHex(signPk))
  return { allianceId: parseAllianceId(fromHex(allianceId)), verify: verifyEd25519, keyStands }
}

function treeOf({ size, root }: TreeRecord): TreeHead {
  return { size, root: parseHash(fromHex(root)) }
}

function recordOf({ size, root }: TreeHead): TreeRecord {
  return { size, root: toHex(root) }
}

function checkpointOf({ cosigners, continues, ...tree }: CheckpointRecord): CheckpointEvidence {
  const record = { ...treeOf(tree), cosigners: cosigners.map(fromHex) }
  return continues === undefined ? record : { ...record, continues: treeOf(continues) }
}

function effectOf(proof: ProofRecord): ProofEffect {
  if (proof.kind === 'bad-leaf') return { ...proof, tree: treeOf(proof.tree) }
  return { ...proof, trees: proof.trees.map(checkpointOf) }
}

function authorityOf(record: AuthorityRecord): LogStanding {
  if (record.kind === 'none' || record.kind === 'active') return { kind: record.kind }
  const logId = parseLogId(new Uint8Array(32))
  const bound = (tree: TreeRecord | null) => (tree === null ? undefined : { logId, ...treeOf(tree) })
  return { kind: record.kind, governors: bound(record.governors), own: bound(record.own) }
}

function registryOf({ versions, witnessKeys }: RegistryRecord): WitnessRegistry {
  return {
    versions: versions.map(({ version, witnesses, byzantineNations }) => ({
      version,
      witnesses: new Set(witnesses.map(parseNationId)),
      byzantineNations: byzantineNations ?? undefined,
    })),
    nationsOf: key => {
      const nation = witnessKeys[key]
      return nation === undefined ? [] : [parseNationId(nation)]
    },
  }
}

function codeOr(work: () => string): string {
  try {
    return work()
  } catch (error) {
    return codeOf(error)
  }
}

function outcomeOf(field: string, work: () => Record<string, unknown>): Record<string, unknown> {
  try {
    return work()
  } catch (error) {
    return { [field]: codeOf(error) }
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof ProtocolError) || !Object.hasOwn(CODES, error.code)) throw error
  return error.code
}
