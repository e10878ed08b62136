import { UserError } from '../../base/errors.ts'
import { type NationId, parseNationId } from '../../base/ids.ts'
import { visibleText } from '../../base/visible-text.ts'
import { openAlliance, readAllianceFile } from '../../node/home/founding-alliance.ts'
import type { DocumentStanding } from '../../registry/document-standing.ts'
import type { EvidenceSet } from '../../registry/evidence.ts'
import { listOf, momentOf, shortId } from '../../registry/phrase.ts'
import { type Pin, registryState } from '../../registry/registry-state.ts'
import { type StorySigner, type StoryStep, tellStory } from '../../registry/story.ts'
import type { CliContext } from '../terminal/context.ts'
import { createRowWriter, type OutputFormat, type Shape, timeCell } from '../terminal/output.ts'
import { requireAlliance } from './alliance-held.ts'

export interface LogOptions {
  readonly output: OutputFormat
  readonly nation?: string
}

const STEP: Shape<StoryStep> = {
  columns: [
    { name: 'issued', cell: step => timeCell(step.issuedMs) },
    { name: 'document', cell: step => step.document },
    { name: 'nation', cell: step => step.nation },
    { name: 'version', cell: step => step.version },
    { name: 'hash', cell: step => step.hash },
    { name: 'standing', cell: step => step.standing },
    { name: 'signers', cell: step => step.signers.map(({ nation, key }) => `${nation}/${key}`).join(' ') },
    { name: 'changes', cell: step => step.changes.join(' ') },
  ],
}

/** The story of a file, or of the alliance of the home. */
export async function logAlliance(context: CliContext, file: string | undefined, options: LogOptions): Promise<void> {
  const { out } = context
  const nation = options.nation === undefined ? undefined : parseNationId(options.nation)
  const { evidence, pins } = await readEvidence(context, file)
  const steps = tellStory(evidence, registryState(evidence, pins)!)
  const told = nation === undefined ? steps : stepsOf(steps, nation)
  if (options.output === 'table') {
    for (const step of told) await out.write(paragraph(step))
    return
  }
  const writer = createRowWriter(out, options.output, STEP)
  await writer.write(told)
  await writer.end()
}

async function readEvidence(
  context: CliContext,
  file: string | undefined,
): Promise<{ readonly evidence: EvidenceSet; readonly pins: readonly Pin[] }> {
  if (file !== undefined) return { evidence: openAlliance(await readAllianceFile(file)).evidence, pins: [] }
  return requireAlliance(context)
}

function stepsOf(steps: readonly StoryStep[], nation: NationId): readonly StoryStep[] {
  const own = steps.filter(({ concerns }) => concerns.includes(nation))
  if (own.length > 0) return own
  throw new UserError('registry-not-member', `no document here is of ${nation} or names it`, {
    fix: 'Check the id of the nation: "tocsin alliance show" lists them.',
  })
}

const STANDINGS: Readonly<Record<DocumentStanding, string>> = {
  current: 'in force',
  past: '',
  open: 'NOT IN FORCE: several contradict each other, see "tocsin alliance resolve"',
  aside: 'NOT IN FORCE: another of this version was preferred',
}

function paragraph(step: StoryStep): string {
  const { document, nation, version, hash, issuedMs, standing, signers, changes } = step
  const what = document === 'registry' ? `registry version ${version}` : `document ${version} of ${nation}`
  const head = [momentOf(issuedMs), what, shortId(hash), STANDINGS[standing]].filter(Boolean).join('  ')
  const lines = [head, `  signed by ${listOf(signers.map(signerName))}`, ...changes.map(change => `  ${change}`)]
  return `${lines.map(visibleText).join('\n')}\n\n`
}

function signerName({ nation, key, keyId }: StorySigner): string {
  return `${nation} (${key} key ${shortId(keyId)})`
}
