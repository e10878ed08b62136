import { UserError } from '../base/errors.ts'

/** Lets `most` works run at once and refuses others with `api-busy`. */
export function createGate(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  return async work => {
    if (running >= most) {
      throw new UserError('api-busy', `${running} requests are being worked on`, { fix: 'Try again in a moment.' })
    }
    running++
    try {
      return await work()
    } finally {
      running--
    }
  }
}
