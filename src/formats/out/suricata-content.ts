import { toHex, utf8 } from '../../base/bytes.ts'

/** Of one `content`; Suricata takes 255. */
const CONTENT_BYTES_MAX = 200
const PLAIN = /^[A-Za-z0-9._/-]$/

/** Keywords by which the buffer before them is exactly `text`, whatever stands in it. */
export function exactContent(text: string): string {
  const bytes = utf8(text)
  const chunks: string[] = []
  for (let from = 0; from < bytes.length; from += CONTENT_BYTES_MAX) {
    const chunk = bytes.subarray(from, from + CONTENT_BYTES_MAX)
    chunks.push(`content:"${contentText(chunk)}"; ${from === 0 ? 'startswith' : `distance:0; within:${chunk.length}`};`)
  }
  return `${chunks.join(' ')} bsize:${bytes.length};`
}

/** Everything but the plainest characters as hex, between bars. */
function contentText(bytes: Uint8Array): string {
  const pieces = Array.from(bytes, byte => {
    const char = String.fromCharCode(byte)
    return PLAIN.test(char) ? char : `|${toHex(Uint8Array.of(byte))}|`
  })
  return pieces.join('').replaceAll('||', ' ')
}
