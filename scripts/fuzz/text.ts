const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** As whoever reads a file or an argument has it: what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** In pieces of `step` bytes, as a file or a stream comes. */
export async function* inPieces(bytes: Uint8Array, step = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}
