import { FILE_FORMAT, type FileFormat } from '../../audit/file.ts'
import { UserError } from '../../base/errors.ts'
import { readInput } from '../../node/home/founding-alliance.ts'
import { openChunks } from '../terminal/file-chunks.ts'

/** As the path of a file, standard input. */
export const STDIN = '-'

const KINDS: Readonly<Record<FileFormat, { readonly is: string; readonly fix: string }>> = {
  audit: { is: 'export', fix: 'Verify it with "tocsin audit verify FILE --trust FINGERPRINT".' },
  proof: { is: 'proof of one entry', fix: 'Judge it with "tocsin audit check FILE --trust FINGERPRINT".' },
  bundle: { is: 'bundle', fix: 'Take it in with "tocsin bundle import FILE".' },
}

/** The bytes of an export, as they are read. Throws UserError `file-unreadable`, and `usage-invalid` for another kind. */
export async function openExport(path: string): Promise<AsyncGenerator<Uint8Array, void>> {
  return ofKind(path, await openChunks(path), 'audit')
}

/** The same of a bundle, which may come on standard input. */
export async function openBundle(path: string, stdin: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  return path === STDIN ? stdin : ofKind(path, await openChunks(path), 'bundle')
}

async function ofKind(path: string, chunks: AsyncGenerator<Uint8Array, void>, kind: FileFormat) {
  const first = await chunks.next()
  if (first.done === true) return chunks
  try {
    assertKind(path, first.value, kind)
  } catch (error) {
    await chunks.return()
    throw error
  }
  return (async function* () {
    yield first.value
    yield* chunks
  })()
}

/** The bytes of a proof of one entry. Throws UserError `file-unreadable`, `file-too-large`, and `usage-invalid` for another kind. */
export async function readProof(path: string, bytesMax: number): Promise<Uint8Array> {
  const bytes = await readInput(path, bytesMax).catch(async error => {
    // an export may well be longer than any proof
    if (error instanceof UserError && error.code === 'file-too-large') await openOther(path)
    throw error
  })
  assertKind(path, bytes, 'proof')
  return bytes
}

async function openOther(path: string): Promise<void> {
  for await (const start of await openChunks(path)) return assertKind(path, start, 'proof')
}

function assertKind(path: string, start: Uint8Array, wanted: FileFormat): void {
  const found = (Object.keys(FILE_FORMAT) as FileFormat[]).find(kind => {
    const opening = FILE_FORMAT[kind]
    return Buffer.from(start.subarray(0, opening.length)).equals(Buffer.from(opening))
  })
  if (found === undefined || found === wanted) return
  const { is, fix } = KINDS[found]
  const article = is === 'export' ? 'an' : 'a'
  throw new UserError('usage-invalid', `${path} is ${article} ${is}, and no ${KINDS[wanted].is}`, {
    fix: fix.replace('FILE', path),
  })
}
