import { ProtocolError, TocsinError } from '../../base/errors.ts'
import { parseClaim } from '../../node/ceremonies/founding-trust.ts'
import { type Alliance, pinAlliance, readAllianceFile } from '../../node/home/founding-alliance.ts'
import { docHashHex } from '../../registry/doc-fields.ts'
import { type EvidenceSet, validDocs } from '../../registry/evidence.ts'
import { judgeDocuments, type UntakenDocument } from '../../registry/open-evidence.ts'
import { countOf, shortId } from '../../registry/phrase.ts'
import { DOC_TYPE } from '../../registry/signed-doc.ts'
import type { Trust } from '../../registry/trust-string.ts'
import type { CliContext } from '../terminal/context.ts'
import { describeFailure } from '../terminal/error-text.ts'
import { EXIT_NO } from '../terminal/exit.ts'
import type { OutputFormat } from '../terminal/output.ts'
import { allianceViewOf, printAlliance } from './alliance-view.ts'

export interface VerifyOptions {
  readonly output: OutputFormat
  readonly trust?: string
}

/** `verify` alone: it cannot be said whether the documents hold. */
const EXIT_UNJUDGED = 2

/** Uses no home, no daemon and no network. A refusal is the answer, not a failure of the command. */
export async function verifyAlliance(context: CliContext, file: string, options: VerifyOptions): Promise<void> {
  try {
    await verify(context, file, options)
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code === 'trust-string-malformed') throw error
    context.stderr.write(describeFailure(error).text)
    const isRefused = error instanceof ProtocolError || error.code === 'registry-fingerprint-mismatch'
    context.setExitStatus(isRefused ? EXIT_NO : EXIT_UNJUDGED)
  }
}

async function verify(context: CliContext, file: string, { trust, output }: VerifyOptions): Promise<void> {
  const { evidence, untaken } = judgeDocuments(await readAllianceFile(file))
  if (untaken.length > 0) return tellUntaken(context, untaken)
  const alliance = pinAlliance(evidence, undefined)
  const confirmed = trust === undefined ? undefined : parseClaim(trust, alliance)
  const { directory } = confirmed === undefined ? alliance : pinAlliance(evidence, confirmed)
  await printAlliance(context, output, allianceViewOf(directory))
  for (const line of describeProof({ evidence, directory }, confirmed)) context.say(line)
}

function tellUntaken(context: CliContext, untaken: readonly UntakenDocument[]): void {
  for (const { signed, refusal } of untaken) {
    const name = `the ${signed.type === DOC_TYPE.REGISTRY ? 'registry' : 'nation'} document ${shortId(docHashHex(signed.hash))}`
    const text =
      refusal === undefined
        ? `error alliance-incomplete: ${name} waits: what it builds on is not in the file, or no registry in it binds its nation\n`
        : `error ${refusal.code}: ${name} is refused: ${refusal.reason}\n`
    context.stderr.write(text)
  }
  context.setExitStatus(untaken.some(({ refusal }) => refusal !== undefined) ? EXIT_NO : EXIT_UNJUDGED)
}

/** What the signatures prove, in plain words. */
function describeProof({ evidence, directory }: Alliance, confirmed: Trust | undefined): string[] {
  const { chain, registry, split } = directory
  const nations = [...evidence.nations.values()].map(validDocs).filter(docs => docs.length > 0)
  const besides = evidence.registries.size - chain.length - (split?.open.length ?? 0)
  return [
    `Proved from the documents alone: each of the registry versions 1 to ${registry.version} is signed by a threshold of the governors before it and of its own.`,
    ...(nations.length === 0
      ? []
      : [
          `${countOf(documentsIn(evidence), 'document')} of ${countOf(nations.length, 'nation')} are signed by the root keys that these versions bind.`,
        ]),
    ...(besides > 0
      ? [
          `${countOf(besides, 'registry document')} of branches that are not in force are in the file too: tocsin alliance log FILE`,
        ]
      : []),
    confirmed === undefined
      ? 'Every signature holds. Whether this is the right alliance, only --trust can tell.'
      : `Version ${confirmed.version} is the one that you named.`,
  ]
}

function documentsIn({ nations }: EvidenceSet): number {
  return [...nations.values()].reduce((sum, { valid }) => sum + valid.size, 0)
}
