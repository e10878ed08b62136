import { Option } from 'commander'
import { fromHex, toBase64, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { type AllianceId, parseAllianceId } from '../../base/ids.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'
import { openOperatorKey } from '../../node/ceremonies/operator-key.ts'
import { draftsText } from '../../node/commands/release-commands.ts'
import { operatorKeyPath } from '../../node/home/home.ts'
import type { PublishItem, SubmissionText } from '../../node/orders/node-service.ts'
import { readNationalRules } from '../../node/rules/national-rules.ts'
import { roleRefusal, submissionInput } from '../../policy/approval.ts'
import { type Operator, type OperatorRole, operatorNamed } from '../../policy/operator.ts'
import type { CliContext } from './context.ts'
import { createPassphrasePrompt, type PassphraseOptions } from './passphrase.ts'

export interface OperatorOptions extends PassphraseOptions {
  readonly operator?: string
  readonly operatorKey?: string
}

export function operatorOptions(): readonly Option[] {
  return [
    new Option('--operator <name>', 'who you are; your passphrase is asked for'),
    new Option('--operator-key <file>', 'your key (default: keys/operator-NAME.age in the home)'),
  ]
}

/** The operator of that name, with the role. Throws UserError `operator-unknown` or `operator-role`. */
export async function findOperator(context: CliContext, name: string, role: OperatorRole): Promise<Operator> {
  const { operators } = await readNationalRules(context.home())
  const operator = operatorNamed(operators, name)
  if (operator === undefined) {
    throw new UserError('operator-unknown', `there is no operator ${name}`, { fix: 'See "tocsin operator list".' })
  }
  const refusal = roleRefusal(operator, operator.key, role)
  if (refusal !== undefined) throw new UserError(refusal.code, refusal.reason, { fix: refusal.fix })
  return operator
}

export function openSigner(context: CliContext, operator: Operator, options: OperatorOptions): Promise<Ed25519Signer> {
  const path = options.operatorKey ?? operatorKeyPath(context.home(), operator.name)
  return openOperatorKey(path, operator, createPassphrasePrompt(context, options))
}

export async function allianceOf(context: CliContext): Promise<AllianceId> {
  return parseAllianceId(fromHex((await context.client().status()).allianceId))
}

/** Signs each request in the name of the operator; with none named, requests go as the user of the machine's. */
export async function createSubmitter(
  context: CliContext,
  options: OperatorOptions,
): Promise<(items: readonly PublishItem[]) => SubmissionText | undefined> {
  if (options.operator === undefined) return () => undefined
  const operator = await findOperator(context, options.operator, 'publish')
  const allianceId = await allianceOf(context)
  const signer = await openSigner(context, operator, options)
  return items => {
    const signedMs = Date.now()
    const signature = signer.sign(submissionInput(allianceId, signedMs, draftsText(items)))
    return { key: toHex(signer.publicKey), signedMs, signature: toBase64(signature) }
  }
}
