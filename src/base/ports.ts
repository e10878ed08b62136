/** What pure code is given instead of reaching for it. */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export interface Random {
  /** `length` bytes from a cryptographically secure source. */
  bytes(length: number): Uint8Array
}

/** Constant message plus data: what a peer causes is debug, what an operator can act on is warn, what is broken is error. */
export interface Logger {
  debug(data: object, message: string): void
  info(data: object, message: string): void
  warn(data: object, message: string): void
  error(data: object, message: string): void
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
