/** What is wrong with what, from which follows how it is answered. */
export type ErrorKind =
  | 'malformed' // wrong whatever one knows
  | 'forged' // a signature, hash or proof that does not hold
  | 'unauthorised' // correct, but not by somebody who may
  | 'unknown' // cannot be judged yet with what is here
  | 'conflict' // contradicts what is held
  | 'input' // the operator's input or configuration
  | 'absent' // asked for something that is not there
  | 'state' // not possible in the present state
  | 'busy' // a cap or quota is reached, try again later
  | 'fault' // our own machine
