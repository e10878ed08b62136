import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { defang, isDefanged, refang } from '../../formats/in/defang.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { type Pap, parsePap, parseTlp, type Tlp } from '../../indicator/marking.ts'
import { continuedAs, type OpinionKind } from '../../indicator/remark.ts'
import type { PublishItem, PublishOutcome } from '../../node/orders/node-service.ts'
import type { ClaimView, IndicatorView } from '../../node/reading/indicator-reading.ts'
import { type AudienceOptions, itemAudience } from '../terminal/audience-options.ts'
import type { ControlClient } from '../terminal/client.ts'
import type { CliContext } from '../terminal/context.ts'
import { exitStatusOf } from '../terminal/exit.ts'
import { readLineBatches } from '../terminal/line-batches.ts'
import { createSubmitter, type OperatorOptions } from '../terminal/operator-signature.ts'
import { createRowWriter, type OutputFormat, type Shape } from '../terminal/output.ts'
import { sayFixes, sayHeld } from '../terminal/refusal-fix.ts'

interface RemarkOptions extends OperatorOptions {
  readonly output: OutputFormat
}

interface MarkedOptions extends RemarkOptions, AudienceOptions {
  readonly tlp?: Tlp
  readonly pap?: Pap
}

export interface SightOptions extends MarkedOptions {
  readonly count: number
  readonly first?: number
  readonly last?: number
  readonly source?: string
}

export interface DisputeOptions extends MarkedOptions {
  readonly as: OpinionKind
  readonly nation?: string
  readonly comment?: string
}

export interface WithdrawOptions extends RemarkOptions {
  readonly reason: string
}

export interface ExtendOptions extends RemarkOptions {
  readonly until: number
  readonly reason?: string
}

/** Values of one request, each with a few claims. */
const BATCH_MAX = 100
/** An indicator with more own claims is worked on in several requests. */
const ITEMS_MAX = 1000

interface Remarked {
  /** As it was typed. */
  readonly value: string
  readonly outcome: PublishOutcome['outcome']
  /** Of what was published. */
  readonly id: string
  readonly entry: string
  readonly code: ErrorCode | ''
  readonly reason: string
}

const REMARKED: Shape<Remarked> = {
  columns: [
    { name: 'value', cell: row => row.value },
    { name: 'outcome', cell: row => row.outcome },
    { name: 'id', cell: row => row.id },
    { name: 'entry', cell: row => row.entry },
    { name: 'code', cell: row => row.code },
    { name: 'reason', cell: row => row.reason },
  ],
  defanged: row => ({ ...row, value: isDefanged(row.value) ? row.value : defang(row.value) }),
}

/** What somebody typed, and what is held of it. */
interface Named {
  readonly text: string
  readonly view: IndicatorView | undefined
}

interface Wanted {
  readonly text: string
  readonly item: PublishItem
}

/** What to publish of what was named, or why nothing. */
type Plan = (named: Named) => readonly PublishItem[] | ErrorCode

export async function sight(context: CliContext, values: readonly string[], options: SightOptions): Promise<void> {
  const { count, first, last = Date.now(), source } = options
  if (first !== undefined && first > last) {
    throw new UserError('usage-invalid', 'it was last seen before it was first seen', {
      fix: 'Swap --first and --last.',
    })
  }
  const said = {
    count,
    lastSeenMs: last,
    ...(first !== undefined && { firstSeenMs: first }),
    ...(source !== undefined && { source }),
    ...markingOf(options),
  }
  await remark(context, values, options, ({ view }) => {
    if (view === undefined) return 'remark-no-claim'
    return [{ kind: 'sighting', draft: { type: view.type, value: view.value, ...said }, ...itemAudience(options) }]
  })
}

export async function dispute(context: CliContext, values: readonly string[], options: DisputeOptions): Promise<void> {
  const { as, nation, comment } = options
  const said = { opinion: as, ...(comment !== undefined && { comment }), ...markingOf(options) }
  await remark(context, values, options, ({ text, view }) => {
    if (view === undefined) return 'remark-no-claim'
    const about = { type: view.type, value: view.value, ...said }
    const named = view.claims.filter(claim => claim.id === text.toLowerCase() || claim.nation === nation)
    if (nation !== undefined && named.length === 0) return 'remark-no-claim'
    const targets = named.length === 0 ? [{}] : named.map(({ nation, id }) => ({ nation, claim: id }))
    return targets.map(target => ({ kind: 'opinion', draft: { ...about, ...target }, ...itemAudience(options) }))
  })
}

export async function withdraw(
  context: CliContext,
  values: readonly string[],
  options: WithdrawOptions,
): Promise<void> {
  const own = (await context.client().status()).nation
  await remark(context, values, options, named => {
    const ids = ownClaims(named, own).map(({ id }) => id)
    // Of a sighting or an opinion, or of a claim that is withdrawn already: the node knows.
    if (ids.length === 0 && ITEM_ID.test(named.text)) ids.push(named.text.toLowerCase())
    if (ids.length === 0) return 'remark-no-claim'
    return ids.map(id => ({ kind: 'withdrawal', id, reason: options.reason }))
  })
}

/** lets nobody change what is published: the claim is published anew under another id, and the old one withdrawn. */
export async function extend(context: CliContext, values: readonly string[], options: ExtendOptions): Promise<void> {
  const own = (await context.client().status()).nation
  const before = new Map<PublishItem, string>()
  const plan: Plan = named => {
    const claims = ownClaims(named, own)
    if (claims.length === 0 || named.view === undefined) return 'remark-no-claim'
    return claims.map(claim => {
      const draft = { ...draftOf(named.view!, claim), validUntilMs: options.until }
      const item: PublishItem = { kind: 'claim', draft, audience: { of: claim.id } }
      before.set(item, claim.id)
      return item
    })
  }
  await remark(context, values, options, plan, (item, outcome) => {
    const old = before.get(item)
    if (old === undefined || (outcome.outcome !== 'new' && outcome.outcome !== 'duplicate') || outcome.id === old)
      return []
    return [{ kind: 'withdrawal', id: old, reason: continuedAs(outcome.id, options.reason ?? '') }]
  })
}

const ITEM_ID = /^[0-9a-f]{32}$/i

/** All on what was named, or the one whose id it is. */
function ownClaims({ text, view }: Named, own: string): readonly ClaimView[] {
  const claims = view?.claims.filter(({ nation }) => nation === own) ?? []
  const named = claims.filter(({ id }) => id === text.toLowerCase())
  return named.length > 0 ? named : claims
}

function markingOf({ tlp, pap }: MarkedOptions) {
  if (tlp === undefined && pap === undefined) return {}
  return { marking: { ...(tlp !== undefined && { tlp }), ...(pap !== undefined && { pap }) } }
}

/** What the claim was made of. */
function draftOf({ type, value }: IndicatorView, claim: ClaimView): ClaimDraft {
  const { original, confidence, lineage, ...said } = claim
  const times = { validFromMs: said.validFromMs, firstSeenMs: said.firstSeenMs, lastSeenMs: said.lastSeenMs }
  const given = Object.fromEntries(Object.entries(times).filter(([, timeMs]) => timeMs !== 0))
  return {
    type,
    value,
    ...(original !== '' && { original }),
    marking: { tlp: parseTlp(said.tlp), pap: parsePap(said.pap), exercise: said.exercise },
    ...(confidence !== null && { confidence }),
    ...given,
    name: said.name,
    description: said.description,
    labels: said.labels,
    references: said.references,
    source: said.source,
    sourceId: said.sourceId,
    ...(lineage !== '' && { lineage }),
  }
}

/** Publishes what `plan` makes of each value, and then what `next` makes of each outcome. */
async function remark(
  context: CliContext,
  values: readonly string[],
  options: RemarkOptions,
  plan: Plan,
  next: (item: PublishItem, outcome: PublishOutcome) => readonly PublishItem[] = () => [],
): Promise<void> {
  const client = context.client()
  const sign = await createSubmitter(context, options)
  const writer = createRowWriter(context.out, options.output, REMARKED)
  const codes: ErrorCode[] = []
  let held = 0
  const publish = async (wanted: readonly Wanted[]) => {
    const rows: Remarked[] = []
    const following: Wanted[] = []
    for (let from = 0; from < wanted.length; from += ITEMS_MAX) {
      const part = wanted.slice(from, from + ITEMS_MAX)
      const items = part.map(({ item }) => item)
      for (const [i, outcome] of (await client.publish(items, sign(items))).entries()) {
        const { text, item } = part[i]!
        rows.push(rowOf(text, outcome))
        if (outcome.outcome === 'held') held++
        if (outcome.outcome === 'refused') codes.push(outcome.code)
        following.push(...next(item, outcome).map(item => ({ text, item })))
      }
    }
    await writer.write(rows)
    return following
  }

  for await (const texts of batchesOf(context, values)) {
    const wanted: Wanted[] = []
    const refused: Remarked[] = []
    for (const named of await resolve(client, texts)) {
      const items = plan(named)
      if (typeof items === 'string') refused.push(absent(named.text, items))
      else wanted.push(...items.map(item => ({ text: named.text, item })))
    }
    codes.push(...refused.flatMap(({ code }) => code || []))
    await writer.write(refused)
    await publish(await publish(wanted))
  }
  await writer.end()
  sayFixes(context, codes)
  sayHeld(context, held)
  if (codes[0] !== undefined) context.setExitStatus(exitStatusOf(codes[0]))
}

function batchesOf(
  context: CliContext,
  values: readonly string[],
): AsyncIterable<readonly string[]> | Iterable<string[]> {
  if (values.length === 0 || (values.length === 1 && values[0] === '-'))
    return readLineBatches(context.stdin, BATCH_MAX)
  return Array.from({ length: Math.ceil(values.length / BATCH_MAX) }, (_, i) =>
    values.slice(i * BATCH_MAX, (i + 1) * BATCH_MAX),
  )
}

/** By value all at once; what is none, or is not held, may be an id. */
async function resolve(client: ControlClient, texts: readonly string[]): Promise<readonly Named[]> {
  const asked = texts.map(text => refang(text.trim()))
  const found = await client.lookup(asked)
  const named: Named[] = []
  for (const [i, text] of asked.entries()) {
    named.push({ text, view: found[i]?.indicators[0] ?? (ID.test(text) ? await shown(client, text) : undefined) })
  }
  return named
}

const ID = /^[0-9a-f]{8,32}$/i

async function shown(client: ControlClient, text: string): Promise<IndicatorView | undefined> {
  try {
    return await client.show(text)
  } catch (error) {
    if (error instanceof TocsinError && error.code === 'indicator-absent') return undefined
    throw error
  }
}

function absent(value: string, code: ErrorCode): Remarked {
  return { value, outcome: 'refused', id: '', entry: '', code, reason: 'no such claim is held here' }
}

function rowOf(value: string, outcome: PublishOutcome): Remarked {
  return { value, id: '', entry: '', code: '', reason: '', ...outcome }
}
