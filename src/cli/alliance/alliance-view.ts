import type { NationId } from '../../base/ids.ts'
import type { RegistryView } from '../../node/orders/node-service.ts'
import { registryView } from '../../node/orders/registry-view.ts'
import { type Alarm, findAlarms } from '../../registry/alarms.ts'
import { describeRegistryChange } from '../../registry/describe-change.ts'
import type { Directory, Member } from '../../registry/directory.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { RegistrySplit } from '../../registry/registry-state.ts'
import { fingerprint, trustOf } from '../../registry/trust-string.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, printRecord, printRows, type Shape, timeCell } from '../terminal/output.ts'

/** An alliance as its documents say, with what is compared out of band and what is to be watched. */
export interface AllianceView extends Omit<RegistryView, 'nations'> {
  readonly fingerprint: string
  /** Whole days until the registry expires; below zero: since. */
  readonly daysLeft: number
  readonly nations: readonly MemberView[]
  /** Registries of one version that contradict each other; null: none do. */
  readonly split: SplitView | null
  readonly alarms: readonly Alarm[]
}

type MemberView = RegistryView['nations'][number] & {
  /** 0: it has no document. */
  readonly documentExpiresMs: number
  readonly documentDaysLeft: number
  /** Hashes of its documents of one version that hold it up. */
  readonly siblings: readonly string[]
}

interface SplitView {
  readonly version: number
  readonly siblings: readonly string[]
  readonly signersOfBoth: readonly string[]
}

const ALLIANCE: Shape<AllianceView> = {
  columns: [
    { name: 'alliance', cell: view => view.name },
    { name: 'alliance_id', cell: view => view.allianceId },
    { name: 'registry_version', cell: view => view.version },
    { name: 'registry_hash', cell: view => view.hash },
    { name: 'issued', cell: view => timeCell(view.issuedMs) },
    { name: 'expires', cell: view => timeCell(view.expiresMs) },
    { name: 'days_left', cell: view => view.daysLeft },
    { name: 'governors', cell: view => `${view.governors.join(' ')} (${view.threshold} must sign)` },
    { name: 'fingerprint', cell: view => view.fingerprint },
    { name: 'words', cell: view => view.words.join(' ') },
    { name: 'trust', cell: view => view.trust },
  ],
}

const NATIONS: Shape<MemberView> = {
  columns: [
    { name: 'nation', cell: entry => entry.nation },
    { name: 'label', cell: entry => entry.label },
    { name: 'status', cell: entry => entry.status },
    { name: 'roles', cell: entry => entry.roles.join(' ') },
    { name: 'document', cell: documentCell },
    { name: 'days left', cell: entry => (entry.documentVersion === 0 ? '' : entry.documentDaysLeft) },
    { name: 'nodes', cell: entry => entry.nodes },
    { name: 'addresses', cell: entry => entry.addresses.join(' ') },
  ],
}

/** `nowMs` decides what is warned of. */
export function allianceViewOf(directory: Directory, nowMs = Date.now()): AllianceView {
  const { registry, split } = directory
  const view = registryView(directory)
  return {
    ...view,
    fingerprint: fingerprint(trustOf(registry)),
    daysLeft: daysUntil(view.expiresMs, nowMs),
    nations: view.nations.map(entry => memberView(entry, directory.member(entry.nation as NationId), nowMs)),
    split: split === undefined ? null : splitView(split),
    alarms: findAlarms(directory, nowMs),
  }
}

function memberView(entry: RegistryView['nations'][number], member: Member | undefined, nowMs: number): MemberView {
  const expiresMs = member?.doc?.expiresMs ?? 0
  return {
    ...entry,
    documentExpiresMs: expiresMs,
    documentDaysLeft: expiresMs === 0 ? 0 : daysUntil(expiresMs, nowMs),
    siblings: member?.siblings.map(({ hash }) => hash) ?? [],
  }
}

function splitView({ siblings, signersOfBoth }: RegistrySplit): SplitView {
  return { version: siblings[0]!.version, siblings: siblings.map(({ hash }) => hash), signersOfBoth }
}

/** CSV and JSON lines hold the alliance alone; JSON and the table its nations too. Alarms are said in any case. */
export async function printAlliance({ out, say }: CliContext, output: OutputFormat, view: AllianceView): Promise<void> {
  await printRecord(out, output, view, ALLIANCE)
  if (output === 'table') {
    await out.write('\n')
    await printRows(out, output, view.nations, NATIONS)
  }
  for (const { grade, sentence, fix } of view.alarms) {
    say(`${grade.toUpperCase()}: ${sentence}`)
    say(`  → ${fix}`)
  }
}

/** What an operator has to understand of a file before agreeing to it: every registry version that is new, step by step. */
export function newsOf(held: Directory | undefined, offered: Directory): readonly string[] {
  const { chain } = offered
  if (held === undefined) return describeRegistryChange(undefined, offered.registry)
  return chain.flatMap((doc, i) => (doc.hash === held.chain[i]?.hash ? [] : describeRegistryChange(chain[i - 1], doc)))
}

function documentCell({ documentVersion, siblings }: MemberView): string {
  const version = documentVersion === 0 ? 'none yet' : String(documentVersion)
  return siblings.length === 0 ? version : `${version}, held up by ${siblings.length}`
}

function daysUntil(timeMs: number, nowMs: number): number {
  return Math.floor((timeMs - nowMs) / DAY_MS)
}
