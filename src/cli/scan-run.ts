import { randomInt } from 'node:crypto'
import { TocsinError } from '../base/errors.ts'
import { type Hit, scanText } from '../formats/in/scan-text.ts'
import { readUtf8 } from '../formats/in/text-decoding.ts'
import type { Matcher } from '../indicator/matcher.ts'
import { openHomeScan } from '../node/home-scan.ts'
import { openImportSource } from '../node/inlets/import-source.ts'
import type { IndicatorView } from '../node/reading/indicator-reading.ts'
import type { ScanCommands } from '../node/reading/scan-commands.ts'
import { readMatcher } from './scan-matcher.ts'
import { FINDS, FINDS_WITH_LINES, type FindRow } from './scan-shape.ts'
import { openByteProgress } from './terminal/byte-progress.ts'
import type { CliContext } from './terminal/context.ts'
import { EXIT_NO, exitStatusOf } from './terminal/exit.ts'
import { createRowWriter, type OutputFormat, type RowWriter } from './terminal/output.ts'
import { eitherWay } from './terminal/own-history.ts'

export interface ScanOptions {
  readonly type?: ReadonlySet<string>
  readonly scoreMin?: number
  readonly context?: boolean
  readonly failOnHit?: boolean
  readonly output: OutputFormat
}

type Source = ScanCommands & AsyncDisposable

interface Scan {
  readonly matcher: Matcher
  readonly views: ViewBook
  readonly writer: RowWriter<FindRow>
  readonly scoreMin: number
  finds: number
  readonly found: Set<string>
}

/** Reads each in turn; what cannot be read is told of, and the others are. */
export async function scanFiles(context: CliContext, files: readonly string[], options: ScanOptions): Promise<void> {
  await using source = await openSource(context)
  const matcher = await readMatcher(await source.searchable(), options.type, randomInt(2 ** 32))
  const shape = options.context === true || options.output === 'csv' ? FINDS_WITH_LINES : FINDS
  const scan: Scan = {
    matcher,
    views: createViewBook(source),
    writer: createRowWriter(context.out, options.output, shape),
    scoreMin: options.scoreMin ?? 0,
    finds: 0,
    found: new Set(),
  }
  let failure: TocsinError | undefined
  for (const file of files) {
    try {
      await scanFile(context, file, scan)
    } catch (error) {
      if (!(error instanceof TocsinError) || !READ_FAILURES.has(error.code)) throw error
      failure ??= error
      context.say(`${error.message}.`)
    }
  }
  await scan.writer.end()
  context.say(`${scan.finds} finds of ${scan.found.size} indicators; ${matcher.size} were looked for.`)
  if (failure !== undefined) context.setExitStatus(exitStatusOf(failure.code))
  else if (scan.finds > 0 && options.failOnHit === true) context.setExitStatus(EXIT_NO)
}

const READ_FAILURES: ReadonlySet<string> = new Set(['file-unreadable', 'import-gzip-bomb', 'import-gzip-invalid'])

function openSource(context: CliContext): Promise<Source> {
  return eitherWay(
    context,
    async client => {
      // The first answer says whether a daemon runs at all.
      const pieces = await client.searchable()
      return {
        searchable: async () => pieces as AsyncGenerator<Uint8Array, void>,
        indicatorsOf: subjects => client.indicatorsOf(subjects),
        [Symbol.asyncDispose]: async () => {},
      }
    },
    () => openHomeScan(context.home(), context.environment),
  )
}

async function scanFile(context: CliContext, path: string, scan: Scan): Promise<void> {
  const file = path === '-' ? 'standard input' : path
  let advance = (_bytes: number) => {}
  await using input = await openImportSource(path, context.stdin, {
    bytesMax: Number.MAX_SAFE_INTEGER,
    onRead: bytes => advance(bytes),
  })
  using progress = openByteProgress(context, `Reading ${file}`, input.bytesTotal)
  advance = bytes => progress.add(bytes)
  for await (const hits of scanText(scan.matcher, readUtf8(input.chunks))) {
    for (let from = 0; from < hits.length; from += HITS_PER_WRITE_MAX) {
      await writeHits(file, hits.slice(from, from + HITS_PER_WRITE_MAX), scan)
    }
  }
}

const HITS_PER_WRITE_MAX = 500

async function writeHits(file: string, hits: readonly Hit[], scan: Scan): Promise<void> {
  const views = await scan.views.of(hits)
  const rows = hits.flatMap((hit, i): FindRow[] => {
    const indicator = views[i]
    // Withdrawn since the scan began, or not worth telling.
    if (indicator === null || indicator === undefined || indicator.score < scan.scoreMin) return []
    const { line, column, relation, text } = hit
    return [{ file, line, column, relation, indicator, text }]
  })
  scan.finds += rows.length
  for (const { indicator } of rows) scan.found.add(indicator.id)
  await scan.writer.write(rows)
}

interface ViewBook {
  /** At most HITS_PER_WRITE_MAX, in their order. */
  of(hits: readonly Hit[]): Promise<readonly (IndicatorView | null)[]>
}

/** Remembered; the oldest go first. */
const VIEWS_MAX = 20_000

function createViewBook(source: Pick<Source, 'indicatorsOf'>): ViewBook {
  const known = new Map<string, IndicatorView | null>()
  const keyOf = ({ type, value }: Hit) => `${type} ${value}`
  return {
    async of(hits) {
      const missing = new Map(hits.filter(hit => !known.has(keyOf(hit))).map(hit => [keyOf(hit), hit]))
      if (missing.size > 0) {
        const asked = [...missing.values()].map(({ type, value }) => ({ type, value }))
        const views = await source.indicatorsOf(asked)
        for (const [i, key] of [...missing.keys()].entries()) known.set(key, views[i] ?? null)
      }
      const found = hits.map(hit => known.get(keyOf(hit)) ?? null)
      for (const key of known.keys()) {
        if (known.size <= VIEWS_MAX) break
        known.delete(key)
      }
      return found
    },
  }
}
