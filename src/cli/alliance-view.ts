import type { RegistryView } from '../node/node-service.ts'
import { registryView } from '../node/registry-view.ts'
import type { Directory } from '../registry/directory.ts'
import type { ParsedRegistryDoc } from '../registry/registry-doc.ts'
import { fingerprint, parseTrust } from '../registry/trust-string.ts'
import type { CliContext } from './context.ts'
import { type OutputFormat, printRecord, printRows, type Shape, timeCell } from './output.ts'
import { visibleText } from './visible-text.ts'

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

/** What a registry says, in the words of who has to agree to it. Its keys are named so that they can be compared. */
export function plainWords(registry: ParsedRegistryDoc): string[] {
  const nations = [...registry.nations.values()]
  const most = Math.floor((nations.length - 1) / 3)
  const faults = Math.min(registry.policy.byzantineNations ?? most, most)
  const { governors, threshold } = registry
  const deciding = governors.length === 1 ? 'which alone decides' : `of which ${threshold} must agree on`
  return [
    `Alliance "${visibleText(registry.name)}", registry version ${registry.version}, valid until ${dayOf(registry.expiresMs)}`,
    `  Who governs:  ${governors.map(governor => governor.nation).join(', ')}, ${deciding} who is a member`,
    `  Quorum:       holds though ${faults} of ${nations.length} nations lie`,
    '  Members, each of which may publish, receive and witness, with the root key that it speaks by:',
    ...nations.map(
      ({ nation, label, roots }) => `    ${nation.padEnd(16)} ${rootKeyNames(roots)}  ${visibleText(label)}`,
    ),
  ]
}

const KEY_NAME_DIGITS = 32

/** The first half of a key id, in groups that can be read aloud. */
export function keyName(idHex: string): string {
  return idHex.slice(0, KEY_NAME_DIGITS).match(/.{4}/g)!.join(' ')
}

/** `roots` is a threshold and the ids, as the registry compares them. */
function rootKeyNames(roots: string): string {
  const [threshold, ids = ''] = roots.split('/')
  const names = ids.split(',').map(keyName)
  return names.length === 1 ? names[0]! : `${threshold} of ${names.join(', ')}`
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
