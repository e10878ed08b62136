import { equalBytes, utf8 } from '../../../src/base/bytes.ts'
import { ProtocolError } from '../../../src/base/errors.ts'
import { sha256 } from '../../../src/base/hash.ts'
import { decodeBase32, encodeBase32 } from '../../../src/registry/base32.ts'
import { parseNationDoc } from '../../../src/registry/nation-doc.ts'
import { parseRegistryDoc } from '../../../src/registry/registry-doc.ts'
import { DOC_TYPE, type DocType, encodeSignedDoc, parseSignedDoc } from '../../../src/registry/signed-doc.ts'
import { parseTrustClaim } from '../../../src/registry/trust-claim.ts'
import { encodeTrust, parseTrust, trustWords } from '../../../src/registry/trust-string.ts'
import { third, trustStringOf } from '../../../test/support/audit-world.ts'
import { seedsOf } from '../seeds.ts'
import { assertHolds, type Target } from '../target.ts'
import { textOf } from '../text.ts'

const DOCUMENT_BYTES_MAX = 32 * 1024

const document: Target = {
  name: 'registry-document',
  form: 'protobuf',
  lengthMax: DOCUMENT_BYTES_MAX,
  seeds: () => seedsOf('document'),
  run(input) {
    const signed = parseSignedDoc(input)
    assertHolds(equalBytes(encodeSignedDoc(signed), input), 'a document is encoded as it was read')
    return signed.type === DOC_TYPE.REGISTRY ? `v${parseRegistryDoc(signed).version}` : parseNationDoc(signed).nation
  },
}

/** What is signed, without its wrapper; read as both kinds. */
const body: Target = {
  name: 'registry-body',
  form: 'protobuf',
  lengthMax: DOCUMENT_BYTES_MAX,
  seeds: () => seedsOf('document').map(bytes => parseOr(bytes)),
  run(input) {
    const of = <T extends DocType>(type: T) => ({ type, docBytes: input, hash: sha256(input), sigs: [] })
    try {
      return `v${parseRegistryDoc(of(DOC_TYPE.REGISTRY)).version}`
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      return parseNationDoc(of(DOC_TYPE.NATION)).nation
    }
  },
}

function parseOr(bytes: Uint8Array): Uint8Array {
  try {
    return parseSignedDoc(bytes).docBytes
  } catch {
    return bytes
  }
}

const trustText = trustStringOf(third)

const trust: Target = {
  name: 'registry-trust',
  form: 'text',
  lengthMax: 4096,
  tokens: ['tocsin1-', ' ', '-', 'abandon', '\n'],
  seeds: () => [utf8(trustText), utf8(trustText.toUpperCase()), utf8(trustWords(parseTrust(trustText)).join(' '))],
  run(input) {
    const claim = parseTrustClaim(textOf(input))
    if (claim.kind === 'string') {
      const compact = claim.text.toLowerCase().replaceAll(/\s/g, '')
      assertHolds(encodeTrust(claim.trust) === compact, 'one trust string for one trust')
    }
    return claim.kind
  },
}

const base32: Target = {
  name: 'registry-base32',
  form: 'text',
  lengthMax: 512,
  seeds: () => [utf8(trustText.slice(8)), utf8(''), utf8('aa')],
  run(input) {
    const text = textOf(input)
    const bytes = decodeBase32(text)
    if (bytes !== undefined) assertHolds(encodeBase32(bytes) === text, 'one base32 for one row of bytes')
    assertHolds(equalBytes(decodeBase32(encodeBase32(input)) ?? utf8('?'), input), 'base32 reads what it writes')
    return String(bytes !== undefined)
  },
}

export const registryTargets: readonly Target[] = [document, body, trust, base32]
