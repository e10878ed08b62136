import type { Command } from 'commander'
import { parsePast, parseTarget } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { outputOption } from '../terminal/output.ts'
import type { BundleExportOptions } from './bundle-export.ts'
import type { BundleImportOptions } from './bundle-import.ts'
import type { BundleRequestOptions } from './bundle-request.ts'

const BUNDLE_HELP = `
Where no network joins two nodes, files do: on a stick, by mail, through a third. All that nodes say to each other when
they catch up is in them, and it is checked in the same way: it does not matter who carries a file, or who made it.

  there   tocsin bundle request -O want.tocsin
  here    tocsin bundle export --request want.tocsin -O bundle.tocsin
  there   tocsin bundle import bundle.tocsin`

const EXPORT_HELP = `
Without --since, --for and --request everything is in it. --for leaves out what the cosignatures of that nation show that
it holds, and the logs of its own; --request what its node said that it holds, which is exact.

The file opens nothing for those to whom nothing in it is sealed: no key is in it, and no opened indicator. It does show
whoever reads it who is in the alliance, who publishes when and how much, and who holds what. To hide that on its way,
encrypt it, such as with "age -r RECIPIENT".`

const IMPORT_HELP = `
What is here already is known, what is new is added, and what is not true is refused with its code, which holds nothing
else up. An import that broke off is gone on with by running it again. It exits 0 where all that is in the file is here
now, 1 where some of it is not: a gap is closed by a file made for a request of this node.`

export function addBundleCommands(program: Command, context: CliContext): void {
  const bundle = program
    .command('bundle')
    .description('what goes between nodes that no network joins, as files')
    .addHelpText('after', BUNDLE_HELP)
  bundle
    .command('request')
    .description('write what this node holds to a small file, for another to leave that out')
    .requiredOption('-O, --output-file <file>', 'where to', parseTarget)
    .option('--force', 'replace the file')
    .action(async (options: BundleRequestOptions) =>
      (await import('./bundle-request.ts')).writeBundleRequest(context, options),
    )
  bundle
    .command('export')
    .description('write what this node holds and another lacks to one file')
    .requiredOption('-O, --output-file <file>', 'where to', parseTarget)
    .option('--for <nation>', 'what this nation lacks')
    .option('--since <time>', 'entries from then on, such as 2026-11-21 or 60d', parsePast)
    .option('--request <file>', 'what "tocsin bundle request" wrote at the other node')
    .option('--force', 'replace the file')
    .addHelpText('after', EXPORT_HELP)
    .action(async (options: BundleExportOptions) => (await import('./bundle-export.ts')).exportBundle(context, options))
  bundle
    .command('import')
    .description('take in what "tocsin bundle export" wrote at another node')
    .argument('<file>', 'the file; - for standard input')
    .option('--dry-run', 'only say what it would bring')
    .addOption(outputOption())
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, options: BundleImportOptions) =>
      (await import('./bundle-import.ts')).importBundle(context, file, options),
    )
}
