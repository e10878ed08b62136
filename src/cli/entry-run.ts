import { UserError } from '../base/errors.ts'
import type { ErasureReason } from '../chain/entry-content.ts'
import type { EntryView, ErasureView, ReceiptView } from '../node/orders/entry-view.ts'
import type { ClaimView } from '../node/reading/indicator-reading.ts'
import type { CliContext } from './terminal/context.ts'
import { type EntryPlace, findEntry, parsePlace, shortPlace } from './terminal/entry-place.ts'
import { type OutputFormat, printRecord, printRows, type Shape, timeCell } from './terminal/output.ts'
import { assertConfirmed } from './terminal/question.ts'

export interface EraseOptions {
  readonly reason: ErasureReason
  readonly now?: boolean
  readonly yes?: boolean
}

const ENTRY: Shape<EntryView> = {
  columns: [
    { name: 'entry', cell: view => view.entry },
    { name: 'nation', cell: view => view.nation },
    { name: 'kind', cell: view => view.kind },
    { name: 'time', cell: view => timeCell(view.timeMs) },
    { name: 'sign_key', cell: view => view.signKey },
    { name: 'registry_version', cell: view => view.registryVersion },
    { name: 'standing', cell: view => (view.stands ? 'stands' : 'quarantined: it lies beyond what stands of its log') },
    { name: 'body', cell: view => (view.body === 'none' ? 'none' : `${view.body}, ${view.bodyBytes} bytes`) },
    { name: 'items', cell: itemsCell },
    { name: 'held', cell: heldCell },
    { name: 'quorum', cell: quorumCell },
    { name: 'post_quantum', cell: postQuantumCell },
    { name: 'erased', cell: ({ erasure }) => (erasure === null ? '' : erasedCell(erasure)) },
    { name: 'destroyed', cell: ({ erasure }) => (erasure === null ? '' : destroyedCell(erasure)) },
  ],
}

const RECEIPTS: Shape<ReceiptView> = {
  columns: [
    { name: 'held by', cell: receipt => receipt.nation },
    { name: 'since', cell: receipt => timeCell(receipt.timeMs) },
    { name: 'by its cosignature of entries', cell: receipt => receipt.size },
  ],
}

interface ClaimReceipt {
  readonly claim: string
  readonly nation: string
  readonly view: EntryView
}

const CLAIM_RECEIPTS: Shape<ClaimReceipt> = {
  columns: [
    { name: 'claim', cell: each => each.claim },
    { name: 'nation', cell: each => each.nation },
    { name: 'entry', cell: each => shortPlace(each.view.entry) },
    { name: 'held', cell: each => heldCell(each.view) },
    { name: 'quorum', cell: each => quorumCell(each.view) },
  ],
}

/** Entries that carry the claims of one indicator and are asked for. */
const ENTRIES_MAX = 256

export async function showEntry(context: CliContext, text: string, output: OutputFormat): Promise<void> {
  const view = await context.client().showEntry(await findEntry(context, text))
  await printRecord(context.out, output, view, ENTRY)
  if (output !== 'table' || view.delivery.receipts.length === 0) return
  await context.out.write('\n')
  await printRows(context.out, output, view.delivery.receipts, RECEIPTS)
}

/** Who holds what carries these claims. */
export async function showReceipts(
  context: CliContext,
  output: OutputFormat,
  claims: readonly ClaimView[],
): Promise<void> {
  const client = context.client()
  const views = new Map<string, EntryView>()
  const rows: ClaimReceipt[] = []
  for (const { id, nation, entry } of claims.slice(0, ENTRIES_MAX)) {
    const place = parsePlace(entry)
    if (place === undefined) {
      throw new UserError('token-forbidden', 'who reads with a token is not told in which entry a claim came', {
        fix: 'Ask as the operator of the node, without --token-file.',
      })
    }
    const view = views.get(entry) ?? (await client.showEntry(place))
    views.set(entry, view)
    rows.push({ claim: id, nation, view })
  }
  await printRows(context.out, output, rows, CLAIM_RECEIPTS)
  if (claims.length > ENTRIES_MAX) context.say(`These are the first ${ENTRIES_MAX} of ${claims.length} claims.`)
}

export async function eraseEntry(context: CliContext, text: string, { reason, now, yes }: EraseOptions): Promise<void> {
  const client = context.client()
  const place = await findEntry(context, text)
  const view = await client.showEntry(place)
  const size = view.items.length === 1 ? '1 item' : `${view.items.length} items`
  await assertConfirmed(
    context,
    yes === true,
    `Erase entry ${view.entry} of ${view.nation} with ${size}, at every node and for ever?`,
  )
  const { tombstone, destroyed } = await client.eraseEntry({ ...place, reason, now: now === true })
  await context.out.write(`${tombstone}\n`)
  context.say(`${size} erased by entry ${shortPlace(tombstone)}: hidden here, and at every other node as it arrives.`)
  context.say(
    destroyed
      ? 'Destroyed here; other nodes do so within 14 days of their running, or when their operators say so.'
      : 'Each node destroys it after 14 days of its running, or when its operator says "tocsin entry purge".',
  )
  context.say(
    `Nobody can call back copies that left a node. "tocsin entry show ${nameOf(place)}" says who has destroyed it.`,
  )
}

export async function purgeEntry(context: CliContext, text: string, yes: boolean): Promise<void> {
  const place = await findEntry(context, text)
  await assertConfirmed(context, yes, `Destroy entry ${nameOf(place)} at this node, for ever?`)
  await context.client().purgeEntry(place)
  context.say(`Destroyed here: the ciphertext of entry ${nameOf(place)}, and what was opened from it.`)
}

function nameOf({ log, seq }: EntryPlace): string {
  return shortPlace(`${log}/${seq}`)
}

/** A batch may have thousands; JSON has them all. */
const ITEMS_SHOWN_MAX = 8

function itemsCell({ items }: EntryView): string {
  const more = items.length - ITEMS_SHOWN_MAX
  return items.slice(0, ITEMS_SHOWN_MAX).join(' ') + (more > 0 ? ` and ${more} more` : '')
}

function heldCell({ delivery: { receipts, waiting } }: EntryView): string {
  const since = Math.max(0, ...receipts.map(({ timeMs }) => timeMs))
  const all = receipts.length + waiting.length
  const held = `by ${receipts.length} of ${all} nations${since === 0 ? '' : ` since ${timeCell(since)}`}`
  return waiting.length === 0 ? held : `${held}; waiting for: ${waiting.join(' ')}`
}

function quorumCell({ delivery: { needed, quorumMs } }: EntryView): string {
  if (needed === 0) return 'none: the alliance has no other witness'
  return quorumMs === 0 ? `not yet: ${needed} make one` : `of ${needed} since ${timeCell(quorumMs)}`
}

function postQuantumCell({ postQuantum }: EntryView): string {
  if (postQuantum === null) return 'not yet'
  return `holds even if Ed25519 breaks, as of ${timeCell(postQuantum.timeMs)} (the first ${postQuantum.size} entries)`
}

function erasedCell({ tombstone, reason, timeMs }: ErasureView): string {
  return `${reason}, ${timeCell(timeMs)}, by entry ${shortPlace(tombstone)}`
}

function destroyedCell({ purges, waiting, destroyedMs }: ErasureView): string {
  const all = purges.length + waiting.length
  const here = destroyedMs === 0 ? 'not here' : `here ${timeCell(destroyedMs)}`
  const rest = waiting.length === 0 ? '' : `; waiting for: ${waiting.join(' ')}`
  return `${here}; at ${purges.length} of ${all} nations, by their own word${rest}`
}
