import { type Command, Option } from 'commander'
import { kindOf } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import type { ImportRow } from '../../formats/import-row.ts'
import { FORMATS, type Format } from '../../formats/in/detect.ts'
import { type ImportOptions, readImport } from '../../formats/in/import.ts'
import type { Tlp } from '../../indicator/marking.ts'
import { createDeadLetterFile, type DeadLetterFile } from '../../node/inlets/dead-letter-file.ts'
import { type ImportPorts, rehearseImport, runImport } from '../../node/inlets/import-run.ts'
import { type ImportSource, openImportSource } from '../../node/inlets/import-source.ts'
import { expandFeeds } from '../../node/inlets/misp-feed-folder.ts'
import { assertComplete, createImportTally } from '../../node/orders/import-tally.ts'
import { parseBytes } from '../terminal/argument.ts'
import { type AudienceOptions, addAudienceOptions, itemAudience, sayAudience } from '../terminal/audience-options.ts'
import { addClaimOptions, type ClaimOptions, claimDefaults } from '../terminal/claim-options.ts'
import type { CliContext } from '../terminal/context.ts'
import { describeFailure } from '../terminal/error-text.ts'
import { createSubmitter, type OperatorOptions, operatorOptions } from '../terminal/operator-signature.ts'
import { createRowWriter, type OutputFormat, outputOption } from '../terminal/output.ts'
import { passphraseFileOption } from '../terminal/passphrase.ts'
import { sayFixes, sayHeld } from '../terminal/refusal-fix.ts'
import { explainFile } from './import-explanation.ts'
import { openImportProgress } from './import-progress.ts'
import { assertUsable, type ImportReport, REPORTS, reportLines } from './import-report.ts'

interface ImportCommandOptions extends ClaimOptions, AudienceOptions, OperatorOptions {
  readonly format: 'auto' | Format
  readonly restricted?: boolean
  readonly map?: string
  readonly explain?: boolean
  readonly dryRun?: boolean
  readonly deadLetter?: string
  readonly maxBytes: number
  readonly output: OutputFormat
}

const UNPACKED_BYTES_MAX = 10 * 1024 ** 3

export function addImportCommand(indicator: Command, context: CliContext): void {
  const formats = new Option('--format <format>', 'what the files are').choices(['auto', ...FORMATS])
  const command = indicator
    .command('import')
    .description('publish the indicators of STIX 2, MISP, OpenIOC, advisories, CSV tables or lists, gzip or plain')
    .argument('<files...>', 'or the folder of a MISP feed; "-" is standard input')
    .addOption(formats.default('auto'))
    .option('--map <roles>', 'the columns of a table, such as value=ioc,type=kind,description=notes')
    .option('--restricted', 'MISP: also what is for its own organisation or a sharing group of its MISP alone')
    .option('--explain', 'tell how the files would be read and by whom, and do nothing')
    .option('--dry-run', 'read the files, count, tell who will be able to read it, and publish nothing')
    .option('--dead-letter <file>', 'where refused rows go (default: NAME.refused.ndjson, in this folder)')
    .option('--max-bytes <size>', 'the most that a file may have, unpacked', parseBytes, UNPACKED_BYTES_MAX)
  for (const option of operatorOptions()) command.addOption(option)
  addAudienceOptions(addClaimOptions(command))
    .addOption(passphraseFileOption())
    .addOption(outputOption())
    .action((files: readonly string[], options: ImportCommandOptions) => importFiles(context, files, options))
}

/** One file after the other: a bad one does not keep the next from being read, and shows in the exit status. */
async function importFiles(
  context: CliContext,
  paths: readonly string[],
  options: ImportCommandOptions,
): Promise<void> {
  const files = await expandFeeds(paths)
  if (files.filter(file => file === '-').length > 1) {
    throw new UserError('usage-invalid', 'standard input can be read once only', { fix: 'Give "-" once.' })
  }
  const job = await createJob(context, files, options)
  for (const file of files) {
    try {
      await job.run(file)
    } catch (error) {
      const { text, exitStatus } = describeFailure(error)
      context.stderr.write(text)
      context.setExitStatus(exitStatus)
      if (!isAboutFile(error)) break
    }
  }
  await job.end()
}

function isAboutFile(error: unknown): boolean {
  return error instanceof TocsinError && ['input', 'malformed'].includes(kindOf(error.code))
}

interface Job {
  run(file: string): Promise<void>
  end(): Promise<void>
}

async function createJob(context: CliContext, files: readonly string[], options: ImportCommandOptions): Promise<Job> {
  if (options.explain === true) {
    return {
      async run(file) {
        await using source = await openSource(context, file, options)
        await explainFile(context.out, options.output, file, source.chunks, importOptions(source, options))
      },
      end: () => sayAudience(context, options, [options.tlp]),
    }
  }
  const client = context.client()
  // Without a daemon nothing is read in vain, and no file of refused rows is made.
  if (options.dryRun !== true) await client.status()
  const sign = options.dryRun === true ? () => undefined : await createSubmitter(context, options)
  const publish: ImportPorts['publish'] = items => client.publish(items, sign(items))
  const writer = createRowWriter(context.out, options.output, REPORTS)
  const letters = createLetters(files, options)
  const levels = new Set<Tlp | undefined>()
  return {
    async run(file) {
      const print = (report: ImportReport) => printReport(context, options.output, report, writer.write)
      await importFile({ context, publish, options, letters, print, marked: tlp => levels.add(tlp) }, file)
    },
    async end() {
      await letters.shared?.[Symbol.asyncDispose]()
      if (options.output !== 'table') await writer.end()
      if (options.dryRun === true) await sayAudience(context, options, levels)
    },
  }
}

interface ImportJob {
  readonly context: CliContext
  readonly publish: ImportPorts['publish']
  readonly options: ImportCommandOptions
  readonly letters: Letters
  readonly print: (report: ImportReport) => Promise<void>
  /** Of each row that would go in. */
  readonly marked: (tlp: Tlp | undefined) => void
}

const ROWS_BETWEEN_SHOWS = 500

async function importFile(
  { context, publish, options, letters, print, marked }: ImportJob,
  file: string,
): Promise<void> {
  const startedMs = performance.now()
  const tally = createImportTally()
  let onRead: (bytes: number) => void = () => {}
  await using source = await openSource(context, file, options, bytes => onRead(bytes))
  await using own = letters.own(source.name)
  const letter = letters.shared ?? own
  let rowsRead = 0

  async function* countedRows(shown: (count: number) => void): AsyncGenerator<ImportRow> {
    for await (const row of readImport(source.chunks, importOptions(source, options))) {
      if (++rowsRead % ROWS_BETWEEN_SHOWS === 0) shown(rowsRead)
      yield row
    }
  }

  try {
    using progress = openImportProgress(context, source.name, source.bytesTotal)
    onRead = progress.read
    const rows = countedRows(progress.rows)
    const refuse: DeadLetterFile['add'] = async row => letter?.add(letters.named(file, row))
    if (options.dryRun === true) await rehearseImport(rows, { refuse, marked }, tally)
    else await runImport(rows, { publish, refuse, audience: itemAudience(options) }, tally)
  } finally {
    const counts = tally.counts()
    await print({
      file,
      ...counts,
      warnings: tally.warnings(),
      refusals: tally.refusals(),
      deadLetter: counts.refused > 0 && letter !== undefined ? letter.path : '',
      dryRun: options.dryRun === true,
      seconds: Math.round(performance.now() - startedMs) / 1000,
    })
  }
  assertComplete(tally.counts(), rowsRead)
  assertUsable(file, tally)
}

async function printReport(
  context: CliContext,
  output: OutputFormat,
  report: ImportReport,
  write: (reports: readonly ImportReport[]) => Promise<void>,
): Promise<void> {
  const lines = reportLines(report)
  if (output === 'table') {
    await context.out.write(`${lines[0]}\n`)
    for (const line of lines.slice(1)) context.say(line)
  } else {
    await write([report])
    for (const line of lines) context.say(line)
  }
  const { refusals, held } = report
  sayFixes(
    context,
    refusals.map(({ code }) => code),
  )
  sayHeld(context, held)
}

interface Letters {
  /** One file for all, as the operator named it. */
  readonly shared: DeadLetterFile | undefined
  /** Else one for each input; undefined where none is wanted. */
  own(name: string): DeadLetterFile | undefined
  /** The row with the name of its file, where several go to one. */
  readonly named: (file: string, row: Parameters<DeadLetterFile['add']>[0]) => Parameters<DeadLetterFile['add']>[0]
}

function createLetters(files: readonly string[], { deadLetter, dryRun }: ImportCommandOptions): Letters {
  const taken = new Map<string, number>()
  return {
    shared: deadLetter === undefined ? undefined : createDeadLetterFile(deadLetter),
    own(name) {
      if (deadLetter !== undefined || dryRun === true) return undefined
      const number = (taken.get(name) ?? 0) + 1
      taken.set(name, number)
      return createDeadLetterFile(`${name}${number === 1 ? '' : `.${number}`}.refused.ndjson`)
    },
    named: (file, row) => (files.length === 1 ? row : { ...row, place: `${file}: ${row.place}` }),
  }
}

function openSource(
  { stdin }: CliContext,
  file: string,
  { maxBytes }: ImportCommandOptions,
  onRead: (bytes: number) => void = () => {},
): Promise<ImportSource> {
  return openImportSource(file, stdin, { bytesMax: maxBytes, onRead })
}

function importOptions({ name }: ImportSource, options: ImportCommandOptions): ImportOptions {
  const { format, map, restricted = false } = options
  return { name, format, restricted, ...(map !== undefined && { map }), defaults: claimDefaults(options) }
}
