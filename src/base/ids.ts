import { toHex } from './bytes.ts'
import { ProtocolError } from './errors.ts'

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** `[A-Z][A-Z0-9-]{1,15}`, such as `DEU` or `NATO-NCIA`. */
export type NationId = Brand<string, 'NationId'>
/** 32 bytes: SHA-256 output. */
export type Hash = Brand<Uint8Array, 'Hash'>
/** 32 bytes. */
export type AllianceId = Brand<Uint8Array, 'AllianceId'>
/** 32 bytes. */
export type LogId = Brand<Uint8Array, 'LogId'>
/** 16 bytes: an epoch of one author. */
export type EpochId = Brand<Uint8Array, 'EpochId'>
/** 64 lower-case hex characters of a log id, for use as a map key. */
export type LogIdHex = Brand<string, 'LogIdHex'>

const NATION = /^[A-Z][A-Z0-9-]{1,15}$/

export function isNationId(text: string): text is NationId {
  return NATION.test(text)
}

export function parseNationId(text: string): NationId {
  if (!isNationId(text)) {
    throw new ProtocolError('wire-text', `"${text.slice(0, 20)}" is no nation id`, {
      fix: 'Use 2 to 16 characters A-Z, 0-9 and -, starting with a letter, such as DEU or NATO-NCIA.',
    })
  }
  return text
}

function exact(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) {
    throw new ProtocolError('wire-field-length', `${what} is ${bytes.length} bytes instead of ${length}`)
  }
  return bytes
}

export function parseHash(bytes: Uint8Array, what = 'hash'): Hash {
  return exact(bytes, 32, what) as Hash
}

export function parseAllianceId(bytes: Uint8Array): AllianceId {
  return exact(bytes, 32, 'alliance id') as AllianceId
}

export function parseLogId(bytes: Uint8Array): LogId {
  return exact(bytes, 32, 'log id') as LogId
}

export function parseEpochId(bytes: Uint8Array): EpochId {
  return exact(bytes, 16, 'epoch id') as EpochId
}

export function logIdHex(id: LogId): LogIdHex {
  return toHex(id) as LogIdHex
}
