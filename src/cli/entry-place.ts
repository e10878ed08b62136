import { UserError } from '../base/errors.ts'
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

/**
 * The entry that is meant by `LOG/SEQ`, or that carries an indicator. Throws UserError `entry-ambiguous` where several
 * do, and as `ControlClient.show`.
 */
export async function findEntry(context: CliContext, text: string): Promise<EntryPlace> {
  const place = parsePlace(text)
  if (place !== undefined) return place
  const { claims } = await context.client().show(text)
  const entries = [...new Set(claims.map(({ entry }) => entry).filter(entry => entry !== ''))]
  const [only] = entries
  const found = entries.length === 1 ? parsePlace(only!) : undefined
  if (found !== undefined) return found
  if (entries.length === 0) {
    throw new UserError('entry-absent', `no entry that stands is known to carry ${text}`, {
      fix: 'Name the entry as LOG/SEQ.',
    })
  }
  const carriers = claims.map(({ nation, entry }) => `${entry} (${nation})`)
  throw new UserError(
    'entry-ambiguous',
    `${entries.length} entries carry ${text}: ${[...new Set(carriers)].join(', ')}`,
    {
      fix: 'Name one of them as LOG/SEQ.',
    },
  )
}
