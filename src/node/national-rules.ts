import { createGuard, type Guard } from '../policy/guard.ts'
import { LOCAL_ONLY, type Operators } from '../policy/operator.ts'
import { type Home, readText } from './home.ts'
import { OPERATORS_BYTES_MAX, parseOperatorsFile } from './operators-file.ts'
import { POLICY_BYTES_MAX, type PolicyFile, parsePolicyFile } from './policy-file.ts'

/** What the nation lets leave, and who may decide on it. */
export interface NationalRules {
  /** Undefined where there is no policy file: then nothing leaves. */
  readonly policy: PolicyFile | undefined
  readonly operators: Operators
}

/** Throws UserError `policy-invalid` or `operators-invalid`, with the line. */
export async function readNationalRules(home: Home): Promise<NationalRules> {
  const policy = await readText(home.policy, POLICY_BYTES_MAX)
  const operators = await readText(home.operators, OPERATORS_BYTES_MAX)
  return {
    policy: policy === undefined ? undefined : parsePolicyFile(policy),
    operators: operators === undefined ? LOCAL_ONLY : parseOperatorsFile(operators),
  }
}

export interface RulesInForce extends NationalRules {
  readonly guard: Guard | undefined
}

export interface RulesKeeper {
  current(): RulesInForce
  /** Reads them anew. Where they are wrong it throws what is, and the old ones stay in force. */
  reload(): Promise<RulesInForce>
}

export function createRulesKeeper(first: NationalRules, reread: () => Promise<NationalRules>): RulesKeeper {
  let inForce = putInForce(first)
  return {
    current: () => inForce,
    async reload() {
      inForce = putInForce(await reread())
      return inForce
    },
  }
}

function putInForce(rules: NationalRules): RulesInForce {
  return { ...rules, guard: rules.policy && createGuard(rules.policy.guard) }
}
