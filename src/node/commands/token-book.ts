import { timingSafeEqual } from 'node:crypto'
import { equalBytes } from '../../base/bytes.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { AuditEvent } from '../../policy/audit-record.ts'
import { tokenHash } from '../../policy/token.ts'
import type { Store } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { type TokenRecord, TokensRecord } from '../../wire/gen/store.ts'
import { decodeStrict } from '../../wire/strict.ts'

export const TOKENS_MAX = 1024

const NOTE = 'tokens'
const RECORD_BYTES_MAX = 64 * 1024 * 1024
const HOUR_MS = 3_600_000

/** The tokens of a node, by their hashes, in its store. */
export interface TokenBook {
  /** Ascending by name. */
  all(): Promise<readonly TokenRecord[]>
  /** Whose it is, unless it has expired; notes that it was used. */
  find(token: string): Promise<TokenRecord | undefined>
  /** One after the other, each made of what the one before left; what `update` throws changes nothing. */
  change(update: Update, events?: readonly AuditEvent[]): Promise<void>
}

type Update = (tokens: readonly TokenRecord[]) => readonly TokenRecord[]

export function createTokenBook(store: Pick<Store, 'note' | 'commit'>, clock: Clock, logger: Logger): TokenBook {
  let loaded: Promise<readonly TokenRecord[]> | undefined
  let last: Promise<unknown> = Promise.resolve()

  function all(): Promise<readonly TokenRecord[]> {
    loaded ??= read().catch(error => {
      loaded = undefined
      throw error
    })
    return loaded
  }

  async function read(): Promise<readonly TokenRecord[]> {
    const bytes = await store.note(NOTE)
    return bytes === undefined ? [] : decodeStrict(TokensRecord, bytes, RECORD_BYTES_MAX).tokens
  }

  function change(update: Update, events: readonly AuditEvent[] = []): Promise<void> {
    const result = last.then(async () => {
      const before = await all()
      const updated = update(before)
      if (updated === before) return
      const tokens = updated.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      const notes = new Map([[NOTE, encode(TokensRecord, { tokens })]])
      await store.commit({ notes, audit: { add: events } }, { sync: events.length > 0 })
      loaded = Promise.resolve(tokens)
    })
    last = result.catch(() => undefined)
    return result
  }

  /** To the hour, so that reading seldom writes. */
  function noteUse({ name, hash, usedMs: before }: TokenRecord): void {
    const usedMs = Math.floor(clock.now() / HOUR_MS) * HOUR_MS
    if (before >= usedMs) return
    const isStale = (token: TokenRecord) => token.name === name && equalBytes(token.hash, hash) && token.usedMs < usedMs
    const noted = (tokens: readonly TokenRecord[]) =>
      tokens.some(isStale) ? tokens.map(token => (isStale(token) ? { ...token, usedMs } : token)) : tokens
    change(noted).catch(error => logger.debug({ err: error }, 'the use of a token is not noted'))
  }

  return {
    all,
    async find(text) {
      const hash = tokenHash(text)
      const tokens = await all()
      if (hash === undefined) return undefined
      // All of them, each in the same time whatever it is compared with.
      const [found] = tokens.filter(token => timingSafeEqual(token.hash, hash))
      if (found === undefined || (found.expiresMs !== 0 && found.expiresMs <= clock.now())) return undefined
      noteUse(found)
      return found
    },
    change,
  }
}
