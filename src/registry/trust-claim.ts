import { UserError } from '../base/errors.ts'
import { encodeTrust, fingerprint, parseTrust, type Trust, trustWords } from './trust-string.ts'

/** What somebody was told out of band of the registry that others have. */
export type TrustClaim =
  /** A trust string says all. */
  | { readonly kind: 'string'; readonly text: string; readonly trust: Trust }
  /** Words or a fingerprint only tell whether it is the one. */
  | { readonly kind: 'spoken'; readonly text: string; readonly compact: string }

const WORDS_COUNT = 16

/** Case, white space and hyphens do not matter. Throws UserError `trust-string-malformed`. */
export function parseTrustClaim(typed: string): TrustClaim {
  const text = typed.trim()
  const lower = text.toLowerCase()
  if (lower.startsWith('tocsin1-')) return { kind: 'string', text, trust: parseTrust(lower) }
  const compact = lower.replaceAll(/[^a-z0-9]/g, '')
  const isSpoken = /^[a-z2-7]{24}$/.test(compact) || lower.split(/[\s,.-]+/).filter(Boolean).length === WORDS_COUNT
  if (isSpoken) return { kind: 'spoken', text, compact }
  throw new UserError('trust-string-malformed', 'this is neither a trust string nor 16 words nor a fingerprint', {
    fix: 'Type what the founder reads to you from "tocsin alliance show".',
  })
}

export function isClaimed(claim: TrustClaim, trust: Trust): boolean {
  if (claim.kind === 'string') return encodeTrust(claim.trust) === encodeTrust(trust)
  return claim.compact === trustWords(trust).join('') || claim.compact === fingerprint(trust).replaceAll('-', '')
}
