import { equalBytes, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { decryptKeyFile, encryptKeyFile, type RootSecrets } from '../../crypto/key-file.ts'
import { type EncryptOptions, scryptLogNOf } from '../../crypto/passphrase-file.ts'
import { createRootSigner } from '../../registry/root-signer.ts'
import { DOC_TYPE, type DocType, type ParsedSignedDoc, type RootSigner, signDoc } from '../../registry/signed-doc.ts'
import { readSecret, writeWhole } from '../home/home.ts'

/** A root or governor key file, opened to sign. */
export interface OpenKeyFile {
  readonly path: string
  /** The bytes that were opened. */
  readonly file: Uint8Array
  readonly passphrase: string
  /** As the file has it, and keeps it when it is written anew. */
  readonly scryptLogN?: number
  readonly secrets: RootSecrets
  readonly signer: RootSigner
}

/**
 * Gives the passphrase to try on a key file. `rejected` is what became of the one before it, undefined at first; whoever
 * has no other throws it.
 */
export type AskPassphrase = (path: string, rejected: UserError | undefined) => Promise<string>

/** Throws UserError `key-file-*` or, once `ask` gives up, `passphrase-wrong`. */
export async function openKeyFile(path: string, ask: AskPassphrase): Promise<OpenKeyFile> {
  const file = await readSecret(path)
  return withPassphrase(path, ask, async passphrase => {
    const secrets = await decryptKeyFile(passphrase, file)
    const signer = createRootSigner(secrets.ed25519Seed, secrets.mldsa65Seed)
    return { path, file, passphrase, scryptLogN: scryptLogNOf(file), secrets, signer }
  })
}

/** Asks for the passphrase of `path` until `open` takes it. Throws UserError `passphrase-wrong` once `ask` gives up. */
export async function withPassphrase<T>(
  path: string,
  ask: AskPassphrase,
  open: (passphrase: string) => Promise<T>,
): Promise<T> {
  for (let rejected: UserError | undefined; ; ) {
    const passphrase = await ask(path, rejected)
    try {
      return await open(passphrase)
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'passphrase-wrong') throw error
      rejected = error
    }
  }
}

/** Throws UserError `key-file-other` where the file holds the key of another nation, or one for another use. */
export function assertKeyOf({ path, secrets }: OpenKeyFile, kind: RootSecrets['kind'], nation: NationId): void {
  if (secrets.kind === kind && secrets.nation === nation) return
  throw new UserError('key-file-other', `${path} holds the ${secrets.kind} key of ${secrets.nation}`, {
    fix: `Name the file with the ${kind} key of ${nation}.`,
  })
}

export interface DocToSign {
  readonly type: DocType
  /** As the document has it: empty in registry version 1. */
  readonly allianceIdField: Uint8Array
  readonly version: number
  readonly docBytes: Uint8Array
  /** What people call the alliance, noted in the key file. */
  readonly allianceName: string
}

export interface SignOptions extends EncryptOptions {
  /** Hash in hex of a document of this version that the operator gives up for this one. */
  readonly abandon?: string
}

/**
 * Signs with every key, and notes the document in each key file before it returns: what left the house is on record,
 * so that no key signs a second document of a version. Throws UserError `key-signed-another`.
 */
export async function signRecorded(
  doc: DocToSign,
  keys: readonly OpenKeyFile[],
  options: SignOptions = {},
): Promise<ParsedSignedDoc> {
  const signed = signDoc(
    doc.type,
    doc.allianceIdField,
    doc.docBytes,
    keys.map(key => key.signer),
  )
  const recorded = keys.map(key => ({ key, secrets: withRecord(key, doc, signed, options.abandon) }))
  const files: Uint8Array[] = []
  for (const { key, secrets } of recorded) {
    files.push(await encryptKeyFile(key.passphrase, secrets, { ...workFactorOf(key), ...options }))
  }
  // Another run may have signed since they were opened: its record counts, and must not be lost.
  const now: OpenKeyFile[] = []
  for (const key of keys) now.push(await openAgain(key))
  if (now.some((key, i) => key !== keys[i])) return signRecorded(doc, now, options)
  for (const [i, { path }] of keys.entries()) await writeWhole(path, files[i]!, { replace: true })
  return signed
}

/** The same object while the file is what was opened. */
async function openAgain(key: OpenKeyFile): Promise<OpenKeyFile> {
  if (equalBytes(await readSecret(key.path), key.file)) return key
  return openKeyFile(key.path, (_, rejected) => {
    if (rejected !== undefined) throw rejected
    return Promise.resolve(key.passphrase)
  })
}

/** Before anything else is done for it. Throws UserError `key-signed-another`. */
export function assertMaySign(doc: DocToSign, keys: readonly OpenKeyFile[], { abandon }: SignOptions): void {
  const unsigned = signDoc(doc.type, doc.allianceIdField, doc.docBytes, [])
  for (const key of keys) withRecord(key, doc, unsigned, abandon)
}

function workFactorOf({ scryptLogN }: OpenKeyFile): EncryptOptions {
  return scryptLogN === undefined ? {} : { scryptLogN }
}

function withRecord(
  { path, secrets }: OpenKeyFile,
  doc: DocToSign,
  { hash }: ParsedSignedDoc,
  abandon: string | undefined,
): RootSecrets {
  const type = doc.type === DOC_TYPE.REGISTRY ? 'registry' : 'nation'
  const alliance = secrets.alliance === '' ? doc.allianceName : secrets.alliance
  const isOther = (record: RootSecrets['signed'][number]) =>
    record.type === type && record.version === doc.version && !equalBytes(record.docHash, hash)
  const signed = secrets.signed.map(record =>
    isOther(record) && toHex(record.docHash) === abandon?.toLowerCase()
      ? { ...record, state: 'abandoned' as const }
      : record,
  )
  const other = signed.find(record => isOther(record) && record.state === 'signed')
  if (other !== undefined) throw signedAnother(path, type, doc.version, toHex(other.docHash))
  const known = signed.some(record => record.type === type && equalBytes(record.docHash, hash))
  const record = { state: 'signed', type, version: doc.version, docHash: hash } as const
  return { ...secrets, alliance, signed: known ? signed : [...signed, record] }
}

function signedAnother(path: string, type: string, version: number, hash: string): UserError {
  return new UserError(
    'key-signed-another',
    `${path} has already signed another ${type} document of version ${version}`,
    {
      fix: `If that one was never used and never will be, give it up by its hash: --abandon ${hash}`,
      data: { path, version, hash },
    },
  )
}
