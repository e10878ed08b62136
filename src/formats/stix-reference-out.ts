import type { ExportedClaim } from './exported.ts'

/** An external reference of STIX 2.1 §2.5.2. */
interface StixReference {
  readonly source_name: string
  readonly description?: string
  readonly url?: string
  readonly external_id?: string
}

/** RFC 3986, strictly: a reader refuses the whole object for what is none. */
const URL_TEXT = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/
/** Names for which STIX says what an id looks like. */
const ID_FORMS: ReadonlyMap<string, RegExp> = new Map([
  ['cve', /^CVE-\d{4}-(?:0\d{3}|[1-9]\d{3,})$/],
  ['capec', /^CAPEC-\d+$/],
])

/** What is no URL goes into the description, and what has nothing but a name describes itself by it. */
export function stixReferences(references: ExportedClaim['references']): readonly StixReference[] {
  return references.map(({ sourceName, url, externalId, description }) => {
    const isUrl = URL_TEXT.test(url)
    const described = [description, ...(isUrl || url === '' ? [] : [url])].filter(text => text !== '').join('\n')
    const hasMore = described !== '' || url !== '' || externalId !== ''
    return {
      source_name: nameOf(sourceName, externalId),
      ...(hasMore ? described !== '' && { description: described } : { description: sourceName || NAMELESS }),
      ...(isUrl && { url }),
      ...(externalId !== '' && { external_id: externalId }),
    }
  })
}

/** From whom the author has the claim, and how that one calls it; the last of its references, none where unsaid. */
export function sourceReference({ source, sourceId }: Pick<ExportedClaim, 'source' | 'sourceId'>): StixReference[] {
  if (source === '' && sourceId === '') return []
  const name = nameOf(source, sourceId)
  return [sourceId === '' ? { source_name: name, description: 'source' } : { source_name: name, external_id: sourceId }]
}

const NAMELESS = 'unnamed'

function nameOf(name: string, externalId: string): string {
  const form = ID_FORMS.get(name)
  return form === undefined || form.test(externalId) ? name || NAMELESS : `${name} (other)`
}
