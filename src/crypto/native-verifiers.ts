/** Whether `signature` is one over `message` under `publicKey`; false for wrong lengths too. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

/** What a machine's own routines may do faster, with the same verdicts. */
export interface NativeVerifiers {
  readonly ed25519: VerifySignature
  readonly mlDsa44: VerifySignature
  readonly mlDsa65: VerifySignature
}

let native: NativeVerifiers | undefined

/** The portable verifiers serve until whatever starts on node installs the machine's own (`native.ts`). */
export function useNativeVerifiers(verifiers: NativeVerifiers): void {
  native = verifiers
}

export function nativeVerifiers(): NativeVerifiers | undefined {
  return native
}
