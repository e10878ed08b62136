import { z } from 'zod'
import { domainName, range } from './policy-fields.ts'

const ENTRIES_MAX = 65_536

/** `own:` of config.yaml: what belongs to the nation, and so is never exported as bad, whoever says it. */
export const ownSection = z
  .strictObject({
    /** Ranges and addresses; what overlaps one, or contains it, does not leave. */
    networks: z.array(range).max(ENTRIES_MAX).default([]),
    /** Each with all names below it; what lies above one, and so would block it, does not leave either. */
    domains: z.array(domainName).max(ENTRIES_MAX).default([]),
  })
  .prefault({})
