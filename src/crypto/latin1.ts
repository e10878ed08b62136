/** Bytes as strings of code units 0-255, the form in which node:crypto hands out and takes short strings fastest. */

export function asLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Writes a latin-1 string to `target` at `offset`. */
export function writeLatin1(text: string, target: Uint8Array, offset: number): void {
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i)
}
