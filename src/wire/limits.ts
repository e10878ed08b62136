/** Every cap on what is decoded, in one place. Bytes unless the name says otherwise. */

export const HEADER_BYTES_MAX = 1024
export const BODY_BYTES_MAX = 65_536
export const SIGNATURE_BYTES = 64
/** Header, signature and body with their tags and lengths. */
export const ENVELOPE_BYTES_MAX = HEADER_BYTES_MAX + BODY_BYTES_MAX + SIGNATURE_BYTES + 32

/** One fits into every way on which documents travel, the 900 KiB of `/tocsin/docs/1` among them. */
export const SIGNED_DOC_BYTES_MAX = 896 * 1024
export const DOC_SIGNATURES_MAX = 64
export const GOVERNORS_MAX = 31
export const NATIONS_MAX = 512
export const ROOT_KEYS_MAX = 16
export const NODE_KEYS_MAX = 64
export const KEM_KEYS_MAX = 64
export const LOG_BOUNDS_MAX = 4096
export const CONTACTS_MAX = 16
export const ADDRESSES_MAX = 16
export const ADDRESS_LENGTH_MAX = 256
export const LABEL_LENGTH_MAX = 128
export const INCARNATIONS_MAX = 64

export const GRANT_SLOTS_MAX = 48
export const HPKE_ENC_BYTES = 1120
export const SLOT_CT_BYTES = 48

export const ITEMS_PER_BATCH_MAX = 1024
export const VALUE_LENGTH_MAX = 8192
/** The value of a YARA, Sigma or Suricata rule; in a body it must fit as well. */
export const RULE_LENGTH_MAX = 49_152
export const TEXT_LENGTH_MAX = 16_384
export const SHORT_TEXT_LENGTH_MAX = 512
export const LABELS_MAX = 64
export const REFERENCES_MAX = 64

export const PROOF_ENTRIES_MAX = 2
export const PROOF_NOTES_MAX = 2
export const PATH_HASHES_MAX = 64
export const NOTE_BYTES_MAX = 16_384
export const COSIGNATURES_MAX = 512
export const COSIGNATURE_LINE_BYTES_MAX = 4096

export const RANGE_ENTRIES_MAX = 65_536
export const BUNDLE_ENTRIES_MAX = 256
/** A bundle stops early, at an entry, rather than exceed this. */
export const BUNDLE_BYTES_MAX = 2 * 1024 * 1024
export const SYNC_FRAME_BYTES_MAX = BUNDLE_BYTES_MAX + ENVELOPE_BYTES_MAX + 64 * 1024
export const INDEX_HASHES_MAX = 4096
export const EVIDENCE_REQUEST_HASHES_MAX = 256
export const FRONTIER_HEADS_MAX = 4096
