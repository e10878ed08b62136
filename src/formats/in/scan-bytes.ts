/** What bytes mean to whoever looks for indicators in a text. UTF-8, Latin-1 and Windows-1252 agree on all of them. */

export const LF = 0x0a
export const TAB = 0x09
export const DOT = 0x2e
export const AT = 0x40
export const SLASH = 0x2f
export const BACKSLASH = 0x5c
export const COLON = 0x3a
export const PERCENT = 0x25
export const QUOTE = 0x22

/** What a run of word bytes consists of, as bits; 0 for bytes that end it. */
export const WORD = { digit: 1, hexLetter: 2, letter: 4, dot: 8, dash: 16, underscore: 32 } as const

export const WORD_BITS: Uint8Array = tableOf(byte => {
  const char = String.fromCharCode(byte)
  if (/[0-9]/.test(char)) return WORD.digit
  if (/[a-f]/i.test(char)) return WORD.hexLetter
  if (/[g-z]/i.test(char)) return WORD.letter
  return { '.': WORD.dot, '-': WORD.dash, _: WORD.underscore }[char] ?? 0
})

/** In lower case, where it is a letter of ASCII. */
export const FOLDED: Uint8Array = tableOf(byte => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte))

/** Bytes of the local part of an e-mail address. */
export const IS_LOCAL: Uint8Array = tableOf(byte =>
  Number(byte >= 0x80 || /[a-z0-9.!#$%&'*+/=?^_`{|}~-]/i.test(char(byte))),
)

/** Bytes that a URL goes on over; quotation marks, brackets of markup and white space end it. */
export const IS_URL: Uint8Array = tableOf(byte =>
  Number(byte > 0x20 && byte !== 0x7f && !/["'<>`|{}^\\]/.test(char(byte))),
)

/** Bytes of an IPv6 address, and of hex with colons. */
export const IS_HEX_COLON: Uint8Array = tableOf(byte => Number(/[0-9a-f:.]/i.test(char(byte))))

/** Bytes that a token which was broken on purpose goes on over. */
export const IS_TOKEN: Uint8Array = tableOf(byte =>
  Number(byte > 0x20 && byte !== 0x7f && !/["'<>`,;|]/.test(char(byte))),
)

/** Bytes of a name, which may be in Unicode. */
export const IS_NAME: Uint8Array = tableOf(byte => Number(byte >= 0x80 || WORD_BITS[byte] !== 0))

function char(byte: number): string {
  return String.fromCharCode(byte)
}

function tableOf(of: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => of(byte))
}

export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}
