import { toBase64, utf8 } from '../../base/bytes.ts'
import type { ExportedIndicator } from '../exported.ts'

/** A list that rules of ours look into: what goes into it, and the rules. */
export interface SuricataDataset {
  readonly name: string
  /** Types of indicators, and how a value stands in the list. */
  readonly types: readonly string[]
  readonly line: (value: string) => string
  /** `hash`: a list of its own kind, for files; the others are datasets of that type. */
  readonly kind: 'string' | 'ip' | 'hash'
  /** Each is one rule. */
  readonly uses: readonly DatasetUse[]
}

interface DatasetUse {
  readonly protocol: string
  /** Keywords before the list is asked, and after it. */
  readonly buffer: string
  readonly after?: string
  readonly message: string
}

const base64Line = (value: string) => toBase64(utf8(value))
/** An address speaks in every packet. */
const ONCE_A_MINUTE = 'threshold:type limit,track by_both,count 1,seconds 60; '
const FILE_PROTOCOLS = ['http', 'http2', 'smtp', 'ftp-data', 'smb', 'nfs']

const fileHashes = (type: string, keyword: string): SuricataDataset => ({
  name: type,
  types: [type],
  line: value => value,
  kind: 'hash',
  uses: FILE_PROTOCOLS.map(protocol => ({
    protocol,
    buffer: keyword,
    message: `listed ${type} of a file by ${protocol}`,
  })),
})

/** In this order they have their rule numbers: a new one goes to the end. */
export const SURICATA_DATASETS: readonly SuricataDataset[] = [
  {
    name: 'domains',
    types: ['domain'],
    line: base64Line,
    kind: 'string',
    uses: [
      { protocol: 'dns', buffer: 'dns.query; to_lowercase;', message: 'listed domain in a DNS query' },
      { protocol: 'tls', buffer: 'tls.sni; to_lowercase;', message: 'listed domain in TLS' },
      { protocol: 'http', buffer: 'http.host;', message: 'listed domain in HTTP' },
      { protocol: 'quic', buffer: 'quic.sni; to_lowercase;', message: 'listed domain in QUIC' },
    ],
  },
  {
    name: 'addresses',
    types: ['ipv4', 'ipv6'],
    line: value => value,
    kind: 'ip',
    uses: [
      { protocol: 'ip', buffer: 'ip.dst;', after: ONCE_A_MINUTE, message: 'traffic to a listed address' },
      { protocol: 'ip', buffer: 'ip.src;', after: ONCE_A_MINUTE, message: 'traffic from a listed address' },
    ],
  },
  fileHashes('md5', 'filemd5'),
  fileHashes('sha1', 'filesha1'),
  fileHashes('sha256', 'filesha256'),
  {
    name: 'user-agents',
    types: ['user-agent'],
    line: base64Line,
    kind: 'string',
    uses: [{ protocol: 'http', buffer: 'http.user_agent;', message: 'listed user agent' }],
  },
  {
    name: 'ja3',
    types: ['ja3'],
    line: base64Line,
    kind: 'string',
    uses: [{ protocol: 'tls', buffer: 'ja3.hash;', message: 'listed JA3' }],
  },
  {
    name: 'ja4',
    types: ['ja4'],
    line: base64Line,
    kind: 'string',
    uses: [{ protocol: 'tls', buffer: 'requires:feature ja4; ja4.hash;', message: 'listed JA4' }],
  },
  {
    name: 'certificates',
    types: ['x509-fingerprint'],
    // As Suricata shows them: bytes between colons.
    line: value => base64Line(value.replace(/..(?!$)/g, '$&:')),
    kind: 'string',
    uses: [{ protocol: 'tls', buffer: 'tls.cert_fingerprint;', message: 'listed certificate' }],
  },
]

/** Of what the rules of one list need to know. */
export interface ListedSize {
  readonly lines: number
  readonly bytes: number
}

export interface RuleFrame {
  readonly action: string
  /** Of the first rule of ours. */
  readonly sid: number
  /** Before names of lists, which all exports of a sensor share. */
  readonly prefix: string
}

const SHA1_DIGITS = 40

/** Why the indicator has no line; undefined where it has. */
export function whyNotListed({ type, value }: ExportedIndicator): string | undefined {
  if (type !== 'x509-fingerprint' || value.length === SHA1_DIGITS) return undefined
  return 'Suricata knows certificates by their SHA-1 alone'
}

/**
 * The rules of all lists that have a line, whose files stand beside them; each rule has its number whether or not others
 * are there. Those for SHA-1 stand apart: where they are loaded, Suricata 7.0 computes no other hash of a file unless it
 * is forced to.
 */
export function datasetRules(
  sizes: ReadonlyMap<string, ListedSize>,
  frame: RuleFrame,
): { readonly main: string; readonly sha1: string } {
  let sid = frame.sid
  const rules = { main: '', sha1: '' }
  for (const dataset of SURICATA_DATASETS) {
    const size = sizes.get(dataset.name)
    for (const use of dataset.uses) {
      if (size !== undefined)
        rules[dataset.name === 'sha1' ? 'sha1' : 'main'] += ruleOf(dataset, use, { ...frame, sid }, size)
      sid++
    }
  }
  return rules
}

function ruleOf(
  dataset: SuricataDataset,
  use: DatasetUse,
  { action, sid, prefix }: RuleFrame,
  size: ListedSize,
): string {
  const file = `${prefix}-${dataset.name}.lst`
  const asked =
    dataset.kind === 'hash'
      ? `${use.buffer}:${file}; `
      : `${use.buffer} dataset:isset,${datasetName(prefix, dataset)},type ${dataset.kind},load ${file},${room(size)}; `
  const meta = `classtype:trojan-activity; sid:${sid}; rev:1;`
  return `${action} ${use.protocol} any any -> any any (msg:"TOCSIN ${use.message}"; ${asked}${use.after ?? ''}${meta})\n`
}

const PREFIX_LENGTH_MAX = 40

/** Of at most 63 characters. */
function datasetName(prefix: string, { name }: SuricataDataset): string {
  return `tocsin-${prefix.slice(0, PREFIX_LENGTH_MAX)}-${name}`
}

const LINE_OVERHEAD_BYTES = 256
const HASH_SIZE_MIN = 1024
/** More is refused by `datasets.limits.single-hashsize`. */
const HASH_SIZE_MAX = 262_144
const MEGABYTES_MIN = 16

function room({ lines, bytes }: ListedSize): string {
  const megabytes = Math.max(MEGABYTES_MIN, Math.ceil((bytes + lines * LINE_OVERHEAD_BYTES) / 1_000_000))
  const slots = Math.min(HASH_SIZE_MAX, Math.max(HASH_SIZE_MIN, 2 ** Math.ceil(Math.log2(lines))))
  return `memcap ${megabytes}mb,hashsize ${slots}`
}
