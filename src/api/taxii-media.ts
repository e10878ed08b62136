import { UserError } from '../base/errors.ts'

/** Of every request body and every answer (TAXII 2.1 §1.6.8). */
export const TAXII_MEDIA_TYPE = 'application/taxii+json;version=2.1'

const TYPE = 'application/taxii+json'
const VERSION = '2.1'

/** Throws UserError `taxii-accept` where no form that the client takes is ours; without the header it takes any (RFC 9110 §12.5.1). */
export function assertAccepts(accept: string | undefined): void {
  if (accept === undefined || accept.split(',').some(isOurs)) return
  throw new UserError('taxii-accept', `the answer would be of type ${TAXII_MEDIA_TYPE}, which was not asked for`, {
    fix: `Send "Accept: ${TAXII_MEDIA_TYPE}".`,
  })
}

function isOurs(range: string): boolean {
  const { type, parameters } = readMedia(range)
  if (Number(parameters.get('q') ?? 1) === 0) return false
  if (type === '*/*' || type === 'application/*') return true
  return type === TYPE && isOurVersion(parameters)
}

/** Throws UserError `api-content-type`. */
export function assertTaxiiBody(contentType: string | undefined): void {
  const { type, parameters } = readMedia(contentType ?? '')
  if (type === TYPE && isOurVersion(parameters)) return
  const said = contentType === undefined ? 'of no said type' : `"${contentType.slice(0, 80)}"`
  throw new UserError('api-content-type', `the body is ${said}, not ${TAXII_MEDIA_TYPE}`, {
    fix: `Send it with Content-Type: ${TAXII_MEDIA_TYPE}.`,
  })
}

/** No version means the latest. */
function isOurVersion(parameters: ReadonlyMap<string, string>): boolean {
  return (parameters.get('version') ?? VERSION) === VERSION
}

function readMedia(text: string): { readonly type: string; readonly parameters: ReadonlyMap<string, string> } {
  const [type = '', ...rest] = text.split(';').map(part => part.trim())
  const parameters = rest.map((part): [string, string] => {
    const [name = '', value = ''] = part.split('=', 2).map(half => half.trim())
    return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')]
  })
  return { type: type.toLowerCase(), parameters: new Map(parameters) }
}
