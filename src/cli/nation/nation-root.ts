import { rm } from 'node:fs/promises'
import { parseNationId } from '../../base/ids.ts'
import { encryptKeyFile } from '../../crypto/key-file.ts'
import { newRootSecrets, publicKeyOf } from '../../node/ceremonies/new-keys.ts'
import { encodeRootFile, parseRootFile, ROOT_FILE_BYTES_MAX } from '../../node/ceremonies/root-file.ts'
import { readInput } from '../../node/home/founding-alliance.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import { type OwnNation, readOwnNation } from '../../node/home/own-nation.ts'
import { systemRandom } from '../../node/mechanisms/random-system.ts'
import { nextRoots, type RootsWish } from '../../registry/next-roots.ts'
import { keyName } from '../../registry/phrase.ts'
import type { CliContext } from '../terminal/context.ts'
import { askNewPassphrase, type PassphraseOptions } from '../terminal/passphrase.ts'
import { decide } from './nation-decision.ts'
import type { OntoOption } from './nation-nodes.ts'

/** Several root keys of a nation, each held by somebody else, of whom a threshold signs. */

export interface NewRootOptions extends PassphraseOptions {
  readonly nation: string
  readonly outputFile: string
}

/** On the machine of its holder, which needs no home and no network: the secret stays, the public half is handed over. */
export async function makeRoot(context: CliContext, keyFile: string, options: NewRootOptions): Promise<void> {
  const { out, say } = context
  const { outputFile } = options
  const nation = parseNationId(options.nation)
  for (const path of [keyFile, outputFile]) if (path !== '-') await assertAbsent(path)
  const secrets = newRootSecrets('root', '', nation, { clock: { now: Date.now }, random: systemRandom })
  const root = publicKeyOf(secrets)
  const text = encodeRootFile(nation, root)

  const passphrase = await askNewPassphrase(context, options)
  await writeWhole(keyFile, await encryptKeyFile(passphrase, secrets, context.keyFiles))
  try {
    if (outputFile === '-') await out.write(text)
    else await writeWhole(outputFile, text, { mode: 0o644 })
  } catch (error) {
    await rm(keyFile, { force: true })
    throw error
  }
  say(`${keyFile} is the new root key: it stays with you; keep a copy of it offline.`)
  say('The other half is public. Hand it to who makes the document, and read this key to him by telephone:')
  say(`  ${nation}  ${keyName(root.idHex)}`)
  say('  tocsin nation root add FILE --threshold N')
}

export interface RootsOptions extends OntoOption {
  readonly threshold?: number
}

export async function addRoots(context: CliContext, files: readonly string[], options: RootsOptions): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  const add = await Promise.all(
    files.map(async file => parseRootFile(await readInput(file, ROOT_FILE_BYTES_MAX), file, own.nation)),
  )
  context.say('Compare by telephone with who holds it:')
  for (const root of add) context.say(`  ${own.nation}  ${keyName(root.idHex)}`)
  await changeRoots(context, own, { add, threshold: options.threshold }, options)
}

export async function removeRoots(context: CliContext, keys: readonly string[], options: RootsOptions): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  await changeRoots(context, own, { remove: keys, threshold: options.threshold }, options)
}

export async function changeRootThreshold(context: CliContext, threshold: number, options: OntoOption): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  await changeRoots(context, own, { threshold }, options)
}

async function changeRoots(context: CliContext, own: OwnNation, wish: RootsWish, options: OntoOption): Promise<void> {
  await decide(context, own, [nextRoots(own.doc, wish)], options)
}
