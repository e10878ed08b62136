/** How much the store takes and gives at once. Counts unless the name says otherwise. */

export const COMMITS_WAITING_MAX = 4096
export const ENTRIES_PAGE_MAX = 4096
export const BRANCH_ENTRIES_MAX = 65_536
export const EPOCHS_PAGE_MAX = 65_536
export const QUEUE_PAGE_MAX = 4096
export const AUDIT_PAGE_MAX = 4096
export const AUDIT_PAGE_BYTES_MAX = 8 * 1024 * 1024
export const AUDIT_DROP_MAX = 10_000
export const LIST_PAGE_MAX = 1000
export const CHANGES_PAGE_MAX = 1000
export const LOOKUPS_MAX = 1000
export const CLAIMS_PER_INDICATOR_MAX = 256
/** Further indicators that a look-up tells of beside the one that it asks for. */
export const RELATED_PER_SUBJECT_MAX = 16
