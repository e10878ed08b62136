import type { ErrorCode } from './codes.ts'

export interface ErrorDetail {
  /** What the reader of the message can do about it: one sentence. */
  readonly fix?: string
  /** Values that name the place: row, file, log, seq. Never keys, never plaintext of others. */
  readonly data?: Readonly<Record<string, string | number | boolean>>
  readonly cause?: unknown
}

/** What is wrong, as data: a stable code, a plain sentence, and what to do. */
export interface Fault {
  readonly code: ErrorCode
  readonly message: string
  readonly fix: string
}

/** Every error that leaves a module: a stable code, a plain sentence, and what to do. */
export abstract class TocsinError extends Error {
  readonly code: ErrorCode
  readonly fix: string | undefined
  readonly data: Readonly<Record<string, string | number | boolean>>

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = new.target.name
    this.code = code
    this.fix = detail.fix
    this.data = detail.data ?? {}
  }
}

/** Bytes from outside (a peer, a document, a file) that break a rule. The sender is at fault. */
export class ProtocolError extends TocsinError {}

/** A fault of this machine: disk, database, our own invariant. No peer is ever blamed for it. */
export class StoreError extends TocsinError {}

/** Something the operator typed, configured or supplied. */
export class UserError extends TocsinError {}

export function assertProtocol(condition: boolean, code: ErrorCode, message: string): asserts condition {
  if (!condition) throw new ProtocolError(code, message)
}
