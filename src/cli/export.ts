import { type Command, InvalidArgumentError } from 'commander'
import type { ExportRunOptions } from './export-run.ts'
import { collect, parseWhole } from './terminal/argument.ts'
import type { CliContext } from './terminal/context.ts'
import { outputOption } from './terminal/output.ts'

const EXPORT_HELP = `
Formats of one file go to standard output, or whole to the file of --to; the others are folders, and need --to. How many
were left out is said on standard error with the reasons; --explain lists each. What is withdrawn, expired or pending is
never among them as valid, nor what is ours ("own:" in config.yaml), nor what a warninglist blocks.

Live exports stand under "exports:" in config.yaml. What their breaker holds back goes with "tocsin export release NAME",
or stays for good once the nation is muted, or has withdrawn it.

  tocsin export csv --type domain,url --score-min 50 --to bad.csv
  tocsin export suricata --nation DEU,FRA --claimed-within 90d --to /etc/suricata/tocsin
  tocsin export status siem
  tocsin export verify /var/lib/tocsin/bad.csv`

export function addExportCommands(program: Command, context: CliContext): void {
  const command = program
    .command('export')
    .description('indicators in the formats of other tools, once or as live files')
    .argument('[format]', 'see "tocsin export formats"')
    .option('--to <path>', 'a file, or a new folder for formats of several files')
    .option('--force', 'replace it')
    .option('--type <types>', 'such as domain,url', parseList)
    .option('--score-min <0-100>', 'whose score is no less', parseWhole(0, 100))
    .option('--tlp-max <tlp>', 'of claims that are marked no higher')
    .option('--clearance <clearance>', 'what such a token would see, such as tlp=GREEN,groups=none')
    .option('--nation <nations>', 'of what these nations say, such as DEU,FRA', parseList)
    .option('--group <group>', 'of what went to this sharing group')
    .option('--claimed-within <span>', 'that somebody has claimed lately, such as 30d')
    .option('--first-seen-within <span>', 'that was seen first lately, such as 12h')
    .option('--label <labels>', 'that has one of these', parseList)
    .option('--without-label <labels>', 'that has none of these', parseList)
    .option('--disputed', 'also what a nation calls a false positive')
    .option('--origins-min <count>', 'of so many independent origins', parseWhole(1, 512))
    .option('--nations-min <count>', 'that so many nations say', parseWhole(1, 512))
    .option('--exercise', 'with exercise data, labelled as such')
    .option('--parameter <name=value>', 'of the format; may be given several times', collect)
    .option('--name <name>', 'what the export is called in it (default: the format)')
    .option('--explain', 'list what is left out, each with its reason')
    .option('--dry-run', 'write nothing')
    .addHelpText('after', EXPORT_HELP)
    .action(async (format: string | undefined, options: ExportRunOptions) => {
      if (format === undefined) return command.help({ error: true })
      return (await import('./export-run.ts')).runExport(context, format, options)
    })
  command
    .command('formats')
    .description('what there is to export to, or one format with its types and parameters')
    .argument('[format]', 'one of them')
    .addOption(outputOption())
    .action(async (name, options) => (await import('./export-formats.ts')).listFormats(context, name, options))
  command
    .command('list')
    .description('the live exports')
    .addOption(outputOption())
    .action(async options => (await import('./export-status.ts')).listExports(context, options))
  command
    .command('status')
    .description('how live exports do; exits 0 where all are current')
    .argument('[name]', 'one of them, with all that is held')
    .addOption(outputOption())
    .action(async (name, options) => (await import('./export-status.ts')).showExports(context, name, options))
  command
    .command('release')
    .description('let go what the breaker of a live export holds, and nothing that came since')
    .argument('<name>', 'the live export')
    .option('--held <id>', 'only where it is still what "export status" has shown')
    .addOption(outputOption())
    .action(async (name, options) => (await import('./export-status.ts')).releaseExport(context, name, options))
  command
    .command('verify')
    .description('check an export against its manifest, and who signed that; exits 1 where it is stale')
    .argument('<path>', 'the file or folder; its manifest is beside it')
    .option('--of <name>', 'the live export that it has to be')
    .option('--alliance <file>', 'where there is no home: the documents of the alliance')
    .option('--trust <fingerprint>', 'with --alliance: trust string, words or fingerprint, from a governor')
    .addOption(outputOption())
    .action(async (path, options) => (await import('./export-verify.ts')).verifyExport(context, path, options))
}

function parseList(text: string): readonly string[] {
  const items = text.split(',').map(item => item.trim())
  if (items.every(item => item !== '')) return items
  throw new InvalidArgumentError('It is a list with commas between.')
}
