import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type ErrorCode, kindOf } from '../base/codes.ts'
import type { ErrorKind } from '../base/error-kind.ts'

const STATUS_OF_KIND: Readonly<Record<ErrorKind, ContentfulStatusCode>> = {
  malformed: 400,
  forged: 422,
  unauthorised: 403,
  unknown: 422,
  conflict: 409,
  input: 400,
  absent: 404,
  state: 409,
  busy: 503,
  fault: 500,
}

/** Faults of the request itself, for which HTTP has a name of its own. */
const STATUS_OF_CODE: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  'api-body-too-large': 413,
  'api-content-type': 415,
  'api-method': 405,
  'taxii-accept': 406,
  'token-missing': 401,
  'token-invalid': 401,
}

export function httpStatusOf(code: ErrorCode): ContentfulStatusCode {
  return STATUS_OF_CODE[code] ?? STATUS_OF_KIND[kindOf(code)]
}
