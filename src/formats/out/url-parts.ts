/** The parts of a canonical URL; empty where it has none. */
export interface UrlParts {
  readonly scheme: string
  readonly username: string
  readonly password: string
  /** A literal IPv6 address without its brackets. */
  readonly host: string
  readonly port: string
  readonly path: string
  /** Without `?`. */
  readonly query: string
  /** Without `#`. */
  readonly fragment: string
}

const PARTS =
  /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#@:]*)(?::([^/?#@]*))?@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

/** Undefined for what is no canonical URL. */
export function urlParts(url: string): UrlParts | undefined {
  const match = PARTS.exec(url)
  if (match === null) return undefined
  const [, scheme = '', username = '', password = '', host = '', port = '', path = '', query = '', fragment = ''] =
    match
  return { scheme, username, password, host: host.replace(/^\[|\]$/g, ''), port, path, query, fragment }
}
