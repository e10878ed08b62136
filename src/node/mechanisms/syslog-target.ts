/** Where syslog messages go. */
export type SyslogTarget =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** By RFC 5426, RFC 6587 and RFC 5425. */
const PORTS = { udp: 514, tcp: 601, tls: 6514 } as const
/** What every system takes as the path of a Unix socket. */
const PATH_BYTES_MAX = 103
const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$|^\[[0-9A-Fa-f:.]{2,45}\]$/

/** `udp://192.0.2.1:514`, `tcp://[2001:db8::1]:601`, `tls://siem.cert.example:6514`, `unix:/run/syslog.sock`; undefined where it is none of them. */
export function parseSyslogTarget(text: string): SyslogTarget | undefined {
  const [, path] = /^unix:(\/.+)$/.exec(text) ?? []
  if (path !== undefined) return Buffer.byteLength(path) <= PATH_BYTES_MAX ? { kind: 'unix', path } : undefined
  const [, scheme, host = '', digits] = /^(udp|tcp|tls):\/\/(\[[^\]]*\]|[^:/]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  if ((scheme !== 'udp' && scheme !== 'tcp' && scheme !== 'tls') || !HOST.test(host)) return undefined
  const port = digits === undefined ? PORTS[scheme] : Number(digits)
  if (port < 1 || port > 65_535) return undefined
  return { kind: scheme, host: host.replace(/^\[(.*)\]$/, '$1'), port }
}
