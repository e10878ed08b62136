import { concat, toHex, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { type Hash, parseAllianceId, parseEpochId, parseNationId } from '../../src/base/ids.ts'
import { buildCheckpointNote, type VerifiedCheckpoint, verifyCheckpoint } from '../../src/chain/checkpoint.ts'
import type { GenesisContent, LogIdentity } from '../../src/chain/genesis.ts'
import { buildEntry, buildGenesisEntry, type EntryDraft, type EntryPlace } from '../../src/chain/next-entry.ts'
import { type GenesisContext, identityOf } from '../../src/chain/verify-entry.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { type HashAt, hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import type { Envelope } from '../../src/wire/gen/tocsin.ts'

/** Logs with fixed keys and times: the same bytes on every run. */

export const TIME_MS = 1_790_000_000_000
export const REGISTRY_VERSION = 3
export const alliance = parseAllianceId(bytesOf('alliance'))
export const foreignAlliance = parseAllianceId(bytesOf('another alliance'))

/** 32 bytes that `name` alone decides. */
export function bytesOf(name: string): Hash {
  return sha256(utf8(`tocsin test ${name}`))
}

export function signerOf(name: string): Ed25519Signer {
  return createEd25519Signer(bytesOf(`key ${name}`))
}

export interface TestLog {
  readonly signer: Ed25519Signer
  readonly identity: LogIdentity
  readonly entries: readonly ParsedEntry[]
}

export interface LogOptions {
  readonly nation?: string
  readonly signer?: Ed25519Signer
  readonly genesis?: Partial<GenesisContent>
  readonly registryVersion?: number
  readonly timeMs?: number
}

export function openLog(options: LogOptions = {}): TestLog {
  const { nation = 'AAA', signer = signerOf(nation), registryVersion = REGISTRY_VERSION, timeMs = TIME_MS } = options
  const genesis: GenesisContent = {
    nation: parseNationId(nation),
    signPk: signer.publicKey,
    incarnation: 1,
    predecessor: undefined,
    nonce: bytesOf(`nonce ${nation}`).subarray(0, 16),
    ...options.genesis,
  }
  const entry = buildGenesisEntry(alliance, genesis, { timeMs, registryVersion }, signer.sign)
  return { signer, identity: identityOf(entry, alliance), entries: [entry] }
}

/** A BATCH whose bytes `name` decides; anything of it can be replaced. */
export function batchOf(name: string): EntryDraft {
  const sealing = { epochId: parseEpochId(bytesOf('epoch').slice(0, 16)), salt: bytesOf(`salt ${name}`) }
  const body = concat(bytesOf(`body ${name}`), bytesOf(`tag ${name}`).subarray(0, 16))
  return { kind: KIND.BATCH, body, timeMs: TIME_MS, registryVersion: REGISTRY_VERSION, sealing }
}

export function bareDraft(kind: number, body: Uint8Array): EntryDraft {
  return { kind, body, timeMs: TIME_MS, registryVersion: REGISTRY_VERSION }
}

export function nextPlace({ identity, entries }: TestLog): EntryPlace {
  return { logId: identity.logId, seq: entries.length, prev: entries.at(-1)!.leaf }
}

export function nextEntry(log: TestLog, draft: EntryDraft): ParsedEntry {
  return buildEntry(alliance, nextPlace(log), draft, log.signer.sign)
}

export function grow(log: TestLog, ...drafts: readonly EntryDraft[]): TestLog {
  const entries = [...log.entries]
  for (const draft of drafts) entries.push(nextEntry({ ...log, entries }, draft))
  return { ...log, entries }
}

/** A log of `size` entries; `branch` names what follows the first `common` of them. */
export function logOf(size: number, branch = 'main', common = 0, options: LogOptions = {}): TestLog {
  let log = openLog(options)
  for (let seq = 1; seq < size; seq++) log = grow(log, batchOf(`${seq < common ? 'main' : branch} ${seq}`))
  return log
}

/** A leaf with the signature's last bit turned, in its place: what an author that signs no entry puts into its tree. */
export function withBadSignature(entry: ParsedEntry): ParsedEntry {
  const signature = entry.signature.slice()
  signature[63]! ^= 1
  return { ...entry, signature, leaf: sha256(concat(Uint8Array.of(0), entry.headerBytes, signature)) }
}

export function leavesOf(entries: readonly ParsedEntry[]): Hash[] {
  return entries.map(entry => entry.leaf)
}

export function hashAtOf(log: TestLog): HashAt {
  return hashAtFromLeaves(leavesOf(log.entries))
}

/** The author's checkpoint of the first `size` entries. */
export function checkpointOf(log: TestLog, size = log.entries.length): VerifiedCheckpoint {
  const root = rootOf(leavesOf(log.entries.slice(0, size)))
  const note = buildCheckpointNote(alliance, log.identity.logId, { size, root }, log.signer)
  return verifyCheckpoint(note, log.identity, alliance)
}

/** A context in which these keys, and no others, stand. */
export function contextOf(...logs: readonly TestLog[]): GenesisContext {
  const standing = new Set(logs.map(({ identity }) => `${identity.nation} ${toHex(identity.signPk)}`))
  const keyStands: GenesisContext['keyStands'] = (nation, signPk) => standing.has(`${nation} ${toHex(signPk)}`)
  return { allianceId: alliance, verify: verifyEd25519, keyStands }
}

export function envelopeOf({ headerBytes, signature, body }: ParsedEntry): Envelope {
  return { header: headerBytes, signature, body }
}
