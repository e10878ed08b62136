import { UserError } from '../../base/errors.ts'
import { parseNationId } from '../../base/ids.ts'
import { visibleText } from '../../base/visible-text.ts'
import type { RegistryChange } from '../../registry/next-registry.ts'
import { branchesOf, canBeContinued } from '../../registry/split-branches.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, type Shape } from '../terminal/output.ts'
import { type KnownAlliance, requireAlliance } from './alliance-held.ts'
import { findRegistry, pinBranch } from './alliance-pin.ts'
import { proposeChanges } from './alliance-propose-run.ts'
import { type ContradictionsView, contradictionsOf, contradictionWords } from './contradictions-view.ts'

export interface ResolveOptions {
  readonly choose?: string
  readonly without?: readonly string[]
  readonly threshold?: number
  readonly validDays: number
  readonly outputFile?: string
  readonly pin?: string
  readonly yes?: boolean
  readonly output: OutputFormat
}

/** Shows what contradicts itself and how it ends, or takes one of the ways out. */
export async function resolveAlliance(context: CliContext, options: ResolveOptions): Promise<void> {
  const alliance = await requireAlliance(context)
  if (options.pin !== undefined) return pinBranch(context, alliance, options.pin, options)
  if (options.choose !== undefined) return chooseBranch(context, alliance, options.choose, options)
  if (options.without !== undefined) {
    throw new UserError('usage-invalid', '--without belongs to --choose', {
      fix: 'Name the branch with --choose HASH.',
    })
  }
  await showContradictions(context, contradictionsOf(alliance, Date.now()), options.output)
}

const CONTRADICTIONS: Shape<ContradictionsView> = {
  columns: [
    { name: 'registry_version', cell: view => view.registryVersion },
    { name: 'split_version', cell: view => view.split?.version ?? '' },
    { name: 'branches', cell: view => view.split?.branches.map(({ hash }) => hash).join(' ') ?? '' },
    { name: 'signers_of_both', cell: view => view.split?.signersOfBoth.join(' ') ?? '' },
    { name: 'pinned_out', cell: view => view.pinnedOut?.hash ?? '' },
    { name: 'nations_held_up', cell: view => view.nations.map(({ nation }) => nation).join(' ') },
  ],
}

/** Exit status 1 while something is open. */
async function showContradictions(
  { out, say, setExitStatus }: CliContext,
  view: ContradictionsView,
  output: OutputFormat,
): Promise<void> {
  const paragraphs = contradictionWords(view)
  if (output !== 'table') await printRecord(out, output, view, CONTRADICTIONS)
  else for (const lines of paragraphs) await out.write(`${lines.map(visibleText).join('\n')}\n\n`)
  if (paragraphs.length > 0) setExitStatus(EXIT_NO)
  else
    say(`Nothing contradicts itself: registry version ${view.registryVersion} is in force, and no nation is held up.`)
}

/** the only branch that has a successor is preferred, so the governors decide by continuing one. */
async function chooseBranch(
  context: CliContext,
  alliance: KnownAlliance,
  name: string,
  options: ResolveOptions,
): Promise<void> {
  const { split } = alliance.directory
  if (split === undefined) {
    throw new UserError('change-void', 'there is no split: one registry is in force', {
      fix: 'Changes of it begin with "tocsin alliance propose".',
    })
  }
  const doc = findRegistry(alliance, name)
  const branches = branchesOf(alliance.evidence, split)
  const branch = branches.find(({ doc: sibling, tips }) => sibling === doc || tips.includes(doc))
  if (branch === undefined) {
    throw new UserError('pin-unknown', `${name} names no branch of the split`, {
      fix: 'Name one that "tocsin alliance resolve" prints.',
    })
  }
  const [tip, ...others] = branch.tips.includes(doc) ? [doc] : branch.tips
  if (others.length > 0 || !canBeContinued(branches, branch.doc.hash)) {
    throw new UserError('split-continued', 'more than one branch is continued already: no further version can decide', {
      fix: 'Agree by telephone; then every operator runs: tocsin alliance resolve --pin HASH',
    })
  }
  const on = tip!.hash
  const { validDays, outputFile } = options
  await proposeChanges(context, changesOf(options), { on, validDays, ...(outputFile !== undefined && { outputFile }) })
}

/** Without a governor to remove the version only continues its branch. */
function changesOf({ without = [], threshold }: ResolveOptions): readonly RegistryChange[] {
  const removals = without.map((id): RegistryChange => {
    const nation = parseNationId(id)
    return { kind: 'governor-remove', nation, ...(threshold !== undefined && { threshold }) }
  })
  if (removals.length > 0) return removals
  return threshold === undefined ? [{ kind: 'renew' }] : [{ kind: 'threshold', threshold }]
}
