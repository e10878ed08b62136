import { type Command, Option } from 'commander'
import type { ErrorCode } from '../../base/codes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { defang, refang } from '../../formats/in/defang.ts'
import { readValue } from '../../formats/in/value-text.ts'
import { canonicalValue } from '../../indicator/canonical.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { INDICATOR_TYPES } from '../../indicator/type.ts'
import { PUBLISH_ITEMS_MAX, type PublishItem, type PublishOutcome } from '../../node/orders/node-service.ts'
import {
  type AudienceOptions,
  addAudienceOptions,
  explainAudience,
  itemAudience,
} from '../terminal/audience-options.ts'
import { addClaimOptions, type ClaimOptions, claimDefaults } from '../terminal/claim-options.ts'
import type { CliContext } from '../terminal/context.ts'
import { exitStatusOf } from '../terminal/exit.ts'
import { createSubmitter, type OperatorOptions, operatorOptions } from '../terminal/operator-signature.ts'
import { createRowWriter, type OutputFormat, outputOption, type Shape } from '../terminal/output.ts'
import { passphraseFileOption } from '../terminal/passphrase.ts'
import { sayFixes, sayHeld } from '../terminal/refusal-fix.ts'

interface AddOptions extends ClaimOptions, AudienceOptions, OperatorOptions {
  readonly explain?: boolean
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly type?: string
  readonly description?: string
  readonly name?: string
  readonly output: OutputFormat
}

interface Added {
  /** As it was typed. */
  readonly value: string
  readonly type: string
  readonly outcome: PublishOutcome['outcome']
  readonly id: string
  /** `LOG/SEQ`; empty where nothing was signed now. */
  readonly entry: string
  readonly code: ErrorCode | ''
  readonly reason: string
  readonly warnings: readonly string[]
}

const ADDED: Shape<Added> = {
  columns: [
    { name: 'value', cell: added => added.value },
    { name: 'type', cell: added => added.type },
    { name: 'outcome', cell: added => added.outcome },
    { name: 'claim', cell: added => added.id },
    { name: 'code', cell: added => added.code },
    { name: 'reason', cell: added => added.reason },
  ],
  defanged: added => ({ ...added, value: defang(refang(added.value)) }),
}

export function addAddCommand(indicator: Command, context: CliContext): void {
  const types = new Option('--type <type>', 'of all values; found by their form if left out')
  const command = indicator
    .command('add')
    .description('publish values to the alliance')
    .argument('<values...>', 'in any spelling, defanged or not')
    .addOption(types.choices([...INDICATOR_TYPES.keys()]))
    .option('--name <text>', 'a short title')
    .option('--description <text>', 'what it is about')
    .option('--explain', 'tell who will be able to read it and why, and publish nothing')
    .option('--dry-run', 'the same')
    .option('--force', 'though a warninglist blocks it; the audit log will say so')
  for (const option of operatorOptions()) command.addOption(option)
  addAudienceOptions(addClaimOptions(command))
    .addOption(passphraseFileOption())
    .addOption(outputOption())
    .action((values: readonly string[], options: AddOptions) => add(context, values, options))
}

async function add(context: CliContext, values: readonly string[], options: AddOptions): Promise<void> {
  if (options.explain === true || options.dryRun === true) return explainAudience(context, options, [options.tlp])
  const client = context.client()
  const audience = itemAudience(options)
  const force = options.force === true ? { force: true } : {}
  const sign = await createSubmitter(context, options)
  const writer = createRowWriter(context.out, options.output, ADDED)
  const refusals: ErrorCode[] = []
  const counts = { new: 0, duplicate: 0, queued: 0, held: 0, refused: 0 }
  for (let from = 0; from < values.length; from += PUBLISH_ITEMS_MAX) {
    const read = values.slice(from, from + PUBLISH_ITEMS_MAX).map(value => readDraft(value, options))
    const drafts = read.flatMap(each => (each.kind === 'draft' ? [each.draft] : []))
    const items = drafts.map((draft): PublishItem => ({ kind: 'claim', draft, ...force, ...audience }))
    const outcomes = items.length === 0 ? [] : await client.publish(items, sign(items))
    const published = outcomes[Symbol.iterator]()
    const added = read.map(each =>
      each.kind === 'draft' ? addedOf(each.value, each.draft, published.next().value) : each.added,
    )
    for (const { value, warnings } of added)
      for (const warning of warnings) context.say(`warning: ${value}: ${warning}`)
    refusals.push(...added.flatMap(({ code }) => code || []))
    for (const { outcome } of added) counts[outcome]++
    await writer.write(added)
  }
  await writer.end()
  sayFixes(context, refusals)
  sayAcknowledged(context, counts)
  sayHeld(context, counts.held)
  const [refusal] = refusals
  if (refusal !== undefined) context.setExitStatus(exitStatusOf(refusal))
}

/** What survives the end of this process and of the power, and what of it is signed. */
function sayAcknowledged(
  context: CliContext,
  { new: signed, queued }: Readonly<Record<'new' | 'queued', number>>,
): void {
  if (signed > 0) context.say(`${signed} signed and on disk.`)
  if (queued > 0) context.say(`${queued} on disk, to be signed once another nation has answered (R-2.11).`)
}

type ReadDraft =
  | { readonly kind: 'draft'; readonly value: string; readonly draft: ClaimDraft }
  | { readonly kind: 'refused'; readonly added: Added }

function readDraft(value: string, options: AddOptions): ReadDraft {
  const typed = typedValue(value, options.type)
  if ('code' in typed) return { kind: 'refused', added: refused(value, typed.code, typed.reason) }
  const { labels, ...defaults } = claimDefaults(options)
  const allLabels = [...typed.labels, ...(labels ?? [])]
  const { name, description } = options
  const draft: ClaimDraft = {
    type: typed.type,
    value: typed.value,
    original: value,
    ...defaults,
    ...(allLabels.length > 0 && { labels: allLabels }),
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
  }
  return { kind: 'draft', value, draft }
}

interface Typed {
  readonly type: string
  readonly value: string
  readonly labels: readonly string[]
}

function typedValue(
  text: string,
  type: string | undefined,
): Typed | { readonly code: ErrorCode; readonly reason: string } {
  if (type === undefined) return readValue(text)
  try {
    return { ...canonicalValue(type, refang(text)), labels: [] }
  } catch (error) {
    if (error instanceof ProtocolError) return { code: error.code, reason: error.message }
    throw error
  }
}

function addedOf(value: string, { type }: ClaimDraft, outcome: PublishOutcome | undefined): Added {
  const none = { id: '', entry: '', code: '', reason: '', warnings: [] } as const
  if (outcome === undefined || outcome.outcome === 'refused') {
    return refused(value, outcome?.code ?? 'api-answer-invalid', outcome?.reason ?? 'no outcome came for it')
  }
  return { ...none, value, type, ...outcome }
}

function refused(value: string, code: ErrorCode, reason: string): Added {
  return { value, type: '', outcome: 'refused', id: '', entry: '', code, reason, warnings: [] }
}
