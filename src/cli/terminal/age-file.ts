import { open, stat } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import { type AgeKey, decryptStream, lockKind } from '../../crypto/age-stream.ts'
import { withPassphrase } from '../../node/ceremonies/founding-keys.ts'
import { readSecret } from '../../node/home/home.ts'
import { fileFault } from '../../node/mechanisms/file-fault.ts'
import type { CliContext } from './context.ts'
import { openChunks } from './file-chunks.ts'
import { createPassphrasePrompt, type PassphraseOptions } from './passphrase.ts'

export interface AgeFileOptions extends PassphraseOptions {
  /** A file with identities, for what recipients open. */
  readonly identity?: string
}

const START_BYTES = 64
const IDENTITIES_MAX = 32

/**
 * What is in a file of age, as it is read; `seen` is told of the bytes of the file. Throws UserError `backup-malformed`
 * where it is none, `passphrase-*`, `backup-identity`.
 */
export async function openAgeFile(
  context: CliContext,
  path: string,
  options: AgeFileOptions,
  seen: (bytes: number) => void = () => {},
): Promise<AsyncGenerator<Uint8Array, void>> {
  const lock = lockKind(await startOf(path))
  if (lock === undefined) {
    throw new UserError('backup-malformed', `${path} is no file that age encrypted`, {
      fix: 'Give a file that "tocsin backup" wrote, as it was written.',
    })
  }
  const open = async (key: AgeKey) => decryptStream(counted(await openChunks(path), seen), key)
  if (lock === 'recipients') return open({ identities: await identitiesOf(options) })
  const ask = createPassphrasePrompt(context, options)
  return withPassphrase(path, ask, passphrase => open({ passphrase }))
}

async function* counted(source: AsyncIterable<Uint8Array>, seen: (bytes: number) => void) {
  for await (const bytes of source) {
    seen(bytes.length)
    yield bytes
  }
}

async function identitiesOf({ identity }: AgeFileOptions): Promise<readonly string[]> {
  if (identity === undefined) {
    throw new UserError('backup-identity', 'the file is for recipients, and no identity is named', {
      fix: 'Give the identity of one of them with --identity FILE.',
    })
  }
  const text = Buffer.from(await readSecret(identity)).toString('utf8')
  const lines = text.split(/\r?\n/).filter(line => line !== '' && !line.startsWith('#'))
  if (lines.length > 0 && lines.length <= IDENTITIES_MAX) return lines
  throw new UserError(
    'backup-identity',
    `${identity} holds ${lines.length} identities; 1 to ${IDENTITIES_MAX} are read`,
    {
      fix: 'Give the file that "age-keygen -o FILE" wrote.',
    },
  )
}

async function startOf(path: string): Promise<Uint8Array> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no file')
    await using file = await open(path)
    const start = new Uint8Array(START_BYTES)
    await file.read(start, 0, START_BYTES, 0)
    return start
  } catch (cause) {
    const fix = 'Check its name and its permissions.'
    throw new UserError('file-unreadable', `${path} cannot be read: ${fileFault(cause)}`, { fix, cause })
  }
}
