/** A canonical URL as a request for it shows on the wire: neither user nor fragment is sent. */
export interface WireUrl {
  readonly scheme: string
  /** Host, in brackets where it is IPv6, and the port where it is not that of the scheme. */
  readonly authority: string
  /** Path and query. */
  readonly target: string
}

export function wireUrl(canonical: string): WireUrl {
  const at = canonical.indexOf('://')
  const [rest = ''] = canonical.slice(at + 3).split('#')
  const slash = rest.indexOf('/')
  const authority = rest.slice(0, slash)
  return {
    scheme: canonical.slice(0, at),
    authority: authority.slice(authority.lastIndexOf('@') + 1),
    target: rest.slice(slash),
  }
}
