import { join } from 'node:path'
import { readImport } from '../../formats/in/import.ts'
import { createDeadLetterFile } from '../../node/inlets/dead-letter-file.ts'
import { runImport } from '../../node/inlets/import-run.ts'
import { openImportSource } from '../../node/inlets/import-source.ts'
import { createImportTally, type ImportTally } from '../../node/orders/import-tally.ts'
import { openImportProgress } from '../indicator/import-progress.ts'
import type { CliContext } from '../terminal/context.ts'
import type { SandboxDaemon } from './sandbox-daemon.ts'

/** The files are the operator's own; what they unpack to is bounded by the disk. */
const UNPACKED_BYTES_MAX = 10 * 1024 ** 3

/** What `tocsin indicator import` would do at this nation's home; what is refused stays there in `refused.ndjson`. */
export async function importAt(
  context: CliContext,
  { client, home }: SandboxDaemon,
  files: readonly string[],
): Promise<ImportTally> {
  const tally = createImportTally()
  await using letters = createDeadLetterFile(join(home.path, 'refused.ndjson'))
  const ports = { publish: client.publish, refuse: letters.add }
  for (const file of files) {
    let onRead: (bytes: number) => void = () => {}
    const options = { bytesMax: UNPACKED_BYTES_MAX, onRead: (bytes: number) => onRead(bytes) }
    await using source = await openImportSource(file, context.stdin, options)
    using progress = openImportProgress(context, source.name, source.bytesTotal)
    onRead = progress.read
    await runImport(readImport(source.chunks, { name: source.name }), ports, tally)
    progress.rows(tally.counts().rows)
  }
  return tally
}
