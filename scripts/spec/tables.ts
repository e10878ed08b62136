/** The tables of the specification that are made from the code. */

import { CODES, type ErrorCode, kindOf, ruleOf } from '../../src/base/codes.ts'
import { PADDED_BYTES_MAX, padme } from '../../src/crypto/padding.ts'
import * as limits from '../../src/wire/limits.ts'

type Cap = keyof typeof limits

/** A cap without a line here stops the script, as does a line without its cap. */
const CAPS: Readonly<Record<Cap, string>> = {
  HEADER_BYTES_MAX: 'EntryHeader, bytes',
  BODY_BYTES_MAX: 'body of an entry, bytes; an opened batch and each item in it too',
  SIGNATURE_BYTES: 'Ed25519 signature, bytes',
  ENVELOPE_BYTES_MAX: 'Envelope, bytes',
  SIGNED_DOC_BYTES_MAX: 'SignedDoc, bytes; the document in it too',
  DOC_SIGNATURES_MAX: 'signatures of a SignedDoc',
  GOVERNORS_MAX: 'governors',
  NATIONS_MAX: 'nations of a RegistryDoc; members of a GroupDoc',
  ROOT_KEYS_MAX: 'root keys or root key ids of a nation',
  NODE_KEYS_MAX: 'nodes of a NationDoc',
  KEM_KEYS_MAX: 'KEM keys of a NationDoc',
  LOG_BOUNDS_MAX: 'log bounds of a NationEntry or NationDoc',
  CONTACTS_MAX: 'contacts of a NationDoc',
  ADDRESSES_MAX: 'addresses of a node',
  ADDRESS_LENGTH_MAX: 'an address, UTF-16 units',
  LABEL_LENGTH_MAX: 'alliance name, nation label, name and duty of a contact, UTF-16 units',
  INCARNATIONS_MAX: 'incarnations of a sign key',
  GRANT_SLOTS_MAX: 'slots of a KeyGrant',
  HPKE_ENC_BYTES: 'enc of a slot or complaint, bytes, exact',
  SLOT_CT_BYTES: 'ct of a slot, bytes, exact',
  ITEMS_PER_BATCH_MAX: 'items of a Batch',
  RULE_LENGTH_MAX: 'value of a rule (yara, sigma, suricata), UTF-16 units',
  VALUE_LENGTH_MAX: 'value and original of an indicator, URL of a reference, UTF-16 units',
  TEXT_LENGTH_MAX: 'long text, UTF-16 units',
  SHORT_TEXT_LENGTH_MAX: 'short text, UTF-16 units',
  LABELS_MAX: 'labels of a claim',
  REFERENCES_MAX: 'references of a claim or report',
  PROOF_ENTRIES_MAX: 'entries of a Proof',
  PROOF_NOTES_MAX: 'notes of a Proof',
  PATH_HASHES_MAX: 'hashes of any Merkle path',
  NOTE_BYTES_MAX: 'checkpoint note as it travels, bytes',
  COSIGNATURES_MAX: 'cosignatures of a Checkpoint',
  COSIGNATURE_LINE_BYTES_MAX: 'cosignature line, bytes',
  RANGE_ENTRIES_MAX: 'count of a RangeRequest',
  BUNDLE_ENTRIES_MAX: 'entries of a Bundle; seqs of a BodyRequest or Bodies',
  BUNDLE_BYTES_MAX: 'entries of a Bundle, bytes; one entry always fits',
  SYNC_FRAME_BYTES_MAX: 'SyncFrame, bytes',
  INDEX_HASHES_MAX: 'hashes of an Index',
  EVIDENCE_REQUEST_HASHES_MAX: 'hashes of an EvidenceRequest, items of an Evidence',
  FRONTIER_HEADS_MAX: 'heads of a Frontier',
}

export function capsTable(): string {
  const numbers = new Map(Object.entries(limits))
  const rows = (Object.keys(CAPS) as Cap[]).map(name => [name, String(numbers.get(name)), CAPS[name]])
  return table(['name', 'number', 'caps'], rows)
}

/** Codes without a rule are about the use of this software and no part of the protocol. */
export function codesTable(): string {
  const codes = (Object.keys(CODES) as ErrorCode[]).filter(code => ruleOf(code) !== '')
  return table(
    ['code', 'kind', 'rule'],
    codes.map(code => [`\`${code}\``, kindOf(code), ruleOf(code)]),
  )
}

const PADDED_BYTES_MIN = 512
const SIZES_PER_ROW = 12

/** Every size that a padded content can have, ascending. */
export function paddedSizes(): string {
  const sizes: number[] = []
  for (let size = PADDED_BYTES_MIN; size <= PADDED_BYTES_MAX; size = padme(size + 1)) sizes.push(size)
  const rows: string[] = []
  for (let i = 0; i < sizes.length; i += SIZES_PER_ROW) rows.push(sizes.slice(i, i + SIZES_PER_ROW).join(' '))
  return `\`\`\`text\n${rows.join('\n')}\n\`\`\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
