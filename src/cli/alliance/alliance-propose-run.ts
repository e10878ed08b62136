import { resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { encodeProposalFile } from '../../node/ceremonies/proposal-file.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import type { DocHashHex } from '../../registry/doc-fields.ts'
import { documentsOf, type EvidenceSet } from '../../registry/evidence.ts'
import { planRegistry, type RegistryChange } from '../../registry/next-registry.ts'
import { draftOf, openProposal } from '../../registry/proposal.ts'
import { type RegistryBase, registryBaseOf } from '../../registry/registry-base.ts'
import type { RegistrySplit } from '../../registry/registry-state.ts'
import { DOC_TYPE } from '../../registry/signed-doc.ts'
import type { CliContext } from '../terminal/context.ts'
import { proposalWords, readProposal, stemOf } from '../terminal/proposal-view.ts'
import { requireAlliance } from './alliance-held.ts'

export interface ProposeOptions {
  readonly onto?: string
  readonly on?: string
  readonly validDays: number
  readonly outputFile?: string
}

/** What the new version builds on, and the draft to which the change is added. */
interface Start {
  readonly evidence: EvidenceSet
  readonly base: RegistryBase
  readonly draft: Uint8Array | undefined
}

/** Writes a proposal with the changes; nothing is signed, and nothing takes effect. */
export async function proposeChanges(
  context: CliContext,
  changes: readonly RegistryChange[],
  options: ProposeOptions,
): Promise<void> {
  const { say } = context
  const { evidence, base, draft } =
    options.onto === undefined ? await startHere(context, options) : await startOnto(options.onto)
  const nowMs = Date.now()
  const plan = planRegistry(base, changes, { nowMs, validDays: options.validDays }, draft)
  const open = openProposal(draftOf(DOC_TYPE.REGISTRY, plan.docBytes, documentsOf(evidence)), nowMs)
  const file = resolve(options.outputFile ?? options.onto ?? `${stemOf(open)}.proposal`)
  const isSame = options.onto !== undefined && file === resolve(options.onto)
  if (!isSame) await assertAbsent(file)
  await writeWhole(file, encodeProposalFile(open.proposal), { mode: 0o644, replace: isSame })

  for (const line of proposalWords(open)) say(line)
  say(`Nothing has changed yet. Give ${file} to the governors; each runs, where the governor key is:`)
  say('  tocsin alliance sign PROPOSAL')
  say('and sends the signature back, for: tocsin alliance assemble PROPOSAL SIGNATURE…')
}

async function startHere(context: CliContext, { on }: ProposeOptions): Promise<Start> {
  const { evidence, directory } = await requireAlliance(context)
  if (on === undefined && directory.split !== undefined) throw chooseOne(directory.split)
  const base = registryBaseOf(evidence, (on?.toLowerCase() ?? directory.registry.hash) as DocHashHex)
  if (base !== undefined) return { evidence, base, draft: undefined }
  throw new UserError('change-value', `no registry with the hash ${on} is here`, {
    fix: 'Name one that "tocsin alliance log" or "tocsin alliance resolve" prints.',
  })
}

async function startOnto(path: string): Promise<Start> {
  const { change, evidence, proposal } = await readProposal(path)
  if (proposal.sigs.length > 0) {
    throw new UserError('proposal-signed', `${path} is signed already, and so cannot change any more`, {
      fix: 'Propose all changes anew; who has signed this one gives it up with --abandon.',
    })
  }
  const base = change.before && evidence && registryBaseOf(evidence, change.before.hash)
  if (change.type === DOC_TYPE.REGISTRY && base !== undefined && evidence !== undefined) {
    return { evidence, base, draft: proposal.docBytes }
  }
  throw new UserError('proposal-malformed', `${path} changes no registry: it is a founding, or of one nation alone`, {
    fix: 'Leave out --onto.',
  })
}

/** who builds on the version before them would only add another one. */
function chooseOne({ siblings }: RegistrySplit): UserError {
  const hashes = siblings.map(({ hash }) => hash).join(' or ')
  return new UserError(
    'proposal-outdated',
    `there are ${siblings.length} registries of version ${siblings[0]!.version}`,
    {
      fix: `Agree with the other governors on one of them, and name it: --on ${hashes}`,
    },
  )
}
