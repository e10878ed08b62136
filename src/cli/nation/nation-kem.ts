import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { encodeKemKeys } from '../../crypto/node-key-file.ts'
import { decryptWithPassphrase, encryptWithPassphrase } from '../../crypto/passphrase-file.ts'
import { withPassphrase } from '../../node/ceremonies/founding-keys.ts'
import { addKemKeys } from '../../node/ceremonies/kem-ceremony.ts'
import { assertHoldsKeys } from '../../node/home/edge-home.ts'
import { assertAbsent, readConfig, readKemKeys, readNodeKeys, readSecret, writeWhole } from '../../node/home/home.ts'
import { readNodeHome } from '../../node/home/own-nation.ts'
import type { CliContext } from '../terminal/context.ts'
import { askNewPassphrase, createPassphrasePrompt, type PassphraseOptions } from '../terminal/passphrase.ts'

/** The KEM secrets of the nation for its other sites, and for an escrow: they are in no backup. */

export interface KemExportOptions extends PassphraseOptions {
  readonly outputFile: string
}

export async function exportKemKeys(context: CliContext, { outputFile, ...options }: KemExportOptions): Promise<void> {
  const home = context.home()
  const { nation } = await readNodeHome(home, context.environment)
  const keys = await readKemKeys(home)
  if (keys.length === 0) {
    throw new UserError('nation-observes', `${home.path} observes: it holds no KEM key`, {
      fix: 'Run this at a node of the nation that reads.',
    })
  }
  await assertAbsent(outputFile)
  const passphrase = await askNewPassphrase(context, options)
  await writeWhole(outputFile, await encryptWithPassphrase(passphrase, encodeKemKeys(nation, keys), context.keyFiles))
  context.say(`${outputFile} opens everything that is sealed to ${nation}, for who knows the passphrase.`)
  context.say('Bring it to the other site by hand, then: tocsin nation kem-import FILE. Destroy it afterwards.')
}

export async function importKemKeys(context: CliContext, file: string, options: PassphraseOptions): Promise<void> {
  const home = context.home()
  const { nation } = await readConfig(home, context.environment)
  assertHoldsKeys(await readNodeKeys(home))
  const encrypted = await readSecret(file)
  const ask = createPassphrasePrompt(context, options)
  const content = await withPassphrase(file, ask, passphrase => decryptWithPassphrase(passphrase, encrypted))
  const added = await addKemKeys(home, nation, content)
  context.say(added === 0 ? 'All of these KEM keys were here already.' : `${added} KEM keys were added.`)
  if (await reload(context)) context.say('The running daemon has taken them over, and opens what waited for them.')
}

const NOT_RUNNING: readonly ErrorCode[] = ['daemon-not-running', 'home-missing']

/** False where no daemon runs: it reads them when it starts. */
async function reload(context: CliContext): Promise<boolean> {
  try {
    await context.client().reloadKemKeys()
    return true
  } catch (error) {
    if (error instanceof TocsinError && NOT_RUNNING.includes(error.code)) return false
    throw error
  }
}
