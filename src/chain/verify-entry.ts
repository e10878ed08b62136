import { equalBytes, isZero } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { type AllianceId, type NationId, parseHash } from '../base/ids.ts'
import { verifyLeafRange } from '../merkle/subtree.ts'
import { entrySignatureInput, KIND, logIdOf, type ParsedEntry } from '../wire/entry.ts'
import { BUNDLE_ENTRIES_MAX } from '../wire/limits.ts'
import { type LogIdentity, parseGenesis } from './genesis.ts'
import type { TreeHead } from './tree-head.ts'

declare const verified: unique symbol

/** An entry that its log's key has signed, or that a checkpoint of that key covers. Made in this file alone. */
export interface VerifiedEntry extends ParsedEntry {
  readonly log: LogIdentity
  /** False under a checkpoint: the check of this one signature is still owed (R-2.4, `checkSignature`). */
  readonly signatureChecked: boolean
  readonly [verified]: true
}

/** The one predicate of: `verifyEd25519`, or the portable one. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
export type VerifySignatureAsync = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>

export interface SignatureContext {
  readonly allianceId: AllianceId
  readonly verify: VerifySignature
}

export interface GenesisContext extends SignatureContext {
  /** Whether this sign key of this nation stands in a NationDoc that verifies under any valid RegistryDoc. */
  readonly keyStands: (nation: NationId, signPk: Uint8Array) => boolean
}

export interface ProvenRange {
  /** At most 256, ascending without a gap. */
  readonly entries: readonly ParsedEntry[]
  /** 32 bytes each, as they came. */
  readonly path: readonly Uint8Array[]
}

export type RangeOutcome =
  | { readonly kind: 'verified'; readonly entries: readonly VerifiedEntry[] }
  /** The tree holds both, yet the link between them is broken: the author's fault, not that of who served them. */
  | { readonly kind: 'broken-prev'; readonly predecessor: ParsedEntry; readonly successor: ParsedEntry }

/** Verifies the first entry of a log, body included, and learns from it what the log is. Throws ProtocolError. */
export function verifyGenesis(entry: ParsedEntry, context: GenesisContext): VerifiedEntry {
  const log = identityOf(entry, context.allianceId)
  assertKeyStands(log, context)
  assertSigned(entry, log, context)
  return markVerified(entry, log, true)
}

/** Verifies one entry of a known log by its own signature. Its place in the log is `checkNext`'s. Throws ProtocolError. */
export function verifyEntry(entry: ParsedEntry, log: LogIdentity, context: SignatureContext): VerifiedEntry {
  assertOfLog(entry, log, context.allianceId)
  assertSigned(entry, log, context)
  return markVerified(entry, log, true)
}

/** As `verifyEntry`, with the signature checked elsewhere, such as on the thread pool. */
export async function verifyEntryAsync(
  entry: ParsedEntry,
  log: LogIdentity,
  allianceId: AllianceId,
  verify: VerifySignatureAsync,
): Promise<VerifiedEntry> {
  assertOfLog(entry, log, allianceId)
  const valid = await verify(log.signPk, entrySignatureInput(allianceId, entry.headerBytes), entry.signature)
  return markVerified(assertValid(entry, valid), log, true)
}

/** Verifies a bundle under an author's verified checkpoint or a bound, its signatures still owed. Throws ProtocolError where the sender is at fault. */
export function verifyRange(
  { entries, path }: ProvenRange,
  tree: TreeHead,
  log: LogIdentity,
  allianceId: AllianceId,
): RangeOutcome {
  assertContiguous(entries, log, allianceId) // log and seq
  assertInTree(entries, path, tree)
  const broken = brokenLink(entries) // prev
  if (broken !== undefined) return { kind: 'broken-prev', ...broken }
  return { kind: 'verified', entries: entries.map(entry => markVerified(entry, log, false)) }
}

/** Pays what `verifyRange` owes. False is a BAD_LEAF of the author. */
export function checkSignature(entry: ParsedEntry, log: LogIdentity, context: SignatureContext): boolean {
  return context.verify(log.signPk, entrySignatureInput(context.allianceId, entry.headerBytes), entry.signature)
}

/** What a GENESIS entry says of its log. Throws `entry-not-genesis`, `genesis-invalid` or `entry-wrong-log`. */
export function identityOf(entry: ParsedEntry, allianceId: AllianceId): LogIdentity {
  const { header, logId } = entry
  assertProtocol(header.seq === 0 && header.kind === KIND.GENESIS, 'entry-not-genesis', 'a log begins with a GENESIS')
  assertProtocol(isZero(entry.prev), 'entry-not-genesis', 'the prev of a GENESIS is 32 zero bytes')
  const { nation, signPk, incarnation, predecessor } = parseGenesis(entry.body)
  const derived = logIdOf(allianceId, entry.body)
  assertProtocol(equalBytes(derived, logId), 'entry-wrong-log', 'the GENESIS is not that of the log it names')
  return { logId, nation, signPk, incarnation, predecessor, genesisRegistryVersion: header.registryVersion }
}

function assertKeyStands({ nation, signPk }: LogIdentity, { keyStands }: GenesisContext): void {
  if (keyStands(nation, signPk)) return
  throw new ProtocolError(
    'genesis-key-unknown',
    `the log's key stands in no document of ${nation} that is known here`,
    {
      fix: 'Fetch the newest documents; if it stays unknown, the log is not of this alliance.',
    },
  )
}

function assertOfLog(entry: ParsedEntry, log: LogIdentity, allianceId: AllianceId): void {
  if (!equalBytes(entry.logId, log.logId)) {
    throw new ProtocolError('entry-wrong-log', 'the entry belongs to another log')
  }
  if (entry.header.seq === 0) identityOf(entry, allianceId)
}

function assertSigned(entry: ParsedEntry, log: LogIdentity, context: SignatureContext): void {
  assertValid(entry, checkSignature(entry, log, context))
}

function assertValid(entry: ParsedEntry, valid: boolean): ParsedEntry {
  if (valid) return entry
  throw new ProtocolError('entry-signature-invalid', `the signature of entry ${entry.header.seq} does not verify`, {
    data: { seq: entry.header.seq },
  })
}

function assertContiguous(entries: readonly ParsedEntry[], log: LogIdentity, allianceId: AllianceId): void {
  const first = entries[0]
  assertProtocol(first !== undefined, 'range-not-contiguous', 'a range without entries')
  assertProtocol(entries.length <= BUNDLE_ENTRIES_MAX, 'range-not-contiguous', 'a range of more than 256 entries')
  entries.forEach((entry, i) => {
    assertOfLog(entry, log, allianceId)
    if (entry.header.seq === first.header.seq + i) return
    throw new ProtocolError(
      'range-not-contiguous',
      `entry ${entry.header.seq} stands where ${first.header.seq + i} must`,
    )
  })
}

function assertInTree(entries: readonly ParsedEntry[], steps: readonly Uint8Array[], { size, root }: TreeHead): void {
  const path = steps.map(hash => parseHash(hash, 'path'))
  const leaves = entries.map(entry => entry.leaf)
  const from = entries[0]!.header.seq
  if (verifyLeafRange({ from, leaves, size, root, path })) return
  throw new ProtocolError('range-not-proven', `the entries from ${from} on are not those of the tree of ${size}`)
}

function brokenLink(entries: readonly ParsedEntry[]) {
  for (let i = 1; i < entries.length; i++) {
    const predecessor = entries[i - 1]!
    const successor = entries[i]!
    if (!equalBytes(successor.prev, predecessor.leaf)) return { predecessor, successor }
  }
  return undefined
}

function markVerified(entry: ParsedEntry, log: LogIdentity, signatureChecked: boolean): VerifiedEntry {
  return { ...entry, log, signatureChecked } as VerifiedEntry
}
