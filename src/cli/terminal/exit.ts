import { type ErrorCode, kindOf } from '../../base/codes.ts'
import type { ErrorKind } from '../../base/error-kind.ts'

/** Everything went well, and "no" is no answer that anybody should act on. */
export const EXIT_OK = 0
/** The command ran and the answer is no: not ready, not found, a check failed. */
export const EXIT_NO = 1
/** `status` alone: no daemon answers. */
export const EXIT_UNREACHABLE = 2

/** `audit`: it cannot be decided, since something is missing. */
export const EXIT_UNDECIDED = 2

/** As in sysexits.h, so that scripts can tell their own mistakes from ours. */
const EXIT_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  input: 64,
  malformed: 65,
  forged: 65,
  conflict: 65,
  absent: 66,
  state: 69,
  fault: 70,
  unknown: 75,
  busy: 75,
  unauthorised: 77,
}

export function exitStatusOf(code: ErrorCode): number {
  return EXIT_OF_KIND[kindOf(code)]
}

export const EXIT_HELP = `
Exit status:
   0  done, found, ready
   1  the answer is no: nothing found, a check failed, not ready
   2  status: no daemon answers; audit: it cannot be decided, something is missing
  64  wrong use, configuration or input
  65  damaged, forged or contradicting data
  66  asked for something that is not there
  69  not possible in the present state, such as without a daemon
  70  a fault of this machine or of Tocsin
  75  busy or not known yet: try again later
  77  not allowed`
