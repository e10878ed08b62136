import { resolve } from 'node:path'
import { readAuditFile } from '../../audit/file.ts'
import type { EndPart } from '../../audit/part.ts'
import { concat } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { parseNationId } from '../../base/ids.ts'
import type { BundleOrder } from '../../node/bundles/bundle-commands.ts'
import { REQUEST_BYTES_MAX } from '../../node/bundles/bundle-request.ts'
import { assertAbsent, fillWhole } from '../../node/home/home.ts'
import { countOf } from '../../registry/phrase.ts'
import { openByteProgress } from '../terminal/byte-progress.ts'
import type { CliContext } from '../terminal/context.ts'
import { openChunks } from '../terminal/file-chunks.ts'

export interface BundleExportOptions {
  readonly outputFile: string
  readonly for?: string
  /** Milliseconds since the epoch. */
  readonly since?: number
  readonly request?: string
  readonly force?: boolean
}

/** What arrives is checked for being whole while it is written; nothing is left of what is not. */
export async function exportBundle(context: CliContext, options: BundleExportOptions): Promise<void> {
  const path = resolve(options.outputFile)
  const replace = options.force === true
  if (!replace) await assertAbsent(path)
  const source = await context.client().exportBundle(await orderOf(options))
  using progress = openByteProgress(context, 'writing', undefined)
  let end: EndPart | undefined
  await fillWhole(
    path,
    async write => {
      const copied = copyTo(source, async bytes => {
        await write(bytes)
        progress.add(bytes.length)
      })
      for await (const { part } of readAuditFile(copied, 'bundle')) if (part.kind === 'end') end = part
    },
    { replace },
  )
  const { documents = 0, evidence = 0, entries = 0, logs = 0 } = end ?? {}
  const pieces = [countOf(documents, 'document'), countOf(evidence, 'piece of evidence', 'pieces of evidence')]
  const ofLogs = `${countOf(entries, 'entry', 'entries')} of ${countOf(logs, 'log')}`
  context.say(`${pieces.join(', ')} and ${ofLogs} written to ${options.outputFile}.`)
  if (documents + evidence + entries === 0) return context.say('What it was asked for is all there already.')
  context.say('It opens nothing for others than its readers, and shows to anybody who publishes when and how much.')
}

async function orderOf({ for: nation, since, request }: BundleExportOptions): Promise<BundleOrder> {
  if (since !== undefined && request !== undefined) {
    throw new UserError('usage-invalid', 'a request says by itself from where on entries are wanted', {
      fix: 'Give --since or --request, not both.',
    })
  }
  return {
    ...(nation !== undefined && { nation: parseNationId(nation) }),
    ...(since !== undefined && { sinceMs: since }),
    ...(request !== undefined && { request: await readRequest(request) }),
  }
}

async function readRequest(path: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of await openChunks(path)) {
    length += piece.length
    if (length > REQUEST_BYTES_MAX) {
      throw new UserError(
        'file-too-large',
        `${path} has more bytes than a request, of which ${REQUEST_BYTES_MAX} are read`,
      )
    }
    pieces.push(piece)
  }
  return concat(...pieces)
}

async function* copyTo(source: AsyncIterable<Uint8Array>, write: (bytes: Uint8Array) => Promise<void>) {
  for await (const bytes of source) {
    await write(bytes)
    yield bytes
  }
}
