import { equalBytes } from '../base/bytes.ts'

export const OPERATOR_ROLES = ['publish', 'approve', 'administer', 'read'] as const
export type OperatorRole = (typeof OPERATOR_ROLES)[number]

/** A person who acts for the nation, known by a key. */
export interface Operator {
  readonly name: string
  /** Ed25519, 32 bytes. */
  readonly key: Uint8Array
  readonly roles: ReadonlySet<OperatorRole>
}

export interface Operators {
  /** No two have one name or one key. */
  readonly operators: readonly Operator[]
  /** What the user of the machine may do without a key; never `approve`, for nobody knows who sits there. */
  readonly local: ReadonlySet<OperatorRole>
}

/** Without an operators file. */
export const LOCAL_ONLY: Operators = { operators: [], local: new Set(['publish', 'administer', 'read']) }

export function operatorOfKey({ operators }: Operators, key: Uint8Array): Operator | undefined {
  return operators.find(operator => equalBytes(operator.key, key))
}

export function operatorNamed({ operators }: Operators, name: string): Operator | undefined {
  return operators.find(operator => operator.name === name)
}
