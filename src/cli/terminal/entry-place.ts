import { TocsinError, UserError } from '../../base/errors.ts'
import type { CliContext } from './context.ts'

/** An entry as people write it: `LOG/SEQ`. */
export interface EntryPlace {
  readonly log: string
  readonly seq: number
}

const PLACE = /^([0-9a-f]{8,64})\/(\d{1,15})$/i

export function parsePlace(text: string): EntryPlace | undefined {
  const [, log, seq] = PLACE.exec(text) ?? []
  return log === undefined || seq === undefined ? undefined : { log: log.toLowerCase(), seq: Number(seq) }
}

const LOG_DIGITS_SHOWN = 16

/** As people write and compare it. */
export function shortPlace(entry: string): string {
  const [log = '', seq = ''] = entry.split('/')
  return `${log.slice(0, LOG_DIGITS_SHOWN)}/${seq}`
}

/**
 * The entry that is meant by `LOG/SEQ`, or that carries an indicator. Throws UserError `entry-ambiguous` where several
 * do, and as `ControlClient.show`.
 */
export async function findEntry(context: CliContext, text: string): Promise<EntryPlace> {
  const place = parsePlace(text)
  if (place !== undefined) return place
  const { claims } = await claimsOn(context, text)
  const entries = [...new Set(claims.map(({ entry }) => entry).filter(entry => entry !== ''))]
  const [only] = entries
  const found = entries.length === 1 ? parsePlace(only!) : undefined
  if (found !== undefined) return found
  if (entries.length === 0) {
    throw new UserError('entry-absent', `no entry that stands is known to carry ${text}`, {
      fix: 'Name the entry as LOG/SEQ.',
    })
  }
  const carriers = claims.map(({ nation, entry }) => `${shortPlace(entry)} (${nation})`)
  throw new UserError(
    'entry-ambiguous',
    `${entries.length} entries carry ${text}: ${[...new Set(carriers)].join(', ')}`,
    {
      fix: 'Name one of them as LOG/SEQ.',
    },
  )
}

/** Who asks for an entry may have meant a log that is not written so that it could be one. */
async function claimsOn(context: CliContext, text: string) {
  try {
    return await context.client().show(text)
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code !== 'indicator-absent') throw error
    throw new UserError(error.code, `${text} is neither an entry nor an indicator that is held here`, {
      fix: 'Give LOG/SEQ with the first 8 or more digits of the log, or a value, or the first 8 or more digits of its id.',
      cause: error,
    })
  }
}
