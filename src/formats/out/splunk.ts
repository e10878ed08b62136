import type { ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { csvRow, oneLine } from './csv-cells.ts'

/** A lookup of the threat intelligence framework of Splunk Enterprise Security, with the headers that it requires. */
interface Lookup {
  readonly file: string
  readonly columns: readonly string[]
}

const lookup = (file: string, ...columns: readonly string[]): Lookup => ({ file: `${file}.csv`, columns })

const IP = lookup('ip_intel', 'description', 'ip', 'weight')
const DOMAIN = lookup('domain_intel', 'description', 'domain', 'weight')
const HTTP = lookup('http_intel', 'description', 'http_referrer', 'http_user_agent', 'url', 'weight')
const FILE = lookup('file_intel', 'description', 'file_hash', 'file_name', 'weight')
const EMAIL = lookup('email_intel', 'description', 'src_user', 'subject', 'weight')
const REGISTRY = lookup(
  'registry_intel',
  'description',
  'registry_path',
  'registry_value_name',
  'registry_value_text',
  'weight',
)
const LOOKUPS = [IP, DOMAIN, HTTP, FILE, EMAIL, REGISTRY]

/** The lookup of a type and its column. */
const PLACES: ReadonlyMap<string, readonly [Lookup, string]> = new Map([
  ['ipv4', [IP, 'ip']],
  ['ipv6', [IP, 'ip']],
  ['cidr', [IP, 'ip']],
  ['domain', [DOMAIN, 'domain']],
  ['url', [HTTP, 'url']],
  ['user-agent', [HTTP, 'http_user_agent']],
  ['md5', [FILE, 'file_hash']],
  ['sha1', [FILE, 'file_hash']],
  ['sha256', [FILE, 'file_hash']],
  ['sha512', [FILE, 'file_hash']],
  ['filename', [FILE, 'file_name']],
  ['email', [EMAIL, 'src_user']],
  ['registry-key', [REGISTRY, 'registry_path']],
])

/** One lookup for each kind of thing; values as they are, since they are matched and not computed. */
export const splunkLookups: ExportFormat = {
  name: 'splunk',
  label:
    'folder of lookups (ip_intel.csv, domain_intel.csv …) for the threat intelligence of Splunk Enterprise Security',
  shape: 'folder',
  extension: '.csv',
  types: new Set(PLACES.keys()),
  withdrawn: false,
  removals: false,
  parameters: {},
  start: () => new LookupWriter(),
}

class LookupWriter implements ExportWriter {
  /** All of them, also what stays empty: a lookup that is gone breaks the searches that use it. */
  begin(): readonly ExportPiece[] {
    return LOOKUPS.map(({ file, columns }) => ({ file, text: csvRow(columns) }))
  }

  add(indicator: ExportedIndicator): Written {
    const place = PLACES.get(indicator.type)
    if (place === undefined) return { left: `Splunk has no lookup for values of type ${indicator.type}` }
    const [{ file, columns }, column] = place
    const cells: Readonly<Record<string, string>> = {
      description: descriptionOf(indicator),
      weight: String(weightOf(indicator)),
      [column]: indicator.value,
    }
    return { pieces: [{ file, text: csvRow(columns.map(name => cells[name] ?? '')) }] }
  }

  end(): readonly ExportPiece[] {
    return []
  }
}

const NAMES_LENGTH_MAX = 300

function descriptionOf({ claims, nations, tlp, type }: ExportedIndicator): string {
  const names = [...new Set(claims.map(({ name, description }) => name || description))].filter(text => text !== '')
  const text = names.join('; ').slice(0, NAMES_LENGTH_MAX).toWellFormed()
  return oneLine(`${text || type} (${nations.join(', ')}; ${tlp})`)
}

/** Splunk's goes from 1 to 100. */
function weightOf({ score }: ExportedIndicator): number {
  return Math.min(100, Math.max(1, Math.round(score)))
}
