import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concat, utf8 } from './bytes.ts'
import type { Hash } from './ids.ts'

type Sha256 = (data: Uint8Array) => Uint8Array

/** SHA-256 of what is given bit by bit. */
export interface RunningSha256 {
  update(data: Uint8Array): void
  /** 32 bytes; ends it. */
  digest(): Uint8Array
}

let implementation: Sha256 = nobleSha256
let createRunning: () => RunningSha256 = () => nobleSha256.create()

/**
 * SHA-256 of `data`, 32 bytes. The portable implementation is @noble/hashes; the daemon installs the machine's own
 * (`crypto/native.ts`), which is about three times as fast and must give the same bytes.
 */
export function sha256(data: Uint8Array): Hash {
  return implementation(data) as Hash
}

/** For what is too long to hold. */
export function createSha256(): RunningSha256 {
  return createRunning()
}

export function useSha256(faster: Sha256, fasterRunning: () => RunningSha256 = createRunning): void {
  implementation = faster
  createRunning = fasterRunning
}

/** SHA-256 over a domain label, a zero byte, and the parts. */
export function labelledHash(label: string, ...parts: readonly Uint8Array[]): Hash {
  return sha256(concat(utf8(`${label}\0`), ...parts))
}
