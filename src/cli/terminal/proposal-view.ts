import { PROPOSAL_FILE_BYTES_MAX, parseProposalFile } from '../../node/ceremonies/proposal-file.ts'
import { allianceNameOf } from '../../node/ceremonies/proposal-signing.ts'
import { readInput } from '../../node/home/founding-alliance.ts'
import type { Council } from '../../registry/council.ts'
import { describeNationChange, describeRegistryChange } from '../../registry/describe-change.ts'
import { describeImposed } from '../../registry/describe-imposed.ts'
import { type OpenProposal, openProposal, proposalTrust } from '../../registry/proposal.ts'
import { registryBaseOf } from '../../registry/registry-base.ts'
import { registryState } from '../../registry/registry-state.ts'
import { DOC_TYPE } from '../../registry/signed-doc.ts'
import { fingerprint, trustOf, trustWords } from '../../registry/trust-string.ts'
import type { CliContext } from './context.ts'
import { type OutputFormat, printRows, type Shape } from './output.ts'

/** Reads a proposal and verifies it whole. Throws UserError `file-*`, `proposal-*`, and what nobody would accept. */
export async function readProposal(path: string): Promise<OpenProposal> {
  return openProposal(parseProposalFile(await readInput(path, PROPOSAL_FILE_BYTES_MAX), path), Date.now())
}

/** What a signer has to understand: what changes, on what it builds, what to compare, and who signs. */
export function proposalWords(open: OpenProposal): readonly string[] {
  const { change, evidence, councils } = open
  const diff =
    change.type === DOC_TYPE.REGISTRY
      ? [...describeRegistryChange(change.before, change.after), ...imposed(open)]
      : describeNationChange(change.before, change.after)
  const registry = change.type === DOC_TYPE.REGISTRY ? change.before : evidence && registryState(evidence, [])?.inForce
  const trust = proposalTrust(open)
  return [
    ...diff,
    ...warningsAgain(diff),
    ...(registry === undefined
      ? []
      : [`It builds on registry version ${registry.version}, fingerprint ${fingerprint(trustOf(registry))}.`]),
    `Fingerprint of this proposal: ${fingerprint(trust)}`,
    `  in words: ${trustWords(trust).join(' ')}`,
    signersOf(councils),
  ]
}

/** Pins that the two versions alone do not tell from any other. */
function imposed({ change, evidence }: OpenProposal): readonly string[] {
  if (change.type !== DOC_TYPE.REGISTRY || change.before === undefined || evidence === undefined) return []
  const base = registryBaseOf(evidence, change.before.hash)
  return base === undefined ? [] : describeImposed(base, change.after)
}

/** More than fits on a screen: nobody can hide what may harm behind what does not. */
function warningsAgain(diff: readonly string[]): readonly string[] {
  const warnings = diff.filter(line => line.startsWith('ATTENTION'))
  return diff.length <= SCREEN_LINES || warnings.length === 0 ? [] : ['Above all:', ...warnings]
}

const SCREEN_LINES = 20

/** One sentence where the same must sign before and after. */
function signersOf(councils: readonly Council[]): string {
  const phrases = councils.map(({ threshold, seats }) => `${threshold} of ${seats.map(({ name }) => name).join(', ')}`)
  const [before, after] = phrases
  if (after === undefined || after === before) return `Must sign: ${before}`
  return `Must sign: ${before} (as it is now), and ${after} (as it will be)`
}

/** Whether each of those who may sign has done so. */
interface SeatView {
  readonly version: number
  readonly name: string
  readonly hasSigned: boolean
  /** Signatures that the version needs. */
  readonly needed: number
}

const SEATS: Shape<SeatView> = {
  columns: [
    { name: 'of version', cell: view => view.version },
    { name: 'who', cell: view => view.name },
    { name: 'signed', cell: view => (view.hasSigned ? 'yes' : 'not yet') },
    { name: 'needed', cell: view => view.needed },
  ],
}

export async function printSeats({ out }: CliContext, output: OutputFormat, { councils }: OpenProposal): Promise<void> {
  const views = councils.flatMap(({ version, threshold, seats, signed }) =>
    seats.map(seat => ({ version, name: seat.name, hasSigned: signed.includes(seat), needed: threshold })),
  )
  await printRows(out, output, views, SEATS)
}

/** `exercise-v2` for a registry, `exercise-deu-v3` for a nation's document, `exercise` for a founding. */
export function stemOf(open: OpenProposal): string {
  const { type, before, after } = open.change
  const name = fileStem(allianceNameOf(open))
  if (type === DOC_TYPE.NATION) return `${name}-${after.nation.toLowerCase()}-v${after.version}`
  return before === undefined ? name : `${name}-v${after.version}`
}

/** `Exercise Autumn` becomes `exercise-autumn`. */
export function fileStem(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return plain === '' ? 'alliance' : plain
}
