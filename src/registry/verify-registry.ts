import { equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import type { DocSig } from '../wire/gen/tocsin.ts'
import { type ParsedRegistryDoc, parseRegistryDoc } from './registry-doc.ts'
import { mergeSignatures, type ParsedSignedDoc, validSignatures } from './signed-doc.ts'

declare const brand: unique symbol

/** A registry document whose whole walk from version 1 was verified. Made here only. */
export interface ValidRegistryDoc extends ParsedRegistryDoc {
  readonly [brand]: 'ValidRegistryDoc'
  /** With the signatures that count alone: one a governor and council, in the order of their bytes. */
  readonly signed: ParsedSignedDoc
  /** Governors of this version or the one before who signed it. */
  readonly signers: ReadonlySet<NationId>
}

/** Verifies version 1 of an alliance. Throws ProtocolError `wire-*`, `doc-*` or `key-invalid`. */
export function verifyRegistryGenesis(signed: ParsedSignedDoc): ValidRegistryDoc {
  // every field, alone and together
  const doc = parseRegistryDoc(signed)
  // the walk begins at 1
  assertVersion(doc, 1)
  // a threshold of its own governors
  return acceptedBy([doc], doc)
}

/** Verifies the version after `parent`. Throws ProtocolError `wire-*`, `doc-*` or `key-invalid`. */
export function verifyRegistryNext(parent: ValidRegistryDoc, signed: ParsedSignedDoc): ValidRegistryDoc {
  // every field, alone and together
  const doc = parseRegistryDoc(signed)
  // of this alliance, and next
  assertFollows(parent, doc)
  // a threshold of the governors of v(N-1) and of vN
  return acceptedBy([parent, doc], doc)
}

/** Whoever signs it: whether a document may follow `parent`. Throws ProtocolError `doc-alliance`, `doc-version`, `doc-prev-hash`. */
export function assertFollows(parent: ParsedRegistryDoc, doc: ParsedRegistryDoc): void {
  // of this alliance
  if (!equalBytes(doc.allianceId, parent.allianceId)) {
    throw new ProtocolError('doc-alliance', 'the registry document is of another alliance')
  }
  // exactly the next version, and of this very predecessor; the predecessor's expiry does not matter
  assertVersion(doc, parent.version + 1)
  if (doc.prevHash !== parent.hash) {
    throw new ProtocolError('doc-prev-hash', `registry version ${doc.version} does not follow the version given`)
  }
}

/** A threshold of every council must have signed; a bad or unknown signature is skipped, never fatal. */
function acceptedBy(councils: readonly ParsedRegistryDoc[], doc: ParsedRegistryDoc): ValidRegistryDoc {
  const keys = councils.flatMap(council => council.governors).flatMap(governor => governor.keys)
  const signatures = validSignatures(doc.signed, doc.allianceIdField, keys)
  const signers = new Set<NationId>()
  const counted: DocSig[] = []
  for (const council of councils) {
    let count = 0
    for (const { nation, keys } of council.governors) {
      // each governor once, whichever of its keys signed
      const key = keys.find(key => signatures.has(key.idHex))
      if (key === undefined) continue
      count += 1
      signers.add(nation)
      counted.push(signatures.get(key.idHex)!)
    }
    assertThreshold(council, doc, count)
  }
  const sigs = mergeSignatures(counted, [])
  const valid: Omit<ValidRegistryDoc, typeof brand> = { ...doc, signed: { ...doc.signed, sigs }, signers }
  return valid as ValidRegistryDoc
}

function assertThreshold(council: ParsedRegistryDoc, doc: ParsedRegistryDoc, count: number): void {
  if (count >= council.threshold) return
  throw new ProtocolError(
    'doc-threshold',
    `registry version ${doc.version} is signed by ${count} governors of version ${council.version}; it needs ${council.threshold}`,
    { data: { version: doc.version, council: council.version, signed: count, needed: council.threshold } },
  )
}

function assertVersion(doc: ParsedRegistryDoc, version: number): void {
  if (doc.version === version) return
  throw new ProtocolError('doc-version', `this is registry version ${doc.version}; version ${version} is expected here`)
}
