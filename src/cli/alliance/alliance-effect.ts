import { toBase64 } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { type Alliance, installAlliance } from '../../node/home/founding-alliance.ts'
import type { Home } from '../../node/home/home.ts'
import { documentsOf } from '../../registry/evidence.ts'
import { encodeSignedDoc } from '../../registry/signed-doc.ts'
import { encodeTrust, type Trust } from '../../registry/trust-string.ts'
import type { ControlClient } from '../terminal/client.ts'
import type { CliContext } from '../terminal/context.ts'

/** Well below what one request may hold. */
const REQUEST_DIGITS_MAX = 8 * 1024 * 1024
const REQUEST_DOCUMENTS_MAX = 1024

const NOT_RUNNING: readonly ErrorCode[] = ['daemon-not-running', 'home-missing']

/** `live`: the running daemon has it in force. `installed`: it will be when the daemon starts. */
export type Effect = 'live' | 'installed'

/**
 * Puts verified documents and the operator's pin in force: in the running daemon, at once, or else in the home.
 * Throws what the daemon answers, and its refusal of a document as a UserError.
 */
export async function takeEffect(context: CliContext, home: Home, alliance: Alliance, trust: Trust): Promise<Effect> {
  const client = context.client()
  if (!(await isRunning(client))) {
    await installAlliance(home, alliance, trust)
    return 'installed'
  }
  for (const documents of parts(documentsOf(alliance.evidence).map(doc => toBase64(encodeSignedDoc(doc))))) {
    const { refused } = await client.applyDocuments(documents)
    if (refused[0] !== undefined) throw refusalOf(refused[0])
  }
  await client.pin(encodeTrust(trust))
  return 'live'
}

/** A daemon that does not answer is none that may be passed over: its home is not to be written beside it. */
async function isRunning(client: ControlClient): Promise<boolean> {
  try {
    await client.status()
    return true
  } catch (error) {
    if (error instanceof TocsinError && NOT_RUNNING.includes(error.code)) return false
    throw error
  }
}

function* parts(documents: readonly string[]): Generator<readonly string[]> {
  let part: string[] = []
  let digits = 0
  for (const document of documents) {
    if (part.length >= REQUEST_DOCUMENTS_MAX || digits + document.length > REQUEST_DIGITS_MAX) {
      yield part
      part = []
      digits = 0
    }
    part.push(document)
    digits += document.length
  }
  if (part.length > 0) yield part
}

function refusalOf({ code, reason }: { readonly code: string; readonly reason: string }): UserError {
  return new UserError('documents-refused', `the daemon refused a document: ${reason} (${code})`, {
    fix: 'Look at "tocsin status"; when what it names is mended, run this command again.',
    data: { refusal: code },
  })
}
