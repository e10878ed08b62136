import type { ErrorKind } from './error-kind.ts'
import { LOCAL_CODES } from './local-codes.ts'
import { PROTOCOL_CODES } from './protocol-codes.ts'

/**
 * The closed list of error codes. A code is stable for ever: scripts and dashboards match on it.
 * Each has a kind, from which exit status (`cli/terminal/exit.ts`), HTTP status (`api/http-status.ts`) and verdict
 * on gossip (`net/verdict.ts`) follow, and the rule of `proto/README.md` that it guards, where there is one.
 */
export const CODES = { ...PROTOCOL_CODES, ...LOCAL_CODES } as const satisfies Record<
  string,
  readonly [ErrorKind, string]
>

export type ErrorCode = keyof typeof CODES

export function kindOf(code: ErrorCode): ErrorKind {
  return CODES[code][0]
}

/** The numbered rule a code guards, or '' where the code is about use rather than protocol. */
export function ruleOf(code: ErrorCode): string {
  return CODES[code][1]
}
