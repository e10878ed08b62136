import type { Command } from 'commander'
import { refang } from '../formats/in/defang.ts'
import type { LookupResult } from '../node/reading/indicator-reading.ts'
import { LOOKUPS } from './indicator/indicator-shape.ts'
import { askIfBlind } from './terminal/blind-node.ts'
import type { ControlClient } from './terminal/client.ts'
import type { CliContext } from './terminal/context.ts'
import { EXIT_NO, EXIT_OK } from './terminal/exit.ts'
import { readLineBatches } from './terminal/line-batches.ts'
import { createRowWriter, type OutputFormat, outputOption } from './terminal/output.ts'

/** Values of one request. */
const BATCH_MAX = 500

export function addLookupCommand(program: Command, context: CliContext): void {
  program
    .command('lookup')
    .description(
      'what is known of values, and of ranges, parent domains and patterns about them; exits 1 if nothing is',
    )
    .argument('[values...]', 'in any spelling, defanged or not; none, or "-": one a line from standard input')
    .addOption(outputOption())
    .action(async (values: readonly string[], { output }: { output: OutputFormat }) => {
      const fromInput = values.length === 0 || (values.length === 1 && values[0] === '-')
      const batches = fromInput ? readLineBatches(context.stdin, BATCH_MAX) : batchesOf(values)
      await lookUp(context, output, batches)
    })
}

async function lookUp(
  context: CliContext,
  output: OutputFormat,
  batches: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
): Promise<void> {
  const client = context.client()
  const writer = createRowWriter(context.out, output, LOOKUPS)
  let asked = 0
  let found = 0
  let related = 0
  for await (const values of batches) {
    const results = await lookUpBatch(client, values)
    asked += results.length
    found += results.filter(({ result }) => result === 'found').length
    related += results.filter(({ result }) => result === 'related').length
    await writer.write(results.flatMap(result => (output === 'json' || output === 'ndjson' ? result : flat(result))))
  }
  await writer.end()
  context.say(`${found} of ${asked} found${related === 0 ? '' : `, ${related} more by what has to do with them`}.`)
  if (found + related === 0) await askIfBlind(context, client)
  context.setExitStatus(found + related > 0 ? EXIT_OK : EXIT_NO)
}

async function lookUpBatch(client: ControlClient, values: readonly string[]): Promise<readonly LookupResult[]> {
  const results = await client.lookup(values.map(refang))
  return results.map((result, index) => ({ ...result, query: values[index] ?? result.query }))
}

/** A line of a table for each indicator that is the value or has to do with it; one without, where there is none. */
function flat(result: LookupResult): readonly LookupResult[] {
  const rows = [
    ...result.indicators.map(indicator => ({ ...result, indicators: [indicator], related: [] })),
    ...result.related.map(related => ({ ...result, indicators: [], related: [related] })),
  ]
  return rows.length === 0 ? [result] : rows
}

function* batchesOf(values: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < values.length; from += BATCH_MAX) yield values.slice(from, from + BATCH_MAX)
}
