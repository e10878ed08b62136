/**
 * The closed list of error codes. A code is stable for ever: scripts and dashboards match on it.
 * Each has a kind, from which exit status (`cli/exit.ts`), HTTP status (`api/http-status.ts`) and gossip verdict
 * (`net/verdict.ts`) follow, and the rule of `proto/README.md` that it guards, where there is one.
 */
export type ErrorKind =
  | 'malformed' // wrong whatever one knows
  | 'forged' // a signature, hash or proof that does not hold
  | 'unauthorised' // correct, but not by somebody who may
  | 'unknown' // cannot be judged yet with what is here
  | 'conflict' // contradicts what is held
  | 'input' // the operator's input or configuration
  | 'absent' // asked for something that is not there
  | 'state' // not possible in the present state
  | 'busy' // a cap or quota is reached, try again later
  | 'fault' // our own machine

export const CODES = {
  // wire
  'wire-too-large': ['malformed', 'R-0.5'],
  'wire-undecodable': ['malformed', 'R-0.5'],
  'wire-not-canonical': ['malformed', 'R-0.5'],
  'wire-field-length': ['malformed', 'R-0.5'],
  'wire-field-range': ['malformed', 'R-0.5'],
  'wire-text': ['malformed', 'R-0.5'],
  // signatures and keys
  'key-invalid': ['malformed', 'R-1.11'],
  'signature-invalid': ['forged', 'R-2.3'],
  // registry and nation documents
  'doc-type': ['unknown', 'R-1.1'],
  'doc-format': ['unknown', 'R-1.1'],
  'doc-alliance': ['unauthorised', 'R-1.1'],
  'doc-threshold': ['unauthorised', 'R-1.2'],
  'doc-threshold-range': ['malformed', 'R-1.2'],
  'doc-key-repeated': ['malformed', 'R-1.2'],
  'doc-nation-repeated': ['malformed', 'R-1.2'],
  'doc-version': ['conflict', 'R-1.3'],
  'doc-prev-hash': ['conflict', 'R-1.3'],
  'doc-parent-unknown': ['unknown', 'R-1.3'],
  'doc-siblings-full': ['busy', 'R-1.6'],
  'doc-waiting-full': ['busy', 'R-1.6'],
  'doc-period': ['malformed', 'R-1.9'],
  'registry-fingerprint-mismatch': ['conflict', 'R-1.4'],
  'pin-unknown': ['unknown', 'R-1.5'],
  'trust-string-malformed': ['input', 'R-1.4'],
  'nation-other': ['unauthorised', 'R-1.6'],
  'nation-beyond-pin': ['unknown', 'R-1.6'],
  'nation-unbound': ['unauthorised', 'R-1.7'],
  'nation-key-dropped': ['unauthorised', 'R-1.8'],
  'nation-key-revived': ['unauthorised', 'R-1.8'],
  'nation-bound-dropped': ['unauthorised', 'R-1.8'],
  'nation-node-form': ['malformed', 'R-5.9'],
  'nation-kem-windows': ['malformed', 'R-3.7'],
  // changes of the own nation's document
  'nation-doc-missing': ['state', 'R-1.6'],
  'nation-split': ['state', 'R-1.6'],
  'nation-change-void': ['state', 'R-1.8'],
  'nation-node-unknown': ['input', 'R-1.8'],
  'node-file-malformed': ['input', 'R-1.12'],
  'node-file-other': ['input', 'R-1.12'],
  'nation-observes': ['state', 'R-3.7'],
  // proposals and the signatures under them
  'proposal-malformed': ['input', 'R-1.2'],
  'proposal-expired': ['state', 'R-1.9'],
  'proposal-outdated': ['conflict', 'R-1.5'],
  'proposal-incomplete': ['unknown', 'R-1.2'],
  'signature-file-malformed': ['input', 'R-1.2'],
  'signature-other-proposal': ['conflict', 'R-1.2'],
  'signature-not-asked': ['unauthorised', 'R-1.2'],
  // sealing
  'seal-invalid': ['forged', 'R-3.3'],
  'padding-invalid': ['malformed', 'R-3.4'],
  'content-too-large': ['input', 'R-3.4'],
  // checkpoints and cosignatures
  'note-malformed': ['malformed', 'R-2.8'],
  'checkpoint-malformed': ['malformed', 'R-2.8'],
  // secret files
  'passphrase-wrong': ['input', 'R-1.11'],
  'key-file-malformed': ['input', 'R-1.11'],
  'key-file-permissions': ['input', 'R-1.11'],
  'key-file-other': ['input', 'R-1.11'],
  'key-signed-another': ['conflict', 'R-1.5'],
  // entries
  'entry-body-mismatch': ['malformed', 'R-2.2'],
  'entry-wrong-log': ['malformed', 'R-0.1'],
  'entry-not-genesis': ['malformed', 'R-2.1'],
  'genesis-invalid': ['malformed', 'R-2.1'],
  'genesis-key-unknown': ['unknown', 'R-0.1'],
  'entry-signature-invalid': ['forged', 'R-2.2'],
  'entry-after-close': ['conflict', 'R-2.12'],
  'range-not-contiguous': ['malformed', 'R-0.1'],
  'range-not-proven': ['forged', 'R-2.4'],
  'checkpoint-inconsistent': ['forged', 'R-2.7'],
  'cosignature-invalid': ['forged', 'R-2.8'],
  'proof-malformed': ['malformed', 'R-2.5'],
  'proof-proves-nothing': ['forged', 'R-2.5'],
  // what voids the content of an entry and leaves it on its chain
  'content-epoch-or-salt': ['malformed', 'R-0.5'],
  'content-registry-falls': ['malformed', 'R-1.10'],
  'content-body-malformed': ['malformed', 'R-0.5'],
  'content-misplaced': ['malformed', 'R-2.12'],
  // indicators and what is inside a batch
  'indicator-invalid': ['malformed', 'R-4.3'],
  'indicator-type': ['malformed', 'R-4.3'],
  'indicator-public-suffix': ['input', 'R-4.3'],
  'indicator-shared-suffix': ['input', 'R-4.3'],
  'indicator-unknown-tld': ['input', 'R-4.3'],
  'indicator-special-name': ['input', 'R-4.3'],
  'indicator-special-address': ['input', 'R-4.3'],
  'indicator-broad-range': ['input', 'R-4.3'],
  'indicator-empty-file': ['input', 'R-4.3'],
  'claim-invalid': ['input', 'R-4.3'],
  'marking-invalid': ['malformed', 'R-4.5'],
  // importing files: why a row was refused, or what is doubtful about it
  'import-format-unsupported': ['input', ''],
  'import-mapping-invalid': ['input', ''],
  'import-not-text': ['input', ''],
  'import-text-encoding': ['input', ''],
  'import-line-too-long': ['input', ''],
  'import-no-value': ['input', ''],
  'import-not-an-indicator': ['input', ''],
  'import-type-unsupported': ['input', ''],
  'import-json-invalid': ['input', ''],
  'import-stix-invalid': ['input', ''],
  'import-object-too-large': ['input', ''],
  'import-pattern-invalid': ['input', ''],
  'import-revoked': ['input', ''],
  'import-marking-unresolved': ['input', 'R-4.5'],
  'import-date-unclear': ['input', ''],
  'item-malformed': ['malformed', 'R-4.1'],
  // network
  'net-port-taken': ['input', ''],
  'net-listen-failed': ['input', ''],
  'net-address-invalid': ['input', ''],
  'net-unreachable': ['absent', ''],
  'net-wrong-key': ['unauthorised', 'R-5.4'],
  'net-not-admitted': ['unauthorised', 'R-5.4'],
  'net-refused': ['unauthorised', 'R-5.4'],
  'net-limbo-exceeded': ['unauthorised', 'R-5.4'],
  'net-gossip-deaf': ['state', 'R-5.3'],
  'net-peer-absent': ['absent', ''],
  'net-busy': ['busy', 'R-5.5'],
  'net-timeout': ['busy', 'R-5.5'],
  'net-closed': ['state', ''],
  'frame-too-large': ['malformed', 'R-5.5'],
  'frame-truncated': ['malformed', 'R-5.5'],
  // sync
  'sync-alliance-differs': ['unauthorised', 'R-5.5'],
  'sync-protocol-version': ['unknown', 'R-5.5'],
  'sync-unexpected-frame': ['malformed', 'R-5.5'],
  'sync-bundle-mismatch': ['malformed', 'R-5.5'],
  'sync-refused': ['state', 'R-5.5'],
  // publishing
  'grant-wrong-commit': ['forged', 'R-3.2'],
  'release-red-needs-recipients': ['unauthorised', 'R-3.6'],
  'release-above-ceiling': ['unauthorised', 'R-3.6'],
  'publish-no-role': ['unauthorised', 'R-0.3'],
  'publish-key-unknown': ['state', 'R-0.1'],
  'publish-registry-expired': ['state', 'R-1.9'],
  'publish-too-often': ['input', 'R-4.1'],
  'publish-queue-full': ['busy', 'R-2.11'],
  'signing-head-ahead': ['state', 'R-2.11'],
  'signing-key-used-up': ['state', 'R-2.1'],
  'signing-log-ended': ['state', 'R-2.6'],
  // the store
  'store-locked': ['state', ''],
  'store-newer-format': ['state', ''],
  'store-full': ['fault', ''],
  'store-write-failed': ['fault', ''],
  'store-read-failed': ['fault', ''],
  'store-open-failed': ['fault', ''],
  'store-damaged': ['fault', ''],
  'store-failed': ['fault', ''],
  'store-closed': ['state', ''],
  'store-busy': ['busy', ''],
  'store-misuse': ['fault', ''],
  'store-cursor': ['input', ''],
  // configuration and home
  'config-invalid': ['input', ''],
  'home-missing': ['input', ''],
  'home-exists': ['input', ''],
  'publish-too-many': ['input', ''],
  'indicator-id-ambiguous': ['input', ''],
  'registry-not-member': ['unauthorised', 'R-0.1'],
  'registry-missing': ['input', 'R-1.4'],
  'alliance-file-malformed': ['input', 'R-1.4'],
  'alliance-incomplete': ['unknown', 'R-1.3'],
  'alliance-exists': ['state', 'R-1.4'],
  'documents-refused': ['conflict', 'R-1.5'],
  'alliance-other-root': ['conflict', 'R-1.7'],
  'nation-file-malformed': ['input', 'R-1.7'],
  'trust-unconfirmed': ['input', 'R-1.4'],
  'file-unreadable': ['input', ''],
  'file-too-large': ['input', ''],
  'file-exists': ['input', ''],
  'key-file-unreadable': ['input', 'R-1.11'],
  'clock-skew': ['state', 'R-1.9'],
  // control API
  'api-request-invalid': ['input', ''],
  'api-body-too-large': ['input', ''],
  'api-content-type': ['input', ''],
  'api-host': ['unauthorised', ''],
  'api-route-unknown': ['absent', ''],
  'api-busy': ['busy', ''],
  'api-listen-failed': ['input', ''],
  'api-answer-invalid': ['fault', ''],
  'indicator-absent': ['absent', ''],
  // command line
  'usage-invalid': ['input', ''],
  'daemon-running': ['state', ''],
  'daemon-not-running': ['state', ''],
  'daemon-unreachable': ['state', ''],
  'daemon-gone': ['state', ''],
  'daemon-timeout': ['busy', ''],
  'socket-path-too-long': ['input', ''],
  'file-unwritable': ['input', ''],
  'import-gzip-invalid': ['input', ''],
  'import-too-large': ['input', ''],
  'passphrase-missing': ['input', ''],
  'passphrase-mismatch': ['input', ''],
  'confirmation-missing': ['input', ''],
  'sandbox-daemon-ended': ['state', ''],
  'home-permissions': ['input', ''],
  'disk-low': ['state', ''],
  'clock-implausible': ['state', ''],
  'node-version': ['state', ''],
  // this machine
  internal: ['fault', ''],
  'self-test-failed': ['fault', ''],
} as const satisfies Record<string, readonly [ErrorKind, string]>

export type ErrorCode = keyof typeof CODES

export function kindOf(code: ErrorCode): ErrorKind {
  return CODES[code][0]
}

/** The numbered rule a code guards, or '' where the code is about use rather than protocol. */
export function ruleOf(code: ErrorCode): string {
  return CODES[code][1]
}
