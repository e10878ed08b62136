import { readText } from '../../node/home/home.ts'
import { parseTrustClaim, type TrustClaim } from '../../registry/trust-claim.ts'

const TRUST_BYTES_MAX = 1024

/** What the operator confirmed for this home; undefined where nobody did. */
export async function confirmedTrust(path: string): Promise<TrustClaim | undefined> {
  const text = await readText(path, TRUST_BYTES_MAX)
  return text === undefined ? undefined : parseTrustClaim(text)
}
