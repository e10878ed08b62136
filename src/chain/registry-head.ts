import { fromBase64, toBase64 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type AllianceId, type Hash, isNationId, type NationId, parseHash } from '../base/ids.ts'
import type { Ed25519Signer } from '../crypto/signer.ts'
import { buildWitnessNote, namePrefix, openWitnessNote, parseNumberLine, parseStatement } from './witness-note.ts'

/**
 * which registry a node has in force, as a note under its witness key. So others see who is kept from newer
 * versions, and a node that is kept from them sees that others are further.
 */
export interface RegistryHead {
  readonly nation: NationId
  readonly version: number
  readonly hash: Hash
  /** When it was said, in milliseconds since the Unix epoch by the node's clock. */
  readonly timeMs: number
}

export interface VerifiedRegistryHead extends RegistryHead {
  readonly witnessPk: Uint8Array
  readonly note: Uint8Array
}

const LINES = 4

export function buildRegistryHead(allianceId: AllianceId, head: RegistryHead, witness: Ed25519Signer): Uint8Array {
  const { nation, version, hash, timeMs } = head
  const lines = [`${originPrefix(allianceId)}${nation}`, String(version), toBase64(hash), String(timeMs)]
  return buildWitnessNote(allianceId, lines.map(line => `${line}\n`).join(''), witness)
}

/** Verifies form and signature; whether the key is that nation's is the caller's question. Throws ProtocolError. */
export function verifyRegistryHead(note: Uint8Array, allianceId: AllianceId): VerifiedRegistryHead {
  const { text, witnessPk } = openWitnessNote(note, allianceId)
  const [origin = '', version = '', hash = '', time = ''] = parseStatement(text, LINES)
  const prefix = originPrefix(allianceId)
  const nation = origin.slice(prefix.length)
  if (!origin.startsWith(prefix) || !isNationId(nation)) throw malformed()
  return {
    nation,
    version: parseNumberLine(version),
    hash: hashOf(hash),
    timeMs: parseNumberLine(time),
    witnessPk,
    note,
  }
}

function originPrefix(allianceId: AllianceId): string {
  return `${namePrefix(allianceId)}head/`
}

function hashOf(text: string): Hash {
  try {
    return parseHash(fromBase64(text), 'hash')
  } catch {
    throw malformed()
  }
}

function malformed(): ProtocolError {
  return new ProtocolError('note-malformed', 'the statement is no head of a registry')
}
