import { equalBytes } from '../base/bytes.ts'
import { auditHash, NO_RECORD } from '../policy/audit-record.ts'
import { decodeLoose } from '../wire/codec.ts'
import { AuditRecord } from '../wire/gen/store.ts'
import type { Writes } from './database.ts'
import type { Faults } from './faults.ts'
import { auditKey, readU64 } from './keys.ts'
import type { AuditState } from './store.ts'

/** Takes the records of the audit log from the newest back to where the chain breaks: only these can be shown whole. */
export class AuditSalvage {
  readonly #faults: Faults
  state: AuditState = { first: 0, next: 0, hash: NO_RECORD, bytes: 0 }
  /** Numbers of records taken that turned out to be before a break. */
  readonly #breaks: { readonly from: number; readonly to: number }[] = []

  constructor(faults: Faults) {
    this.#faults = faults
  }

  take(key: Uint8Array, value: Uint8Array, writes: Writes): void {
    const number = readU64(key, 1)
    const prev = prevOf(number, value)
    if (prev === undefined) {
      this.#faults.add('lost', 'audit', `record ${number} of the audit log cannot be read`)
      return
    }
    const { first, next, hash, bytes } = this.state
    const follows = number === next && equalBytes(prev, hash)
    if (!follows && next > first) this.#breakAt(number)
    const chain = follows || next === first ? { first: follows ? first : number, bytes } : { first: number, bytes: 0 }
    this.state = { ...chain, next: number + 1, hash: auditHash(value), bytes: chain.bytes + value.length }
    writes.push([auditKey(number), value])
  }

  /** Takes away again what came before a break. */
  end(said: AuditState | undefined, writes: Writes): void {
    for (const { from, to } of this.#breaks) {
      for (let number = from; number < to; number++) writes.push([auditKey(number), undefined])
    }
    const { next, hash, bytes } = this.state
    if (said === undefined || (said.next === next && equalBytes(said.hash, hash) && said.bytes === bytes)) return
    if (said.next > next) {
      this.#faults.add('lost', 'audit', `the audit log ends with record ${next - 1} instead of ${said.next - 1}`)
    } else {
      this.#faults.add('derived', 'audit', 'what is kept of the length of the audit log is not what its records say')
    }
  }

  #breakAt(number: number): void {
    const { first, next } = this.state
    this.#breaks.push({ from: first, to: next })
    const sentence = `the audit log breaks off before record ${number}; records ${first} to ${next - 1} go`
    this.#faults.add('lost', 'audit', sentence, next - first)
  }
}

/** Undefined where the record is none, or of another number. */
function prevOf(number: number, value: Uint8Array): Uint8Array | undefined {
  try {
    const record = decodeLoose(AuditRecord, value, true)
    return record.number === number ? record.prev : undefined
  } catch {
    return undefined
  }
}
