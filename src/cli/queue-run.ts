import { fromBase64, toBase64, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { parseNationId } from '../base/ids.ts'
import { defang } from '../formats/in/defang.ts'
import { parseItem } from '../indicator/item.ts'
import { papName, tlpName } from '../indicator/marking.ts'
import type { HeldView } from '../node/orders/node-service.ts'
import { approvalInput } from '../policy/approval.ts'
import { type AudienceName, decodeAudienceName, groupKey } from '../policy/audience-name.ts'
import { Item } from '../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import type { CliContext } from './terminal/context.ts'
import { allianceOf, findOperator, type OperatorOptions, openSigner } from './terminal/operator-signature.ts'
import { type OutputFormat, openOutput, printRecord, printRows, type Shape, timeCell } from './terminal/output.ts'
import { assertConfirmed } from './terminal/question.ts'

export interface ApproveOptions extends OperatorOptions {
  readonly yes?: boolean
}

/** What is held, read here from the very bytes that are to be signed. */
interface Held extends Omit<HeldView, 'item' | 'audience'> {
  /** `alliance`, `nations DEU FRA`, or `group OWNER/ID`. */
  readonly audience: string
  readonly kind: string
  readonly type: string
  readonly value: string
  readonly tlp: string
  readonly pap: string
  readonly exercise: boolean
  readonly name: string
  readonly description: string
  readonly labels: readonly string[]
  readonly references: readonly string[]
  readonly source: string
  readonly sourceId: string
  readonly original: string
  readonly confidence: number | null
  readonly validFromMs: number
  readonly validUntilMs: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly lineage: string
  readonly json: string
}

const HELD: Shape<Held> = {
  columns: [
    { name: 'id', cell: held => held.id.slice(0, 16) },
    { name: 'submitter', cell: held => held.submitter },
    { name: 'value', cell: held => held.value || held.json.slice(0, 40) },
    { name: 'tlp', cell: held => held.tlp },
    { name: 'audience', cell: held => held.audience },
    { name: 'readers', cell: held => held.readers.join(' ') },
    { name: 'since', cell: held => timeCell(held.heldMs) },
    { name: 'until', cell: held => timeCell(held.expiresMs) },
    { name: 'rule', cell: held => held.rule },
  ],
  defanged: held => ({ ...held, value: defang(held.value) }),
}

const WHOLE: Shape<Held> = {
  columns: [
    { name: 'id', cell: held => held.id },
    { name: 'submitter', cell: held => held.submitter },
    { name: 'rule', cell: held => held.rule },
    { name: 'audience', cell: held => held.audience },
    { name: 'readers', cell: held => held.readers.join(' ') },
    { name: 'since', cell: held => timeCell(held.heldMs) },
    { name: 'until', cell: held => timeCell(held.expiresMs) },
    { name: 'kind', cell: held => held.kind },
    { name: 'type', cell: held => held.type },
    { name: 'value', cell: held => held.value },
    { name: 'original', cell: held => held.original },
    { name: 'tlp', cell: held => held.tlp },
    { name: 'pap', cell: held => held.pap },
    { name: 'exercise', cell: held => (held.exercise ? 'yes' : '') },
    { name: 'confidence', cell: held => held.confidence },
    { name: 'name', cell: held => held.name },
    { name: 'description', cell: held => held.description },
    { name: 'labels', cell: held => held.labels.join(' ') },
    { name: 'references', cell: held => held.references.join(' ') },
    { name: 'source', cell: held => held.source },
    { name: 'source_id', cell: held => held.sourceId },
    { name: 'valid_from', cell: held => timeCell(held.validFromMs) },
    { name: 'valid_until', cell: held => timeCell(held.validUntilMs) },
    { name: 'first_seen', cell: held => timeCell(held.firstSeenMs) },
    { name: 'last_seen', cell: held => timeCell(held.lastSeenMs) },
    { name: 'lineage', cell: held => held.lineage },
    { name: 'stix', cell: held => held.json },
  ],
  defanged: held => ({ ...held, value: defang(held.value) }),
}

export async function listQueue(context: CliContext, output: OutputFormat): Promise<void> {
  const held = await context.client().held()
  await printRows(context.out, output, held.map(readHeld), HELD)
  if (held.length === 0) context.say('Nothing waits for a second person.')
}

export async function showQueued(context: CliContext, id: string, output: OutputFormat): Promise<void> {
  await printRecord(context.out, output, readHeld(await findHeld(context, id)), WHOLE)
}

/** Everything that can be judged is, before the passphrase is asked for; what is signed is always shown. */
export async function approveQueued(context: CliContext, id: string, options: ApproveOptions): Promise<void> {
  if (options.operator === undefined) {
    throw new UserError('usage-invalid', 'it is not said who approves', { fix: 'Give --operator NAME.' })
  }
  const operator = await findOperator(context, options.operator, 'approve')
  const held = await findHeld(context, id)
  if (held.submitterKey === toHex(operator.key)) {
    throw new UserError('approval-same-person', `${operator.name} has submitted this and cannot approve it too`, {
      fix: 'Ask another operator with the role approve.',
    })
  }
  await printRecord(openOutput(context.stderr), 'table', readHeld(held), WHOLE)
  await assertConfirmed(context, options.yes === true, 'Let this leave?')
  const signer = await openSigner(context, operator, options)
  const [allianceId, audience] = [await allianceOf(context), fromBase64(held.audience)]
  const subject = { allianceId, item: itemOf(held), audience, readers: held.readers.map(parseNationId) }
  const signature = toBase64(signer.sign(approvalInput(subject)))
  await context.client().approveHeld(held.id, { key: toHex(signer.publicKey), signature })
  context.say(`Approved by ${operator.name}; it is signed and leaves now.`)
}

export async function rejectQueued(context: CliContext, id: string, reason: string): Promise<void> {
  const held = await findHeld(context, id)
  await context.client().rejectHeld(held.id, reason)
  context.say(`${held.id} does not leave.`)
}

const LINEAGES = ['', 'observed', 'relayed']
const PREFIX = /^[0-9a-f]{8,32}$/

async function findHeld(context: CliContext, id: string): Promise<HeldView> {
  const prefix = id.toLowerCase()
  const found = PREFIX.test(prefix) ? (await context.client().held()).filter(held => held.id.startsWith(prefix)) : []
  if (found.length > 1) {
    throw new UserError('indicator-id-ambiguous', `${prefix} begins several ids`, { fix: 'Give more digits.' })
  }
  if (found[0] !== undefined) return found[0]
  throw new UserError('held-absent', `nothing of the id ${id} waits for a second person`, {
    fix: 'See "tocsin queue list"; it may have been approved, rejected, or have expired.',
  })
}

function itemOf(held: HeldView): Item {
  return decodeStrict(Item, fromBase64(held.item), BODY_BYTES_MAX)
}

function audienceWords(name: AudienceName): string {
  if (name.kind === 'group') return `group ${groupKey(name)}`
  return name.kind === 'nations' ? `nations ${name.nations.join(' ')}` : name.kind
}

function readHeld(view: HeldView): Held {
  const { item: _, audience, ...rest } = view
  const parsed = parseItem(itemOf(view))
  const marking = 'marking' in parsed ? parsed.marking : undefined
  const claim = parsed.kind === 'indicator' ? parsed.claim : undefined
  return {
    ...rest,
    audience: audienceWords(decodeAudienceName(fromBase64(audience))),
    kind: parsed.kind,
    type: 'type' in parsed && typeof parsed.type === 'string' ? parsed.type : '',
    value: 'value' in parsed ? parsed.value : '',
    tlp: marking === undefined ? '' : tlpName(marking.tlp),
    pap: marking === undefined ? '' : papName(marking.pap),
    exercise: marking?.exercise ?? false,
    name: claim?.name ?? '',
    description: claim?.description ?? '',
    labels: claim?.labels ?? [],
    references:
      claim?.references.map(({ sourceName, url, externalId, description }) =>
        [sourceName, url, externalId, description].filter(text => text !== '').join(' '),
      ) ?? [],
    source: claim?.source ?? '',
    sourceId: claim?.sourceId ?? '',
    original: claim?.original ?? '',
    confidence: claim === undefined || claim.confidencePlus1 === 0 ? null : claim.confidencePlus1 - 1,
    validFromMs: claim?.validFromMs ?? 0,
    validUntilMs: claim?.validUntilMs ?? 0,
    firstSeenMs: claim?.firstSeenMs ?? 0,
    lastSeenMs: claim?.lastSeenMs ?? 0,
    lineage: LINEAGES[claim?.lineage ?? 0] ?? '',
    json: parsed.kind === 'stix-object' ? parsed.object.json : '',
  }
}
