import { Option } from 'commander'
import { UserError } from '../../base/errors.ts'
import type { AskPassphrase } from '../../node/ceremonies/founding-keys.ts'
import { readSecret } from '../../node/home/home.ts'
import type { CliContext } from './context.ts'
import { readHiddenLine } from './hidden-line.ts'

export interface PassphraseOptions {
  /** `--passphrase-file`. */
  readonly passphraseFile?: string
}

/** How often a passphrase may be typed wrong. */
const TRIES_MAX = 3

export function passphraseFileOption(): Option {
  return new Option(
    '--passphrase-file <file>',
    'a file of mode 0600 that holds the passphrase (default: TOCSIN_PASSPHRASE_FILE, else it is asked for)',
  )
}

/** A passphrase for new keys; on a terminal it is asked for twice. Throws UserError `passphrase-missing` or `passphrase-mismatch`. */
export async function askNewPassphrase(context: CliContext, options: PassphraseOptions): Promise<string> {
  const fromFile = await passphraseFromFile(context, options)
  if (fromFile !== undefined) return fromFile
  assertTerminal(context)
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    const passphrase = await readHiddenLine(context, 'New passphrase: ')
    if (passphrase === '') context.stderr.write('It may not be empty.\n')
    else if (passphrase === (await readHiddenLine(context, 'The same again: '))) return passphrase
    else context.stderr.write('The two are not the same.\n')
  }
  throw new UserError('passphrase-mismatch', `no passphrase was given in ${TRIES_MAX} tries`)
}

/**
 * For opening key files: the passphrase of the file, or up to three that are typed for each. What opened one key file is
 * tried on the next. It throws the last rejection when there is nothing else to try, or UserError `passphrase-missing`.
 */
export function createPassphrasePrompt(context: CliContext, options: PassphraseOptions): AskPassphrase {
  let known: string | undefined
  let typed = 0
  return async (path, rejected) => {
    if (rejected === undefined) typed = 0
    const fromFile = await passphraseFromFile(context, options)
    if (rejected !== undefined && (fromFile !== undefined || typed >= TRIES_MAX)) throw rejected
    if (fromFile !== undefined) return fromFile
    if (rejected === undefined && known !== undefined) return known
    assertTerminal(context)
    if (typed > 0) context.stderr.write('That was not it.\n')
    typed++
    known = await readHiddenLine(context, `Passphrase of ${path}: `)
    return known
  }
}

async function passphraseFromFile(
  { environment }: CliContext,
  { passphraseFile }: PassphraseOptions,
): Promise<string | undefined> {
  const path = passphraseFile ?? environment['TOCSIN_PASSPHRASE_FILE']
  if (path === undefined || path === '') return undefined
  const text = Buffer.from(await readSecret(path)).toString('utf8')
  const passphrase = text.replace(/\r?\n$/, '')
  if (passphrase !== '' && !/[\r\n]/.test(passphrase)) return passphrase
  throw new UserError('passphrase-missing', `${path} does not hold one line with a passphrase`, {
    fix: 'Write the passphrase into it, and nothing else.',
  })
}

function assertTerminal({ stdin, stderr }: CliContext): void {
  if (stdin.isTTY && stderr.isTTY) return
  throw new UserError('passphrase-missing', 'a passphrase is needed, and there is no terminal to ask on', {
    fix: 'Give --passphrase-file FILE or set TOCSIN_PASSPHRASE_FILE.',
  })
}
