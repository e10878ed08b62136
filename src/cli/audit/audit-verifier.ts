import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import { writeWhole } from '../../node/home/home.ts'
import type { CliContext } from '../terminal/context.ts'

export interface AuditVerifierOptions {
  readonly outputFile: string
  readonly force?: boolean
}

/** The same path from `src/cli/audit` of a checkout and from `dist/cli/audit` of a package. */
const PAGE = new URL('../../../dist/tocsin-verifier.html', import.meta.url)
const FILE_MODE = 0o644

/** Writes out the page that `npm run build` has made; its hash is data, for telling it on another way. */
export async function writeVerifier(
  context: Pick<CliContext, 'out' | 'say'>,
  { outputFile, force = false }: AuditVerifierOptions,
  builtPage = PAGE,
): Promise<void> {
  const page = await readPage(builtPage)
  await writeWhole(outputFile, page, { mode: FILE_MODE, replace: force })
  await context.out.write(`${createHash('sha256').update(page).digest('hex')}  ${outputFile}\n`)
  context.say(
    'Give the file to the auditor, and the SHA-256 above on another way. It opens in a browser from the disk and needs no network.',
  )
}

async function readPage(path: URL): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new UserError('file-unreadable', 'the portable verifier has not been built in this checkout', {
      fix: 'Run "npm run build:verifier" in it; an installed package brings the page along.',
      cause,
    })
  }
}
