import { kindOf } from '../base/codes.ts'
import type { ErrorKind } from '../base/error-kind.ts'
import { ProtocolError } from '../base/errors.ts'

export type Verdict = 'accept' | 'ignore' | 'reject'

/**
 * only what is wrong whatever one knows is rejected, because a rejection is held against the neighbour who
 * passed it on; everything that a node with other knowledge could judge differently is ignored.
 */
const VERDICTS: Readonly<Record<ErrorKind, Verdict>> = {
  malformed: 'reject',
  forged: 'reject',
  unauthorised: 'ignore',
  unknown: 'ignore',
  conflict: 'ignore',
  input: 'ignore',
  absent: 'ignore',
  state: 'ignore',
  busy: 'ignore',
  fault: 'ignore',
}

/** The gossip verdict on a message whose handling threw `error`; our own faults never blame the neighbour. */
export function verdictOfError(error: unknown): Verdict {
  return error instanceof ProtocolError ? VERDICTS[kindOf(error.code)] : 'ignore'
}
