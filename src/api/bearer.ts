import type { Context } from 'hono'
import { UserError } from '../base/errors.ts'
import type { NodeService, Reader } from '../node/node-service.ts'

const BEARER = /^Bearer +([^\s]{1,128})$/i
/** Wrong tokens answered at once, and how many more each second. Right ones are answered whatever others try. */
const FAILURES_MAX = 20
const FAILURES_PER_SECOND = 1

export function hasCredentials(c: Context): boolean {
  return c.req.header('authorization') !== undefined
}

/** Finds out who asks. Throws UserError `token-missing`, `token-invalid`, or `api-busy` where too many fail. */
export function createBearerCheck(service: Pick<NodeService, 'reader'>): (c: Context) => Promise<Reader> {
  let left = FAILURES_MAX
  let countedMs = performance.now()

  function countFailure(): void {
    const nowMs = performance.now()
    left = Math.min(FAILURES_MAX, left + ((nowMs - countedMs) / 1000) * FAILURES_PER_SECOND)
    countedMs = nowMs
    if (left < 1) throw new UserError('api-busy', 'too many wrong tokens were shown', { fix: 'Try again in a moment.' })
    left--
  }

  return async c => {
    const header = c.req.header('authorization')
    if (header === undefined) {
      throw new UserError('token-missing', 'this address answers to the bearers of tokens only', {
        fix: 'Send "Authorization: Bearer TOKEN"; "tocsin token add" makes one.',
      })
    }
    try {
      return await service.reader(BEARER.exec(header)?.[1] ?? '')
    } catch (error) {
      if (error instanceof UserError && error.code === 'token-invalid') countFailure()
      throw error
    }
  }
}
