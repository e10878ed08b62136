import { utf8 } from '../../base/bytes.ts'
import { sha256 } from '../../base/hash.ts'
import type { Hash, NationId } from '../../base/ids.ts'
import { type AcceptancePolicy, createAcceptance, type MutedNation } from '../../policy/acceptance.ts'
import { createGuard, type Guard } from '../../policy/guard.ts'
import { LOCAL_ONLY, type Operators } from '../../policy/operator.ts'
import { OPERATORS_BYTES_MAX, parseOperatorsFile } from '../config/operators-file.ts'
import { POLICY_BYTES_MAX, type PolicyFile, parsePolicyFile } from '../config/policy-file.ts'
import { type Home, readText } from '../home/home.ts'

/** What the nation lets leave, and who may decide on it. */
export interface NationalRules {
  /** Undefined where there is no policy file: then nothing leaves. */
  readonly policy: PolicyFile | undefined
  readonly operators: Operators
  /** Of the files, for the audit log. */
  readonly hashes?: { readonly policy: Hash | undefined; readonly operators: Hash | undefined }
}

/** Throws UserError `policy-invalid` or `operators-invalid`, with the line. */
export async function readNationalRules(home: Home): Promise<NationalRules> {
  const policy = await readText(home.policy, POLICY_BYTES_MAX)
  const operators = await readText(home.operators, OPERATORS_BYTES_MAX)
  return {
    policy: policy === undefined ? undefined : parsePolicyFile(policy),
    operators: operators === undefined ? LOCAL_ONLY : parseOperatorsFile(operators),
    hashes: { policy: hashOf(policy), operators: hashOf(operators) },
  }
}

export interface RulesInForce extends NationalRules {
  readonly guard: Guard | undefined
  readonly acceptance: AcceptancePolicy
}

export interface RulesKeeper {
  current(): RulesInForce
  /** Reads them anew. Where they are wrong it throws what is, and the old ones stay in force. */
  reload(): Promise<RulesInForce>
  /** The same rules, beside which these nations are muted. */
  mute(muted: readonly MutedNation[]): void
}

/** `announce` is told of rules that are about to come into force; where it throws they do not. */
export function createRulesKeeper(
  first: NationalRules,
  reread: () => Promise<NationalRules>,
  announce: (rules: NationalRules) => Promise<void>,
  nation: NationId,
): RulesKeeper {
  let muted: readonly MutedNation[] = []
  let inForce = putInForce(first, nation, muted)
  return {
    current: () => inForce,
    async reload() {
      const rules = await reread()
      await announce(rules)
      inForce = putInForce(rules, nation, muted)
      return inForce
    },
    mute(nations) {
      muted = nations
      inForce = putInForce(inForce, nation, muted)
    },
  }
}

function hashOf(text: string | undefined): Hash | undefined {
  return text === undefined ? undefined : sha256(utf8(text))
}

function putInForce(rules: NationalRules, nation: NationId, muted: readonly MutedNation[]): RulesInForce {
  const { policy } = rules
  return {
    ...rules,
    guard: policy && createGuard(policy.guard),
    acceptance: createAcceptance(policy?.accept ?? [], nation, muted),
  }
}
