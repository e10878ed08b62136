import { fromBase64 } from '../../base/bytes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { type HeldAlliance, operatorPins, readHeldAlliance } from '../../node/home/founding-alliance.ts'
import { openDirectory } from '../../registry/open-directory.ts'
import { openEvidence } from '../../registry/open-evidence.ts'
import type { Pin } from '../../registry/registry-state.ts'
import { parseSignedDoc } from '../../registry/signed-doc.ts'
import { parseTrust } from '../../registry/trust-string.ts'
import type { CliContext } from '../terminal/context.ts'

/** The alliance of a home, and the pins under which its registry is chosen. */
export interface KnownAlliance extends HeldAlliance {
  readonly pins: readonly Pin[]
}

/**
 * What is in force here: as the running daemon has it, which also pins what was in force for long, or else as the files
 * of the home say. Throws UserError `registry-missing`.
 */
export async function requireAlliance(context: CliContext): Promise<KnownAlliance> {
  const home = context.home()
  const held = await readHeldAlliance(home)
  if (held !== undefined) return (await readLive(context, held)) ?? { ...held, pins: operatorPins(held.trust) }
  throw new UserError('registry-missing', `${home.path} belongs to no alliance yet`, {
    fix: 'Run "tocsin alliance found …" or "tocsin init INVITE --trust FINGERPRINT" first.',
  })
}

async function readLive(context: CliContext, { trust }: HeldAlliance): Promise<KnownAlliance | undefined> {
  const client = context.client()
  try {
    const inForce = parseTrust((await client.registry()).trust)
    const evidence = openEvidence((await client.documents()).map(text => parseSignedDoc(fromBase64(text))))
    const pins = operatorPins(inForce)
    const directory = openDirectory(evidence, pins)
    return directory && { evidence, directory, trust, pins }
  } catch (error) {
    if (error instanceof TocsinError && error.code === 'daemon-not-running') return undefined
    throw error
  }
}
