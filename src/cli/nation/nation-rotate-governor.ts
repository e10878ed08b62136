import { link, rename } from 'node:fs/promises'
import type { NationId } from '../../base/ids.ts'
import { encryptKeyFile } from '../../crypto/key-file.ts'
import { assertKeyOf, openKeyFile } from '../../node/ceremonies/founding-keys.ts'
import { encodeNationFile, NATION_FILE_BYTES_MAX, parseNationFile } from '../../node/ceremonies/nation-file.ts'
import { newRootSecrets, publicKeyOf } from '../../node/ceremonies/new-keys.ts'
import { readHeldAlliance, readInput } from '../../node/home/founding-alliance.ts'
import { exists, type Home, writeWhole } from '../../node/home/home.ts'
import { systemRandom } from '../../node/mechanisms/random-system.ts'
import { keyName } from '../../registry/phrase.ts'
import type { RootKeyRecord } from '../../registry/root-key.ts'
import type { CliContext } from '../terminal/context.ts'
import { askNewPassphrase, createPassphrasePrompt, type PassphraseOptions } from '../terminal/passphrase.ts'
import { datedName } from './nation-rotate.ts'

/**
 * New governor keys, primary and recovery, beside the old ones, which sign until the governors have put the new in force.
 * Run again, it says what is still to do, or puts the old ones aside.
 */
export async function rotateGovernor(context: CliContext, options: PassphraseOptions): Promise<void> {
  const home = context.home()
  const file = parseNationFile(await readInput(home.nation, NATION_FILE_BYTES_MAX), home.nation)
  if (await isHalfAdopted(home)) return adopt(context, home)
  const held = await readHeldAlliance(home)
  const primary = await nextKey(context, home.governorKey, file.nation, 'primary', options)
  const recovery = await nextKey(context, home.recoveryKey, file.nation, 'recovery', options)
  await writeWhole(home.nation, encodeNationFile({ ...file, governor: { primary, recovery } }), { replace: true })

  const seat = held?.directory.registry.governors.find(({ nation }) => nation === file.nation)
  if (seat?.keys.some(({ idHex }) => idHex === primary.idHex)) return adopt(context, home)
  for (const line of whatToDo(file.nation, [primary, recovery])) context.say(line)
}

/** The primary is made first, and adopted first: where the recovery key waits alone, the last run ended between. */
async function isHalfAdopted({ governorKey, recoveryKey }: Home): Promise<boolean> {
  return !(await exists(nextOf(governorKey))) && (await exists(nextOf(recoveryKey)))
}

/** The key that waits to replace the one at `path`, made where there is none. */
async function nextKey(
  context: CliContext,
  path: string,
  nation: NationId,
  comment: string,
  options: PassphraseOptions,
): Promise<RootKeyRecord> {
  const next = nextOf(path)
  if (await exists(next)) {
    const key = await openKeyFile(next, createPassphrasePrompt(context, options))
    assertKeyOf(key, 'governor', nation)
    return key.signer.key
  }
  const secrets = newRootSecrets('governor', comment, nation, { clock: { now: Date.now }, random: systemRandom })
  context.say(`The new ${comment} governor key needs a passphrase.`)
  await writeWhole(next, await encryptKeyFile(await askNewPassphrase(context, options), secrets, context.keyFiles))
  return publicKeyOf(secrets)
}

/** The old files stay under the name of the day: they may still have to show what they have signed. */
async function adopt({ say }: CliContext, { governorKey, recoveryKey }: Home): Promise<void> {
  for (const path of [governorKey, recoveryKey]) {
    if (!(await exists(nextOf(path)))) continue
    if (await exists(path)) await link(path, datedName(path))
    await rename(nextOf(path), path)
  }
  say(`The governors have put the new keys in force: ${governorKey} and ${recoveryKey}. Keep copies of them offline.`)
}

function whatToDo(nation: NationId, keys: readonly RootKeyRecord[]): readonly string[] {
  return [
    'The new keys wait in keys/governor-next.age and keys/governor-recovery-next.age. Send the request to a governor:',
    '  tocsin nation export -O FILE     and there: tocsin alliance propose governor-rotate FILE',
    'and read these keys to the governors by telephone, who see them before they sign:',
    ...keys.map(key => `  ${nation}  ${keyName(key.idHex)}`),
    'Sign it here with the old key, or the recovery key if that is lost; where one more is asked for, with the new:',
    '  tocsin alliance sign PROPOSAL',
    '  tocsin alliance sign PROPOSAL --key keys/governor-next.age -O FILE',
    'When the change is in force here, run "tocsin nation rotate governor" again.',
  ]
}

/** `governor.age` waits as `governor-next.age`. */
function nextOf(path: string): string {
  return path.replace(/\.age$/, '-next.age')
}
