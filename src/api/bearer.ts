import type { Context } from 'hono'
import { UserError } from '../base/errors.ts'
import type { NodeService, Reader } from '../node/orders/node-service.ts'
import { createFailureBrake } from './failure-brake.ts'

const BEARER = /^Bearer +([^\s]{1,128})$/i

export function hasCredentials(c: Context): boolean {
  return c.req.header('authorization') !== undefined
}

/** Finds out who asks. Throws UserError `token-missing`, `token-invalid`, or `api-busy` where too many fail. */
export function createBearerCheck(service: Pick<NodeService, 'reader'>): (c: Context) => Promise<Reader> {
  return createTokenCheck(header => service.reader(bearerToken(header) ?? ''), 'Bearer TOKEN')
}

/** The same for any way of asking: `find` throws UserError `token-invalid` for whom it does not know. */
export function createTokenCheck<T>(
  find: (authorization: string) => Promise<T>,
  form: string,
): (c: Context) => Promise<T> {
  const countFailure = createFailureBrake()
  return async c => {
    const header = c.req.header('authorization')
    if (header === undefined) {
      throw new UserError('token-missing', 'this address answers to the bearers of tokens only', {
        fix: `Send "Authorization: ${form}"; "tocsin token add" makes one.`,
      })
    }
    try {
      return await find(header)
    } catch (error) {
      if (error instanceof UserError && error.code === 'token-invalid') countFailure()
      throw error
    }
  }
}

/** Undefined where the header is of another scheme. */
export function bearerToken(authorization: string): string | undefined {
  return BEARER.exec(authorization)?.[1]
}
