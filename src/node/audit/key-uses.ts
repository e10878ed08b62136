import { toHex } from '../../base/bytes.ts'
import type { Logger } from '../../base/ports.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'
import type { AuditLog } from './audit-log.ts'

/** Counts what the keys of this node sign and open, for the audit log: a record a key and minute, not one a use. */
export interface KeyUses {
  /** The same signer, counted under `name`. */
  counted(name: string, signer: Ed25519Signer): Ed25519Signer
  count(name: string, subject: Uint8Array): void
  stop(): Promise<void>
}

const RECORD_EACH_MS = 60_000

export function createKeyUses(record: AuditLog['record'], logger: Logger): KeyUses {
  const uses = new Map<string, { readonly name: string; readonly subject: Uint8Array; count: number }>()
  const timer = setInterval(() => void flush().catch(failed), RECORD_EACH_MS)

  async function flush(): Promise<void> {
    for (const [key, use] of [...uses]) {
      uses.delete(key)
      try {
        await record({ kind: 'key-used', by: 'node', ...use })
      } catch (error) {
        const since = uses.get(key)
        uses.set(key, { ...use, count: use.count + (since?.count ?? 0) })
        throw error
      }
    }
  }

  function failed(error: unknown): void {
    logger.debug({ err: error }, 'uses of keys wait to be recorded')
  }

  function count(name: string, subject: Uint8Array): void {
    const key = `${name} ${toHex(subject)}`
    const use = uses.get(key)
    if (use === undefined) uses.set(key, { name, subject, count: 1 })
    else use.count++
  }

  return {
    count,
    counted(name, signer) {
      const { publicKey } = signer
      return {
        publicKey,
        sign(message) {
          count(name, publicKey)
          return signer.sign(message)
        },
      }
    },
    stop() {
      clearInterval(timer)
      return flush()
    },
  }
}
