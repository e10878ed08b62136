import { timingSafeEqual } from 'node:crypto'
import type { Clock, Logger } from '../base/ports.ts'
import type { AuditEvent } from '../policy/audit-record.ts'
import { tokenHash } from '../policy/token.ts'
import type { Store } from '../store/store.ts'
import { encode } from '../wire/codec.ts'
import { type TokenRecord, TokensRecord } from '../wire/gen/store.ts'
import { decodeStrict } from '../wire/strict.ts'

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
  /** `event` says so in the audit log. */
  change(tokens: readonly TokenRecord[], events: readonly AuditEvent[]): Promise<void>
}

export function createTokenBook(store: Pick<Store, 'note' | 'commit'>, clock: Clock, logger: Logger): TokenBook {
  let loaded: Promise<readonly TokenRecord[]> | undefined

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

  function noteOf(tokens: readonly TokenRecord[]): ReadonlyMap<string, Uint8Array> {
    return new Map([[NOTE, encode(TokensRecord, { tokens })]])
  }

  /** To the hour, so that reading seldom writes. What is lost of it in a crash is no loss. */
  function noteUse(used: TokenRecord, tokens: readonly TokenRecord[]): void {
    const usedMs = Math.floor(clock.now() / HOUR_MS) * HOUR_MS
    if (used.usedMs >= usedMs) return
    const changed = tokens.map(token => (token === used ? { ...token, usedMs } : token))
    loaded = Promise.resolve(changed)
    store
      .commit({ notes: noteOf(changed) })
      .catch(error => logger.debug({ err: error }, 'the use of a token is not noted'))
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
      noteUse(found, tokens)
      return found
    },
    async change(tokens, events) {
      const sorted = tokens.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      await store.commit({ notes: noteOf(sorted), audit: { add: events } }, { sync: true })
      loaded = Promise.resolve(sorted)
    },
  }
}
