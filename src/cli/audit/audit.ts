import { type Command, InvalidArgumentError, Option } from 'commander'
import { UserError } from '../../base/errors.ts'
import { AUDIT_KIND } from '../../policy/audit-record.ts'
import { collect, parsePast, parseTarget, parseWhole } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { outputOption } from '../terminal/output.ts'
import type { AuditCheckOptions } from './audit-check.ts'
import type { AuditDiffOptions } from './audit-diff.ts'
import type { AuditExportOptions as HistoryExportOptions, Since } from './audit-export.ts'
import type { AuditExportOptions } from './audit-node-export.ts'
import type { AuditListOptions } from './audit-node-list.ts'
import type { AuditVerifyOptions } from './audit-node-verify.ts'
import type { AuditVerifyHistoryOptions } from './audit-own.ts'
import type { AuditReportOptions } from './audit-report.ts'
import type { AuditVerifierOptions } from './audit-verifier.ts'

const LIST_DEFAULT = 100
const LIST_MAX = 1_000_000

export function addAuditCommands(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('what can be shown afterwards')
  addHistoryAudit(audit, context)
  addVerify(audit, context)
  addProofs(audit, context)
  addDiff(audit, context)
  addReport(audit, context)
  addVerifier(audit, context)
  const node = audit.command('node').description('what this node decided and did, as a chain of records')
  const from = () =>
    new Option('--from <number>', 'from this record on').argParser(parseWhole(0, Number.MAX_SAFE_INTEGER))

  node
    .command('list')
    .description('the newest records')
    .option('--since <time>', 'since then, such as 2026-11-21 or 7d', parsePast)
    .addOption(new Option('--kind <kind>', 'of one kind').choices(Object.keys(AUDIT_KIND)))
    .option('--about <text>', 'that name this item, entry, key, rule or person')
    .option('--limit <count>', 'how many', parseWhole(1, LIST_MAX), LIST_DEFAULT)
    .addOption(outputOption())
    .action(async (options: AuditListOptions) => (await import('./audit-node-list.ts')).listAudit(context, options))

  node
    .command('export')
    .description('write the records to a file, byte for byte, one a line')
    .requiredOption('-O, --output-file <file>', 'where to', parseTarget)
    .addOption(from())
    .action(async (options: AuditExportOptions) =>
      (await import('./audit-node-export.ts')).exportAudit(context, options),
    )

  node
    .command('verify')
    .description('recompute the chain from the bytes; exits 0 it is whole, 1 it is broken, 2 it cannot be decided')
    .argument('[file]', 'what "tocsin audit node export" wrote (default: the log of the running node)')
    .addOption(from())
    .option('--head <hash>', 'a hash that syslog has noted; may be repeated', collectHash)
    .addOption(outputOption())
    .action(async (file: string | undefined, options: AuditVerifyOptions) =>
      (await import('./audit-node-verify.ts')).verifyAudit(context, file, options),
    )
}

const EXPORT_HELP = `
The file holds what everybody in the alliance has who holds the logs: the documents of the registry and of the nations,
the entries as they were signed, checkpoints, cosignatures and proofs. Bodies are in it as ciphertext: no opened
indicator, no name of a sharing group, no key. Who published when and how much can be seen in it.`

const PROVE_HELP = `
A sealed entry is in the file as ciphertext, which only its readers can open: what is proved is that exactly these bytes
were signed, when and by whom. No key is in the file.`

/** What all nations signed, as opposed to what this node did. */
function addHistoryAudit(audit: Command, context: CliContext): void {
  audit
    .command('export')
    .description('write what is held of the signed history to one file, for an auditor')
    .requiredOption('-O, --output-file <file>', 'where to', parseTarget)
    .option('--log <log>', 'this log alone: its id or the first 8 digits of it; may be repeated', collect)
    .option('--since <time|seq>', 'entries from then on, such as 2026-11-21, 7d, or 5000 for that seq on', parseSince)
    .option(
      '--without-bodies',
      'without what is sealed; everything but the ciphertext itself can be verified all the same',
    )
    .option('--force', 'replace the file')
    .addHelpText('after', EXPORT_HELP)
    .action(async ({ withoutBodies, ...options }: Omit<HistoryExportOptions, 'bodies'> & { withoutBodies?: boolean }) =>
      (await import('./audit-export.ts')).exportHistory(context, { ...options, bodies: withoutBodies !== true }),
    )
}

const TRUST_HELP =
  'trust string, words or fingerprint of the alliance, from a governor (default, without a file: what was confirmed here)'

const VERIFY_HELP = `
Without a file everything that this node holds is read from its daemon, or from its store where none runs, and verified
in this process from the bytes. A run that was ended is resumed by the next one: it reads and hashes everything anew, and
goes by the signatures that the one before has computed, where they are over the same bytes; --full computes all again.`

function addVerify(audit: Command, context: CliContext): void {
  audit
    .command('verify')
    .description(
      'verify the signed history from its bytes; exits 0 all is proved, 1 something is false, 2 something is missing',
    )
    .argument('[file]', 'what "tocsin audit export" wrote; needs no node (default: all that this node holds)')
    .option('--trust <fingerprint>', TRUST_HELP)
    .option('--full', 'go by nothing that a run which was ended has found')
    .addOption(new Option('-o, --output <format>', 'how to print data').choices(['table', 'json']).default('table'))
    .addHelpText('after', VERIFY_HELP)
    .action(async (file: string | undefined, options: AuditVerifyHistoryOptions) => {
      if (file === undefined) return (await import('./audit-own.ts')).verifyOwnStore(context, options)
      const { trust, full, output } = options
      if (trust === undefined || full === true) throw verifyUsage(full === true)
      return (await import('./audit-verify.ts')).verifyExport(context, file, { trust, output })
    })
}

function verifyUsage(full: boolean): UserError {
  if (full) return new UserError('usage-invalid', '--full is for the own store: a file is always verified whole')
  return new UserError('usage-invalid', 'a file is verified against the fingerprint of the alliance', {
    fix: 'Add --trust FINGERPRINT, as a governor tells it.',
  })
}

const VERIFIER_HELP = `
The page is one file: an auditor opens it from the disk, gives it what a governor said of the alliance, drops an export or
a proof on it, and reads the verdict. It reaches no network and needs neither Tocsin nor Node. It prints the SHA-256 of
the page, which is the same wherever the same source was built.`

function addVerifier(audit: Command, context: CliContext): void {
  audit
    .command('verifier')
    .description('write the portable verifier, an HTML file for an auditor without a node')
    .requiredOption('-O, --output-file <file>', 'where to', parseTarget)
    .option('--force', 'replace the file')
    .addHelpText('after', VERIFIER_HELP)
    .action(async (options: AuditVerifierOptions) =>
      (await import('./audit-verifier.ts')).writeVerifier(context, options),
    )
}

const DIFF_HELP = `
It compares what two nations hold: whether either is true, "tocsin audit verify" says of each file by itself. A file that
is only longer tells the same history.`

/** What two nations exported, held against each other. */
function addDiff(audit: Command, context: CliContext): void {
  audit
    .command('diff')
    .description('compare two exports entry by entry; exits 0 one history, 1 different ones, 2 it cannot be decided')
    .argument('<first>', 'what "tocsin audit export" wrote at one nation')
    .argument('<second>', 'and at another')
    .option(
      '--trust <fingerprint>',
      'trust string, words or fingerprint of the alliance, which the registry of both has to be',
    )
    .option(
      '-O, --output-file <file>',
      'write the proof that somebody said two different things there, if there is one',
      parseTarget,
    )
    .option('--force', 'replace the file')
    .addOption(outputOption())
    .addHelpText('after', DIFF_HELP)
    .action(async (first: string, second: string, options: AuditDiffOptions) =>
      (await import('./audit-diff.ts')).diffExports(context, [first, second], options),
    )
}

/** The same for people, and for those who keep it. */
function addReport(audit: Command, context: CliContext): void {
  audit
    .command('report')
    .description('verify, and tell what was found so that everybody can read it; exits as "audit verify"')
    .argument('[file]', 'what "tocsin audit export" wrote (default: what this node holds)')
    .option('--trust <fingerprint>', `${TRUST_HELP}; of a file without it nothing is proved`)
    .addOption(new Option('-o, --output <format>', 'how to write it').choices(['markdown', 'json']).default('markdown'))
    .option('-O, --output-file <file>', 'where to (default: standard output)')
    .option('--force', 'replace the file')
    .action(async (file: string | undefined, options: AuditReportOptions) =>
      (await import('./audit-report.ts')).reportHistory(context, file, options),
    )
}

function addProofs(audit: Command, context: CliContext): void {
  audit
    .command('prove')
    .description('write a proof of one entry to a small file: who signed it, in which place, and who holds it')
    .argument('<entry>', 'LOG/SEQ, or an indicator or its id')
    .option('-O, --output-file <file>', 'where to (default: named after the entry)', parseTarget)
    .option('--without-body', 'without the ciphertext')
    .option('--force', 'replace the file')
    .addHelpText('after', PROVE_HELP)
    .action(async (entry: string, { withoutBody, ...options }: { withoutBody?: boolean; force?: boolean }) =>
      (await import('./audit-prove.ts')).proveToFile(context, entry, { ...options, body: withoutBody !== true }),
    )
  audit
    .command('check')
    .description(
      'judge a proof of one entry, without a node; exits 0 it is proved, 1 something is false, 2 something is missing',
    )
    .argument('<proof>', 'what "tocsin audit prove" wrote')
    .requiredOption('--trust <fingerprint>', 'trust string, words or fingerprint of the alliance, from a governor')
    .addOption(outputOption())
    .action(async (file: string, options: AuditCheckOptions) =>
      (await import('./audit-check.ts')).checkProofFile(context, file, options),
    )
}

/** Digits alone are a seq; a time always has something else in it. */
function parseSince(text: string): Since {
  return /^\d+$/.test(text) ? { sinceSeq: parseWhole(0, Number.MAX_SAFE_INTEGER)(text) } : { sinceMs: parsePast(text) }
}

function collectHash(text: string, before: readonly string[] | undefined): readonly string[] {
  if (/^[0-9a-f]{64}$/i.test(text)) return collect(text.toLowerCase(), before)
  throw new InvalidArgumentError('It is a hash of 64 hexadecimal digits.')
}
