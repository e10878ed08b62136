import { ProtocolError } from '../base/errors.ts'

/** The error of every canonicaliser: `indicator-invalid`, with what exactly is wrong. */
export function invalidValue(message: string, fix?: string): ProtocolError {
  return new ProtocolError('indicator-invalid', message, fix === undefined ? {} : { fix })
}

/** A value as it may stand in a message: short, in quotes, on one line. */
export function quoted(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text
  return JSON.stringify(shown)
}
