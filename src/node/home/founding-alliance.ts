import { readFile, stat } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import type { Directory } from '../../registry/directory.ts'
import { documentsOf, type EvidenceSet } from '../../registry/evidence.ts'
import { openDirectory } from '../../registry/open-directory.ts'
import { openEvidence } from '../../registry/open-evidence.ts'
import type { Pin } from '../../registry/registry-state.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../../registry/signed-doc.ts'
import { checkTrust, encodeTrust, parseTrust, type Trust, trustOf } from '../../registry/trust-string.ts'
import { fileFault } from '../mechanisms/file-fault.ts'
import { ALLIANCE_FILE_BYTES_MAX, encodeAllianceFile, parseAllianceFile } from './alliance-file.ts'
import { exists, type Home, writeWhole } from './home.ts'

/** The documents of one alliance, every one of them verified, and what they say. */
export interface Alliance {
  readonly evidence: EvidenceSet
  readonly directory: Directory
}

/** The alliance of a home, and the version of the registry that its operator confirmed. */
export interface HeldAlliance extends Alliance {
  readonly trust: Trust | undefined
}

/**
 * Verifies documents as a whole: one that is refused, or lacks what it builds on, refuses them all.
 * Throws ProtocolError with its code, or UserError `alliance-incomplete`.
 */
export function openAlliance(documents: readonly ParsedSignedDoc[], trust?: Trust | undefined): Alliance {
  return pinAlliance(openEvidence(documents), trust)
}

/**
 * What the same documents say where `trust` is what the operator confirmed. Throws UserError `alliance-incomplete`,
 * or `registry-fingerprint-mismatch` where that was of another alliance.
 */
export function pinAlliance(evidence: EvidenceSet, trust: Trust | undefined): Alliance {
  const directory = openDirectory(evidence, operatorPins(trust))
  if (directory === undefined) {
    throw new UserError('alliance-incomplete', 'the founding document is not the one that was confirmed here', {
      fix: 'Ask for the alliance file again.',
    })
  }
  if (trust !== undefined) checkTrust(trust, directory.chain)
  return { evidence, directory }
}

export function operatorPins(trust: Trust | undefined): readonly Pin[] {
  return trust === undefined ? [] : [{ version: trust.version, hash: trust.hash, from: 'operator' }]
}

/** Reads an alliance file and verifies it whole. `-` is not special here. Throws as `openAlliance`, and `file-*`. */
export async function readAllianceFile(path: string): Promise<readonly ParsedSignedDoc[]> {
  return parseAllianceFile(await readInput(path, ALLIANCE_FILE_BYTES_MAX), path).documents.map(parseSignedDoc)
}

/** The alliance that the home belongs to; undefined where it belongs to none. */
export async function readHeldAlliance(home: Home): Promise<HeldAlliance | undefined> {
  if (!(await exists(home.alliance))) return undefined
  const pin = (await exists(home.trust)) ? await readInput(home.trust, TRUST_BYTES_MAX) : undefined
  const trust = pin && parseTrust(Buffer.from(pin).toString('utf8'))
  return { ...openAlliance(await readAllianceFile(home.alliance), trust), trust }
}

/**
 * What is held and what is offered together. Throws UserError `registry-fingerprint-mismatch` where the offered registry
 * is not the one that the operator confirmed for this home, and as `openAlliance`.
 */
export function mergeAlliance(held: HeldAlliance | undefined, offered: readonly ParsedSignedDoc[]): Alliance {
  const alone = openAlliance(offered)
  if (held === undefined) return alone
  const trust = held.trust ?? trustOf(held.directory.registry)
  // where the file holds what was confirmed, the pin decides among its branches
  if (!alone.evidence.registries.has(trust.hash)) checkTrust(trust, alone.directory.chain)
  return openAlliance([...documentsOf(held.evidence), ...offered], held.trust)
}

/** Each file appears whole or not at all; the pin first, so that no daemon ever starts without it. */
export async function installAlliance(home: Home, { evidence }: Alliance, trust: Trust): Promise<void> {
  await writeWhole(home.trust, `${encodeTrust(trust)}\n`, { replace: true })
  await writeWhole(home.alliance, allianceFileOf(evidence), { replace: true })
}

export function allianceFileOf(evidence: EvidenceSet): string {
  return encodeAllianceFile({ documents: documentsOf(evidence).map(encodeSignedDoc) })
}

/** Throws UserError `file-unreadable` or `file-too-large`. */
export async function readInput(path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > bytesMax)
      throw new UserError('file-too-large', `${path} has ${size} bytes; at most ${bytesMax} are read`, {
        fix: 'Check that it is the right file.',
      })
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('file-unreadable', `${path} cannot be read: ${fileFault(cause)}`, {
      fix: 'Check the name of the file and its permissions.',
      cause,
    })
  }
}

const TRUST_BYTES_MAX = 1024
