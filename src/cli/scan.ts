import { type Command, InvalidArgumentError } from 'commander'
import { MATCHED_TYPES } from '../indicator/matcher.ts'
import type { ScanOptions } from './scan-run.ts'
import { parseWhole } from './terminal/argument.ts'
import type { CliContext } from './terminal/context.ts'
import { outputOption } from './terminal/output.ts'

const SCANNED_TYPES = [...MATCHED_TYPES, 'stix-pattern']

export function addScanCommand(program: Command, context: CliContext): void {
  program
    .command('scan')
    .description('find known indicators in logs, mail, JSON and any other text')
    .argument('<files...>', 'read line by line, unpacked where they are gzip; "-": standard input')
    .option('--type <types>', `look for these alone, of ${SCANNED_TYPES.join(', ')}`, parseTypes)
    .option('--score-min <0-100>', 'tell only of indicators whose score is no less', parseWhole(0, 100))
    .option('--context', 'show the line of each find in tables, too')
    .option('--fail-on-hit', 'exit with status 1 where something is found')
    .addOption(outputOption())
    .action(async (files: readonly string[], options: ScanOptions) => {
      const { scanFiles } = await import('./scan-run.ts')
      await scanFiles(context, files, options)
    })
}

function parseTypes(text: string): ReadonlySet<string> {
  const types = text.split(',').map(type => type.trim())
  const unknown = types.find(type => !SCANNED_TYPES.includes(type))
  if (unknown === undefined) return new Set(types)
  throw new InvalidArgumentError(`"${unknown}" is none of the types that a text is searched for.`)
}
