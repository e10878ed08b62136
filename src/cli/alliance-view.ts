import type { RegistryView } from '../node/node-service.ts'
import { registryView } from '../node/registry-view.ts'
import { describeRegistryChange } from '../registry/describe-change.ts'
import type { Directory } from '../registry/directory.ts'
import { fingerprint, parseTrust } from '../registry/trust-string.ts'
import type { CliContext } from './context.ts'
import { type OutputFormat, printRecord, printRows, type Shape, timeCell } from './output.ts'

/** An alliance as its documents say, with what is compared out of band. */
export interface AllianceView extends RegistryView {
  readonly fingerprint: string
}

const ALLIANCE: Shape<AllianceView> = {
  columns: [
    { name: 'alliance', cell: view => view.name },
    { name: 'alliance_id', cell: view => view.allianceId },
    { name: 'registry_version', cell: view => view.version },
    { name: 'registry_hash', cell: view => view.hash },
    { name: 'issued', cell: view => timeCell(view.issuedMs) },
    { name: 'expires', cell: view => timeCell(view.expiresMs) },
    { name: 'governors', cell: view => `${view.governors.join(' ')} (${view.threshold} must sign)` },
    { name: 'fingerprint', cell: view => view.fingerprint },
    { name: 'words', cell: view => view.words.join(' ') },
    { name: 'trust', cell: view => view.trust },
  ],
}

const NATIONS: Shape<RegistryView['nations'][number]> = {
  columns: [
    { name: 'nation', cell: entry => entry.nation },
    { name: 'label', cell: entry => entry.label },
    { name: 'status', cell: entry => entry.status },
    { name: 'roles', cell: entry => entry.roles.join(' ') },
    { name: 'document', cell: entry => (entry.documentVersion === 0 ? 'none yet' : entry.documentVersion) },
    { name: 'nodes', cell: entry => entry.nodes },
    { name: 'addresses', cell: entry => entry.addresses.join(' ') },
  ],
}

export function allianceView(view: RegistryView): AllianceView {
  return { ...view, fingerprint: fingerprint(parseTrust(view.trust)) }
}

export function allianceViewOf(directory: Directory): AllianceView {
  return allianceView(registryView(directory))
}

/** CSV and JSON lines hold the alliance alone; JSON and the table its nations too. */
export async function printAlliance({ out }: CliContext, output: OutputFormat, view: AllianceView): Promise<void> {
  await printRecord(out, output, view, ALLIANCE)
  if (output !== 'table') return
  await out.write('\n')
  await printRows(out, output, view.nations, NATIONS)
}

/** What an operator has to understand of a file before agreeing to it: every registry version that is new, step by step. */
export function newsOf(held: Directory | undefined, offered: Directory): readonly string[] {
  const { chain } = offered
  if (held === undefined) return describeRegistryChange(undefined, offered.registry)
  return chain.flatMap((doc, i) => (doc.hash === held.chain[i]?.hash ? [] : describeRegistryChange(chain[i - 1], doc)))
}
