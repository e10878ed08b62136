/** The worker of the page: reads and checks the file, so that the page stays alive. */

import { FILE_FORMAT } from '../audit/file.ts'
import { judgeProofFile } from '../audit/proof-check.ts'
import { PROOF_FILE_BYTES_MAX } from '../audit/proof-file.ts'
import { UserError } from '../base/errors.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { parseTrustClaim, type TrustClaim } from '../registry/trust-claim.ts'
import { checkExport } from './check-export.ts'
import type { EntryIndex } from './entry-index.ts'
import type { Answer, Request } from './messages.ts'
import { readRows } from './row-reader.ts'
import { openWebCryptoEd25519, type SubtleEd25519 } from './webcrypto-ed25519.ts'

/** What a dedicated worker has; the library of types knows a window only. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null
  postMessage(answer: Answer): void
}

const scope = globalThis as unknown as WorkerScope
const PROGRESS_MS = 100

let checked: { readonly file: Blob; readonly index: EntryIndex } | undefined

scope.onmessage = ({ data }) => {
  answer(data).catch((error: unknown) => scope.postMessage(refusal(error)))
}

async function answer(request: Request): Promise<void> {
  if (request.kind === 'check') return check(request.file, request.trust)
  if (checked === undefined) return
  const { file, index } = checked
  const run = index.run(request.run)
  const { id } = request
  if (request.kind === 'rows') {
    const place = run.placeOf(request.from)
    const rows = place === undefined ? [] : await readRows(file, place)
    scope.postMessage({ kind: 'rows', id, from: place?.first ?? request.from, rows })
    return
  }
  const place = run.placeNear(request.seq)
  const rows = place === undefined ? [] : await readRows(file, place)
  const at = rows.findIndex(row => row.kind === 'entry' && row.seq >= request.seq)
  scope.postMessage({ kind: 'found', id, row: place && place.first + Math.max(0, at) })
}

async function check(file: Blob, trustText: string): Promise<void> {
  const trust = trustText.trim() === '' ? undefined : parseTrustClaim(trustText)
  const start = await file.slice(0, FILE_FORMAT.proof.length).text()
  if (start === FILE_FORMAT.proof) {
    const bytes = new Uint8Array(await file.slice(0, PROOF_FILE_BYTES_MAX + 1).arrayBuffer())
    scope.postMessage({ kind: 'checked', checked: { format: 'proof', result: await judgeProofFile(bytes, trust) } })
    return
  }
  if (start !== FILE_FORMAT.audit.slice(0, start.length)) throw notOurs()
  await audit(file, trust)
}

async function audit(file: Blob, trust: TrustClaim | undefined): Promise<void> {
  const native = await openWebCryptoEd25519(browserEd25519(globalThis.crypto?.subtle))
  let reportedMs = 0
  const startedMs = performance.now()
  const { result, index } = await checkExport({
    source: chunksOf(file),
    trust,
    verify: native ?? (async (...given) => verifyEd25519(...given)),
    onProgress({ bytes, entries }) {
      if (performance.now() - reportedMs < PROGRESS_MS) return
      reportedMs = performance.now()
      scope.postMessage({ kind: 'progress', bytes, bytesTotal: file.size, entries })
    },
  })
  const seconds = (performance.now() - startedMs) / 1000
  checked = { file, index }
  const runs = result.logs.map((_, number) => {
    const { entries, bars } = index.run(number)
    return { entries, bars }
  })
  const speed = {
    by: native === undefined ? 'portable' : 'browser',
    signatures: result.counts.signatures,
    seconds,
  } as const
  scope.postMessage({ kind: 'checked', checked: { format: 'audit', result, runs, speed } })
}

function notOurs(): UserError {
  return new UserError('audit-file-malformed', 'the file is neither an export nor a proof of Tocsin', {
    fix: `It would begin with "${FILE_FORMAT.audit}" or "${FILE_FORMAT.proof}". Ask for what "tocsin audit export" or "tocsin audit prove" wrote.`,
  })
}

/** Not all browsers let a stream be iterated over. */
async function* chunksOf(file: Blob): AsyncGenerator<Uint8Array, void> {
  const reader = file.stream().getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
}

/** `subtle` is there in a secure context alone, which a page from the disk is. */
function browserEd25519(subtle: SubtleCrypto | undefined): SubtleEd25519<CryptoKey> | undefined {
  if (subtle === undefined) return undefined
  const plain = (bytes: Uint8Array) => new Uint8Array(bytes)
  return {
    importKey: publicKey => subtle.importKey('raw', plain(publicKey), 'Ed25519', false, ['verify']),
    verify: (key, signature, message) => subtle.verify('Ed25519', key, plain(signature), plain(message)),
  }
}

function refusal(error: unknown): Answer {
  const fix = error instanceof UserError ? (error.fix ?? '') : ''
  return { kind: 'refused', sentence: error instanceof Error ? error.message : String(error), fix }
}
