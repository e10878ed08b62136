import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { readImport } from '../formats/import.ts'
import { createDeadLetterFile } from './dead-letter-file.ts'
import { runImport } from './import-run.ts'
import { openImportSource } from './import-source.ts'
import { createImportTally, type ImportTally } from './import-tally.ts'
import type { SandboxDaemon } from './sandbox-daemon.ts'

/** The files are the operator's own; what they unpack to is bounded by the disk. */
const UNPACKED_BYTES_MAX = 10 * 1024 ** 3

/** What `tocsin indicator import` would do at this nation's home; what is refused stays there in `refused.ndjson`. */
export async function importAt(
  { client, home }: SandboxDaemon,
  files: readonly string[],
  stdin: Readable,
): Promise<ImportTally> {
  const tally = createImportTally()
  await using letters = createDeadLetterFile(join(home.path, 'refused.ndjson'))
  const ports = { publish: client.publish, refuse: letters.add }
  for (const file of files) {
    await using source = await openImportSource(file, stdin, { bytesMax: UNPACKED_BYTES_MAX, onRead() {} })
    await runImport(readImport(source.chunks, { name: source.name }), ports, tally)
  }
  return tally
}
