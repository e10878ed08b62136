import { visibleJson } from '../../base/visible-text.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { stixTime } from '../stix-time.ts'
import { urlParts } from './url-parts.ts'

/** Version of the Elastic Common Schema whose fields these are. */
const ECS_VERSION = '8.17.0'

type Fields = Readonly<Record<string, unknown>>

/** How a value stands in `threat.indicator`, and what stands beside `threat`. */
interface Place {
  readonly type: string
  readonly fields: (value: string) => Fields
  readonly beside?: (value: string) => Fields
}

const hash = (name: string): Place => ({ type: 'file', fields: value => ({ file: { hash: { [name]: value } } }) })

const CERTIFICATE_HASHES: ReadonlyMap<number, string> = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
])
/** ECS abbreviates them. */
const HIVES: ReadonlyMap<string, string> = new Map([
  ['HKEY_LOCAL_MACHINE', 'HKLM'],
  ['HKEY_CURRENT_USER', 'HKCU'],
  ['HKEY_CLASSES_ROOT', 'HKCR'],
  ['HKEY_USERS', 'HKU'],
  ['HKEY_CURRENT_CONFIG', 'HKCC'],
])

const PLACES: ReadonlyMap<string, Place> = new Map([
  ['ipv4', { type: 'ipv4-addr', fields: ip => ({ ip }) }],
  ['ipv6', { type: 'ipv6-addr', fields: ip => ({ ip }) }],
  ['domain', { type: 'domain-name', fields: domain => ({ url: { domain } }) }],
  ['url', { type: 'url', fields: urlFields }],
  ['email', { type: 'email-addr', fields: address => ({ email: { address } }) }],
  ['md5', hash('md5')],
  ['sha1', hash('sha1')],
  ['sha256', hash('sha256')],
  ['sha512', hash('sha512')],
  ['ssdeep', hash('ssdeep')],
  ['tlsh', hash('tlsh')],
  ['imphash', { type: 'file', fields: imphash => ({ file: { pe: { imphash } } }) }],
  ['filename', { type: 'file', fields: name => ({ file: { name } }) }],
  ['mutex', { type: 'mutex', fields: () => ({}) }],
  [
    'mac-address',
    { type: 'mac-addr', fields: () => ({}), beside: value => ({ related: { hosts: [macText(value)] } }) },
  ],
  ['registry-key', { type: 'windows-registry-key', fields: registryFields }],
  ['asn', { type: 'autonomous-system', fields: value => ({ as: { number: Number(value.slice(2)) } }) }],
  ['x509-fingerprint', { type: 'x509-certificate', fields: () => ({}), beside: certificateFields }],
  ['ja3', { type: 'software', fields: () => ({}), beside: ja3 => ({ tls: { client: { ja3 } } }) }],
  ['user-agent', { type: 'software', fields: () => ({}), beside: original => ({ user_agent: { original } }) }],
] satisfies readonly (readonly [string, Place])[])

/** A document a line, in the fields of indicator match rules. */
export const ecsDocuments: ExportFormat = {
  name: 'ecs',
  label: 'ndjson in the Elastic Common Schema (threat.indicator.*), for indicator match rules',
  shape: 'file',
  extension: '.ndjson',
  types: new Set(PLACES.keys()),
  withdrawn: false,
  removals: false,
  parameters: {},
  start: context => new DocumentWriter(context),
}

class DocumentWriter implements ExportWriter {
  readonly #context: ExportContext

  constructor(context: ExportContext) {
    this.#context = context
  }

  begin(): readonly ExportPiece[] {
    return []
  }

  add(indicator: ExportedIndicator): Written {
    const place = PLACES.get(indicator.type)
    if (place === undefined) return { left: `ECS has no field for a value of type ${indicator.type}` }
    const text = visibleJson(JSON.stringify(documentOf(indicator, place, this.#context)))
    return { pieces: [{ file: '', text: `${text}\n` }] }
  }

  end(): readonly ExportPiece[] {
    return []
  }
}

function documentOf(indicator: ExportedIndicator, place: Place, { allianceName, madeMs }: ExportContext): Fields {
  const { id, type, value, nations, score, origins, labels, claims, firstSeenMs, lastSeenMs, validUntilMs } = indicator
  const latestMs = claims.reduce((last, { publishedMs }) => Math.max(last, publishedMs), 0)
  return {
    '@timestamp': stixTime(latestMs || madeMs),
    ecs: { version: ECS_VERSION },
    event: { kind: 'enrichment', category: ['threat'], type: ['indicator'], module: 'tocsin', risk_score: score },
    threat: {
      feed: { name: `Tocsin ${allianceName}` },
      indicator: {
        type: place.type,
        name: value,
        ...descriptionFields(indicator),
        ...(firstSeenMs !== 0 && { first_seen: stixTime(firstSeenMs) }),
        ...(lastSeenMs !== 0 && { last_seen: stixTime(lastSeenMs) }),
        ...(latestMs !== 0 && { modified_at: stixTime(latestMs) }),
        sightings: indicator.sightings.reduce((sum, { count }) => sum + count, 0),
        provider: nations.join(', '),
        confidence: confidenceWord(indicator.confidence),
        marking: { tlp: indicator.tlp.replace(/^TLP:/, ''), tlp_version: '2.0' },
        ...place.fields(value),
      },
    },
    ...place.beside?.(value),
    ...(labels.length > 0 && { tags: labels }),
    tocsin: {
      id,
      type,
      nations,
      score,
      origins,
      ...(indicator.confidence !== null && { confidence: indicator.confidence }),
      ...(validUntilMs !== 0 && { valid_until: stixTime(validUntilMs) }),
      ...(claims.some(({ exercise }) => exercise) && { exercise: true }),
    },
  }
}

const DESCRIPTION_LENGTH_MAX = 4096

function descriptionFields({ claims }: ExportedIndicator): Fields {
  const texts = [...new Set(claims.map(({ name, description }) => name || description))].filter(text => text !== '')
  const reference = claims.flatMap(({ references }) => references).find(({ url }) => url !== '')?.url
  return {
    ...(texts.length > 0 && { description: texts.join('; ').slice(0, DESCRIPTION_LENGTH_MAX).toWellFormed() }),
    ...(reference !== undefined && { reference }),
  }
}

/** The words that ECS expects, by the "None / Low / Med / High" scale of STIX 2.1 appendix A. */
function confidenceWord(confidence: number | null): string {
  if (confidence === null) return 'Not Specified'
  if (confidence === 0) return 'None'
  return confidence < 30 ? 'Low' : confidence < 70 ? 'Medium' : 'High'
}

function urlFields(full: string): Fields {
  const parts = urlParts(full)
  if (parts === undefined) return { url: { full } }
  const { scheme, username, host, port, path, query, fragment } = parts
  return {
    url: {
      full,
      scheme,
      ...(username !== '' && { username }),
      domain: host,
      ...(port !== '' && { port: Number(port) }),
      ...(path !== '' && { path }),
      ...(query !== '' && { query }),
      ...(fragment !== '' && { fragment }),
    },
  }
}

function registryFields(value: string): Fields {
  const [root = '', ...below] = value.split('\\')
  const hive = HIVES.get(root) ?? root
  const key = below.join('\\')
  return { registry: { hive, key, path: `${hive}\\${key}` } }
}

/** ECS writes the fingerprints of certificates in upper case. */
function certificateFields(value: string): Fields {
  return { tls: { server: { hash: { [CERTIFICATE_HASHES.get(value.length) ?? 'sha256']: value.toUpperCase() } } } }
}

/** RFC 7042, as ECS wants it. */
function macText(value: string): string {
  return value.toUpperCase().replaceAll(':', '-')
}
