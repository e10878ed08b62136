/**
 * A Suricata rule of another nation, taken apart and let through by allow-lists. A rule may read files, run Lua, write
 * what it sees to disk, change packets, let traffic pass unseen, and set bits that other rules depend on: none of it is
 * taken from others. Suricata drops a rule that it cannot read and goes on; what is told here need only be harmless.
 */

export type CheckedRule =
  /** Without its action, `sid`, `gid`, `rev` and `priority`. */
  { readonly header: string; readonly options: readonly string[]; readonly rev: number } | { readonly left: string }

/** `text`: what `indicatorText` gives. */
export function checkSuricataRule(text: string): CheckedRule {
  const parts = /^([^()]*)\((.*)\)$/.exec(text.trim())
  if (parts === null || /\p{Cc}/u.test(text)) return { left: 'the rule is not one rule on one line' }
  const [, before = '', body = ''] = parts
  const [action = '', ...header] = headerTokens(before)
  if (!FIRING.has(action)) return { left: 'the rule would let traffic pass, or configure Suricata' }
  if (!isHeader(header)) return { left: 'the rule names protocols or variables that not every Suricata has' }
  const options = splitOptions(body)
  if (options === undefined) return { left: 'the options of the rule cannot be told apart' }
  if (!options.every(isHarmless)) {
    return {
      left: 'the rule uses keywords that are not taken from others, such as lua, filestore, dataset or flowbits',
    }
  }
  if (!options.some(({ name, value }) => MATCHING.has(name) && !value.startsWith('!'))) {
    return { left: 'the rule looks for no content, and would fire at all traffic' }
  }
  return {
    header: header.join(' '),
    options: options.filter(({ name }) => !REWRITTEN.has(name)).map(optionText),
    rev: revisionOf(options),
  }
}

/** Each becomes `alert`: whether to drop is not for others to say. */
const FIRING: ReadonlySet<string> = new Set(['alert', 'drop', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth'])
const MATCHING: ReadonlySet<string> = new Set(['content', 'pcre'])
const REWRITTEN: ReadonlySet<string> = new Set(['sid', 'gid', 'rev', 'priority'])

const PROTOCOLS: ReadonlySet<string> = new Set(
  (
    'ip ipv4 ipv6 tcp tcp-pkt tcp-stream udp icmp icmpv4 icmpv6 http http1 http2 dns tls ssh smtp ftp ftp-data imap smb ' +
    'dcerpc nfs ntp tftp ike krb5 quic dhcp snmp sip rfb mqtt rdp telnet'
  ).split(' '),
)

/** Those of the configuration that comes with Suricata. */
const VARIABLES: ReadonlySet<string> = new Set(
  (
    'HOME_NET EXTERNAL_NET HTTP_SERVERS SMTP_SERVERS SQL_SERVERS DNS_SERVERS TELNET_SERVERS AIM_SERVERS DC_SERVERS ' +
    'HTTP_PORTS SHELLCODE_PORTS ORACLE_PORTS SSH_PORTS FILE_DATA_PORTS FTP_PORTS SIP_PORTS'
  ).split(' '),
)

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'msg reference classtype metadata target sid gid rev priority requires threshold detection_filter ' +
    'content nocase depth offset distance within startswith endswith rawbytes fast_pattern isdataat pcre bsize dsize ' +
    'byte_test byte_jump byte_extract byte_math base64_decode base64_data uricontent urilen pkt_data ' +
    'flow flow.age stream_size app-layer-protocol ip_proto ttl tos id ipopts fragbits fragoffset flags seq ack window ' +
    'itype icode icmp_id icmp_seq sameip rpc fileext filename filesize filemagic file_data ' +
    'dotprefix to_lowercase to_uppercase to_md5 to_sha1 to_sha256 url_decode strip_whitespace compress_whitespace ' +
    'strip_pseudo_headers header_lowercase xor pcrexform tls_cert_expired tls_cert_valid tls_cert_notafter ' +
    'tls_cert_notbefore ssl_version ssl_state http_method http_uri http_raw_uri http_header http_raw_header http_cookie ' +
    'http_user_agent http_host http_raw_host http_client_body http_server_body http_stat_code http_stat_msg dns_query ' +
    'tls_sni tls_cert_subject tls_cert_issuer tls_cert_serial tls_cert_fingerprint ja3_hash ja3_string'
  ).split(' '),
)

/** Buffers of protocols: `http.uri`, `dns.query`. */
const BUFFER =
  /^(?:http|http2|dns|tls|ja3|ja3s|ja4|ssh|smtp|smb|krb5|sip|snmp|mqtt|rfb|quic|ike|dhcp|dcerpc|tcp|udp|ip|ipv4|ipv6|icmpv4|icmpv6|file)\.[a-z0-9_.]+$/
/** Such that write to disk. */
const STORING: ReadonlySet<string> = new Set(['tls.store'])
const TOKEN = /^[!$\w.:/,[\]-]+$/
const DIRECTIONS: ReadonlySet<string> = new Set(['->', '<>', '=>'])
const HEADER_TOKENS = 6
/** `/…/` with flags, and nothing after it: variables could be named there. */
const PCRE = /^!?"\/.*\/[A-Za-z]*"$/
/** Names that make Suricata keep what a group matched. */
const CAPTURE = /\(\?P?<(?:flow|pkt|alert)_/i
const REVISION_MAX = 0xffff_ffff

function headerTokens(text: string): readonly string[] {
  const spaced = text.trim().split(/\s+/).join(' ')
  return spaced
    .replace(/([,[]) /g, '$1')
    .replace(/ ([,\]])/g, '$1')
    .split(' ')
}

function isHeader(tokens: readonly string[]): boolean {
  const [protocol = '', source = '', sourcePort = '', direction = '', target = '', targetPort = ''] = tokens
  const ends = [source, sourcePort, target, targetPort]
  return (
    tokens.length === HEADER_TOKENS &&
    PROTOCOLS.has(protocol) &&
    DIRECTIONS.has(direction) &&
    ends.every(end => TOKEN.test(end)) &&
    ends.every(end => (end.match(/\$\w*/g) ?? []).every(name => VARIABLES.has(name.slice(1))))
  )
}

interface Option {
  readonly name: string
  readonly value: string
}

/** As Suricata does it: at each semicolon without a backslash before it. Then quotes must agree, whoever reads. */
function splitOptions(body: string): readonly Option[] | undefined {
  const texts = body.split(/(?<!\\);/)
  if (texts.pop()?.trim() !== '' || body.includes('\\\\;')) return undefined
  const options: Option[] = []
  for (const text of texts) {
    const parts = /^([A-Za-z0-9_.-]+)\s*(?::\s*(.*))?$/s.exec(text.trim())
    if (parts === null) return undefined
    const [, name = '', value = ''] = parts
    const quotes = value.replace(/\\./g, '').match(/"/g)?.length ?? 0
    if (quotes !== 0 && quotes !== 2) return undefined
    options.push({ name: name.toLowerCase(), value })
  }
  return options
}

function isHarmless({ name, value }: Option): boolean {
  if (name === 'pcre') return PCRE.test(value) && !CAPTURE.test(value)
  return KEYWORDS.has(name) || (BUFFER.test(name) && !STORING.has(name))
}

function optionText({ name, value }: Option): string {
  return value === '' ? name : `${name}:${value}`
}

function revisionOf(options: readonly Option[]): number {
  const said = Number(options.find(({ name }) => name === 'rev')?.value)
  return Number.isInteger(said) && said >= 1 && said <= REVISION_MAX ? said : 1
}
