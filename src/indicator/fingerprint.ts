import { invalidValue, quoted } from './invalid.ts'

/** Protocol, TLS version, SNI, counts, ALPN; then two hashes. The ALPN keeps its case: it is bytes of the client. */
const JA4 = /^([tqd])(\d\d|[sd]\d)([di])(\d{4})([0-9a-z]{2})_([0-9a-f]{12})_([0-9a-f]{12})$/i
const HEX = /^[0-9A-Fa-f]+$/
/** MD5, SHA-1, SHA-256: what certificates are named by. */
const CERTIFICATE_HASH_DIGITS: ReadonlySet<number> = new Set([32, 40, 64])

/** A JA4 fingerprint of a TLS client, as FoxIO defines it. */
export function canonicalJa4(text: string): string {
  const match = JA4.exec(text)
  if (match === null) throw invalidValue(`${quoted(text)} is no JA4, such as t13d1516h2_8daaf6152771_e5627efa2ab1`)
  const [, protocol = '', version = '', sni = '', counts = '', alpn = '', ciphers = '', extensions = ''] = match
  return `${`${protocol}${version}${sni}`.toLowerCase()}${counts}${alpn}_${`${ciphers}_${extensions}`.toLowerCase()}`
}

/** The hash of a certificate, whichever of the three it is; colons between its bytes are left out. */
export function canonicalCertificateHash(text: string): string {
  const digits = text.replaceAll(':', '')
  if (!CERTIFICATE_HASH_DIGITS.has(digits.length) || !HEX.test(digits)) {
    throw invalidValue(`${quoted(text)} is no MD5, SHA-1 or SHA-256 of a certificate`)
  }
  return digits.toLowerCase()
}
