import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import type { NodeKeys } from '../../crypto/node-key-file.ts'
import { docHashHex } from '../../registry/doc-fields.ts'
import { documentsOf, findDocument } from '../../registry/evidence.ts'
import type { ParsedNationDoc } from '../../registry/nation-doc.ts'
import { type NationChange, planNation } from '../../registry/next-nation.ts'
import type { NodeRecord } from '../../registry/node-key.ts'
import { addSignature, completeProposal, draftOf, type OpenProposal, openProposal } from '../../registry/proposal.ts'
import { rootSetOf } from '../../registry/root-set.ts'
import { DOC_TYPE } from '../../registry/signed-doc.ts'
import { type Alliance, allianceFileOf, openAlliance, readAllianceFile, readInput } from '../home/founding-alliance.ts'
import { exists, type Home, writeWhole } from '../home/home.ts'
import type { OwnNation } from '../home/own-nation.ts'
import { assertMaySign, type DocToSign, type OpenKeyFile, type SignOptions, signRecorded } from './founding-keys.ts'
import { NATION_FILE_BYTES_MAX, parseNationFile } from './nation-file.ts'
import { allianceNameOf, seatOfKey } from './proposal-signing.ts'

/** The longest that allows. */
const VALID_DAYS = 400

/**
 * The next document of the nation, verified as every signer will. After a reset it names the new roots, too.
 * Throws UserError `nation-*` or `alliance-other-root`, and ProtocolError where nobody would accept it.
 */
export async function proposeChange(
  own: OwnNation,
  changes: readonly NationChange[],
  { nowMs, validDays = VALID_DAYS }: { readonly nowMs: number; readonly validDays?: number | undefined },
): Promise<OpenProposal> {
  if (own.reset !== undefined) assertKeepsReset(own.nation, changes)
  const all = own.reset === undefined ? changes : [await resetRoots(own, own.reset.roots), ...changes]
  // A clock that is behind is no reason to date a document before the one that it follows.
  const issuedMs = Math.max(nowMs, own.doc.issuedMs)
  const { docBytes } = planNation(own.doc, all, { issuedMs, validDays })
  return openProposal(draftOf(DOC_TYPE.NATION, docBytes, documentsOf(own.alliance.evidence)), nowMs)
}

/** As far as it can be told before key files are opened; new root keys sign for the new version alone. */
export function mayBeEnough({ councils }: OpenProposal, known: number, added: number): boolean {
  return councils.every(({ threshold }, i) => threshold <= known + (i === councils.length - 1 ? added : 0))
}

/**
 * Whether these keys may sign it at all, before anything is done. Throws UserError `key-file-other` or
 * `key-signed-another`.
 */
export function assertSigners(own: OwnNation, open: OpenProposal, keys: readonly OpenKeyFile[], options: SignOptions) {
  for (const key of keys) seatOfKey(open.councils, key)
  assertMaySign(docToSign(own, open), keys, options)
}

/**
 * Signs with root keys, which note it before it returns, and verifies what comes out as every node will.
 * Throws UserError `doc-threshold`, and as `assertSigners`.
 */
export async function signChange(
  own: OwnNation,
  open: OpenProposal,
  keys: readonly OpenKeyFile[],
  options: SignOptions,
): Promise<Alliance> {
  assertSigners(own, open, keys, options)
  assertEnough(open, keys)
  const { hash: docHash, sigs } = await signRecorded(docToSign(own, open), keys, options)
  const signed = sigs.reduce((each, sig) => addSignature(each, { type: DOC_TYPE.NATION, docHash, sig }).open, open)
  return openAlliance(documentsOf(completeProposal(signed)), own.alliance.trust)
}

function docToSign({ doc }: OwnNation, open: OpenProposal): DocToSign {
  return {
    type: DOC_TYPE.NATION,
    allianceIdField: doc.allianceId,
    version: open.change.after.version,
    docBytes: open.draft.docBytes,
    allianceName: allianceNameOf(open),
  }
}

/** Before anything is recorded in a key file. */
function assertEnough({ councils }: OpenProposal, keys: readonly OpenKeyFile[]): void {
  for (const { version, threshold, seats } of councils) {
    const present = seats.filter(seat =>
      seat.keys.some(key => keys.some(({ signer }) => signer.key.idHex === key.idHex)),
    )
    if (present.length >= threshold) continue
    const names = seats.map(({ name }) => name).join(', ')
    throw new UserError(
      'doc-threshold',
      `${present.length} root keys of version ${version} are here; it needs ${threshold} of: ${names}`,
      {
        fix: 'Name further key files with --root-key, or write a proposal for the others to sign with --propose.',
      },
    )
  }
}

/**
 * A document that is signed and not in force yet: a key signs no second one of its version, so it must not be lost. It
 * is an alliance file.
 */
export function pendingFile({ path }: Pick<Home, 'path'>): string {
  return join(path, 'pending.tocsin')
}

export async function keepPending(home: Home, alliance: Alliance): Promise<void> {
  await writeWhole(pendingFile(home), allianceFileOf(alliance.evidence), { replace: true })
}

export async function forgetPending(home: Home): Promise<void> {
  await rm(pendingFile(home), { force: true })
}

/** Throws UserError `nation-doc-pending` where a document was signed that did not take effect. */
export async function assertNonePending({ home, alliance }: Pick<OwnNation, 'home' | 'alliance'>): Promise<void> {
  const path = pendingFile(home)
  if (!(await exists(path))) return
  const documents = await readAllianceFile(path)
  if (documents.every(({ hash }) => findDocument(alliance.evidence, docHashHex(hash)) !== undefined)) {
    return forgetPending(home)
  }
  throw new UserError('nation-doc-pending', `${path} holds a document that was signed and is not in force yet`, {
    fix: `Put it in force: tocsin alliance apply ${path}`,
  })
}

/** Throws UserError `alliance-other-root` where the root keys of this home are not those of the reset. */
async function resetRoots({ home, nation }: OwnNation, expected: string): Promise<NationChange> {
  const { roots, rootThreshold } = parseNationFile(await readInput(home.nation, NATION_FILE_BYTES_MAX), home.nation)
  const here = rootSetOf(
    rootThreshold,
    roots.map(root => root.id),
  )
  if (here === expected) return { kind: 'roots', roots, threshold: rootThreshold }
  throw new UserError('alliance-other-root', `the governors have reset ${nation} to other root keys than are here`, {
    fix: 'Run this at the home whose "tocsin nation export" they were sent, or ask them which keys they named.',
  })
}

/** the document after a reset has the roots of the reset, and no others. */
function assertKeepsReset(nation: string, changes: readonly NationChange[]): void {
  if (changes.every(({ kind }) => kind !== 'roots')) return
  throw new UserError(
    'change-status',
    `the governors have reset ${nation}: its next document has the root keys of that`,
    {
      fix: 'Sign that document first: tocsin nation renew. Then change the root keys again.',
    },
  )
}

/** The node of these keys, by its signing key, or an edge's by its peer key; undefined where the document names none. */
export function nodeOfKeys({ nodes }: ParsedNationDoc, { inner, peerSeed }: NodeKeys): NodeRecord | undefined {
  const { publicKey } = createEd25519Signer(inner?.signSeed ?? peerSeed)
  return nodes.find(({ signPk, peerPk }) => {
    const key = inner === undefined ? peerPk : signPk
    return key !== undefined && equalBytes(key, publicKey)
  })
}
