import type { Command } from 'commander'
import { refang } from '../formats/defang.ts'
import type { LookupResult } from '../node/indicator-reading.ts'
import { sayIfBlind } from './blind-node.ts'
import type { ControlClient } from './client.ts'
import type { CliContext } from './context.ts'
import { EXIT_NO, EXIT_OK } from './exit.ts'
import { LOOKUPS } from './indicator-shape.ts'
import { readLineBatches } from './line-batches.ts'
import { createRowWriter, type OutputFormat, outputOption } from './output.ts'

/** Values of one request. */
const BATCH_MAX = 500

export function addLookupCommand(program: Command, context: CliContext): void {
  program
    .command('lookup')
    .description('whether values are known; exits 0 if any is, 1 if none')
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
  for await (const values of batches) {
    const results = await lookUpBatch(client, values)
    asked += results.length
    found += results.filter(({ result }) => result === 'found').length
    await writer.write(results.flatMap(result => (output === 'json' || output === 'ndjson' ? result : flat(result))))
  }
  await writer.end()
  context.say(`${found} of ${asked} found.`)
  if (found === 0) sayIfBlind(context, await client.status())
  context.setExitStatus(found > 0 ? EXIT_OK : EXIT_NO)
}

async function lookUpBatch(client: ControlClient, values: readonly string[]): Promise<readonly LookupResult[]> {
  const results = await client.lookup(values.map(refang))
  return results.map((result, index) => ({ ...result, query: values[index] ?? result.query }))
}

/** A line of a table for each indicator that a value stands for; one without, where it stands for none. */
function flat(result: LookupResult): readonly LookupResult[] {
  if (result.indicators.length <= 1) return [result]
  return result.indicators.map(indicator => ({ ...result, indicators: [indicator] }))
}

function* batchesOf(values: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < values.length; from += BATCH_MAX) yield values.slice(from, from + BATCH_MAX)
}
