import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { LogId } from '../../base/ids.ts'

/** As people write it: the whole id in hex, or enough of its first digits. */
const LOG_NAME = /^[0-9a-f]{8,64}$/

/** The log that is meant. Throws UserError `log-unknown` or `log-ambiguous`. */
export function findLog<T extends { readonly logId: LogId }>(logs: readonly T[], name: string): T {
  const digits = name.toLowerCase()
  const found = LOG_NAME.test(digits) ? logs.filter(({ logId }) => toHex(logId).startsWith(digits)) : []
  const [first] = found
  if (first === undefined) {
    throw new UserError('log-unknown', `no log here is called ${name.slice(0, 64)}`, {
      fix: 'Give its id, or the first 8 or more digits of it, as "tocsin status -o json" shows it.',
    })
  }
  if (found.length === 1) return first
  throw new UserError('log-ambiguous', `${found.length} logs here begin with ${digits}`, {
    fix: 'Give more digits of its id.',
  })
}
