import type { Context } from 'hono'
import { kindOf } from '../base/codes.ts'
import { TocsinError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import { httpStatusOf } from './http-status.ts'

/** How every error leaves the API. */
export interface ErrorBody {
  readonly error: {
    /** One of `CODES`. */
    readonly code: string
    readonly message: string
    /** What to do about it; empty where nothing is known. */
    readonly fix: string
    readonly data: TocsinError['data']
  }
}

/** For `busy` errors: after how many seconds to try again. */
const RETRY_AFTER_SECONDS = 1

export function answerError(c: Context, error: unknown, logger: Logger): Response {
  const { code, message, fix, data } = errorOf(error, logger)
  if (kindOf(code) === 'busy') c.header('Retry-After', String(RETRY_AFTER_SECONDS))
  const status = httpStatusOf(code)
  if (status === 401) c.header('WWW-Authenticate', 'Bearer')
  const body: ErrorBody = { error: { code, message, fix: fix ?? '', data } }
  return c.json(body, status)
}

/** What is answered of it; a fault of ours is logged. */
export function errorOf(error: unknown, logger: Logger): Pick<TocsinError, 'code' | 'message' | 'fix' | 'data'> {
  if (error instanceof TocsinError) return error
  logger.error({ err: error }, 'a request to the control API failed')
  return {
    code: 'internal',
    message: error instanceof Error ? error.message : String(error),
    fix: 'This is a fault of Tocsin: the log of the daemon has the details, please report them.',
    data: {},
  }
}
