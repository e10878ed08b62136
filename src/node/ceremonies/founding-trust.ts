import { UserError } from '../../base/errors.ts'
import type { ParsedRegistryDoc } from '../../registry/registry-doc.ts'
import { isClaimed, parseTrustClaim } from '../../registry/trust-claim.ts'
import { checkTrust, encodeTrust, fingerprint, type Trust, trustOf, trustWords } from '../../registry/trust-string.ts'
import type { Alliance } from '../home/founding-alliance.ts'

/**
 * What the operator typed of the registry that others confirmed out of band: the trust string, its words or its
 * fingerprint. Returns the version meant, which is to be pinned; in a SPLIT it may be of any branch.
 * Throws UserError `trust-string-malformed`, `registry-fingerprint-mismatch` or `alliance-incomplete`.
 */
export function parseClaim(text: string, { evidence, directory }: Alliance): Trust {
  const claim = parseTrustClaim(text)
  const candidates = [...evidence.registries.values()].map(({ doc }) => trustOf(doc))
  const found = candidates.find(trust => isClaimed(claim, trust))
  if (found !== undefined) return found
  if (claim.kind === 'string') return expectTrust(claim.trust, directory.chain)
  throw mismatch(claim.text, trustOf(directory.registry))
}

/** Throws where the walk does not arrive at `expected`, or ends before it. */
export function expectTrust(expected: Trust, chain: readonly ParsedRegistryDoc[]): Trust {
  if (checkTrust(expected, chain) === 'arrived') return expected
  throw new UserError(
    'alliance-incomplete',
    `the registry here ends at version ${chain.length}, the one confirmed is version ${expected.version}`,
    { fix: 'Ask for the alliance file of today.' },
  )
}

function mismatch(claim: string, actual: Trust): UserError {
  const name = `${fingerprint(actual)} (version ${actual.version})`
  return new UserError('registry-fingerprint-mismatch', `the registry is ${name}, the one confirmed is ${claim}`, {
    fix: 'Somebody has another registry, altered this one on its way, or mistyped. Compare with a governor by telephone, and use nothing of it until you agree.',
    data: { expected: claim, actual: encodeTrust(actual), words: trustWords(actual).join(' ') },
  })
}
