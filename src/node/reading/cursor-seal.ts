import { createCipheriv, createDecipheriv } from 'node:crypto'
import { readU64be, u64be } from '../../base/bytes.ts'
import type { Random } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'

/** Places in the journal of changes as somebody is given them, and back. */
export interface Cursors {
  textOf(number: number): Promise<string>
  /** Undefined where it is none. */
  numberOf(text: string): Promise<number | undefined>
}

const PLAIN_TEXT = /^\d{1,16}$/

/** For whoever may know of every change. */
export const PLAIN_CURSORS: Cursors = {
  textOf: async number => String(number),
  numberOf: async text => {
    const number = PLAIN_TEXT.test(text) ? Number(text) : Number.NaN
    return Number.isSafeInteger(number) ? number : undefined
  },
}

/** Of the store's notes. */
const KEY_NOTE = 'cursor-key'
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SEALED_TEXT = /^[A-Za-z0-9_-]{48}$/

/**
 * For the bearers of tokens: the place up to which they were told all tells of the last change of all, which they may
 * not see. What is sealed twice looks different. The key stays with the store: cursors last as long as it.
 */
export function createCursorSeal(store: Pick<Store, 'note' | 'commit'>, random: Random): Cursors {
  let opened: Promise<Uint8Array> | undefined

  function key(): Promise<Uint8Array> {
    opened ??= openKey(store, random)
    opened.catch(() => (opened = undefined))
    return opened
  }

  return {
    async textOf(number) {
      const nonce = random.bytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, await key(), nonce)
      const sealed = Buffer.concat([cipher.update(u64be(number)), cipher.final()])
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url')
    },
    async numberOf(text) {
      if (text === '0') return 0
      if (!SEALED_TEXT.test(text)) return undefined
      const bytes = Buffer.from(text, 'base64url')
      const decipher = createDecipheriv(CIPHER, await key(), bytes.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return readU64be(Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]))
      } catch {
        return undefined
      }
    },
  }
}

async function openKey(store: Pick<Store, 'note' | 'commit'>, random: Random): Promise<Uint8Array> {
  const held = await store.note(KEY_NOTE)
  if (held?.length === KEY_BYTES) return held
  const key = random.bytes(KEY_BYTES)
  await store.commit({ notes: new Map([[KEY_NOTE, key]]) }, { sync: true })
  return key
}
