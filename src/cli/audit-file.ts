import { FILE_FORMAT } from '../audit/file.ts'
import { UserError } from '../base/errors.ts'
import { readInput } from '../node/founding-alliance.ts'
import { openChunks } from './file-chunks.ts'

type Kind = 'audit' | 'proof'

/** What a file of the other kind is to be given to. */
const OTHER: Readonly<Record<Kind, { readonly kind: Kind; readonly is: string; readonly fix: string }>> = {
  audit: {
    kind: 'proof',
    is: 'is the proof of one entry, and no export',
    fix: 'Judge it with "tocsin audit check FILE --trust FINGERPRINT".',
  },
  proof: {
    kind: 'audit',
    is: 'is an export, and no proof of one entry',
    fix: 'Verify it with "tocsin audit verify FILE --trust FINGERPRINT".',
  },
}

/** The bytes of an export, as they are read. Throws UserError `file-unreadable`, and `usage-invalid` for a proof. */
export async function openExport(path: string): Promise<AsyncGenerator<Uint8Array, void>> {
  const chunks = await openChunks(path)
  const first = await chunks.next()
  if (first.done === true) return chunks
  assertKind(path, first.value, 'audit')
  return (async function* () {
    yield first.value
    yield* chunks
  })()
}

/** The bytes of a proof of one entry. Throws UserError `file-unreadable`, `file-too-large`, and `usage-invalid` for an export. */
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

function assertKind(path: string, start: Uint8Array, kind: Kind): void {
  const other = OTHER[kind]
  if (!Buffer.from(start.subarray(0, FILE_FORMAT[other.kind].length)).equals(Buffer.from(FILE_FORMAT[other.kind])))
    return
  throw new UserError('usage-invalid', `${path} ${other.is}`, { fix: other.fix.replace('FILE', path) })
}
