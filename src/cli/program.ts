import { Command, CommanderError } from 'commander'
import { UserError } from '../base/errors.ts'
import { installNative } from '../crypto/native.ts'
import type { EncryptOptions } from '../crypto/passphrase-file.ts'
import { VERSION } from '../node/mechanisms/version.ts'
import { addAllianceCommands } from './alliance/alliance.ts'
import { addAlertsCommands } from './audit/alerts.ts'
import { addAuditCommands } from './audit/audit.ts'
import { addCheckCommand } from './daemon/check.ts'
import { addDoctorCommand } from './daemon/doctor.ts'
import { addInitCommand } from './daemon/init.ts'
import { addNodeCommands } from './daemon/node.ts'
import { addPeerCommands } from './daemon/peer.ts'
import { addStartCommand } from './daemon/start.ts'
import { addStatusCommand } from './daemon/status.ts'
import { addStopCommand } from './daemon/stop.ts'
import { addEntryCommands } from './entry.ts'
import { addExportCommands } from './export.ts'
import { addFeedCommands } from './feed.ts'
import { addGroupCommands } from './group.ts'
import { addHistoryCommands } from './history.ts'
import { addIndicatorCommands } from './indicator/indicator.ts'
import { addLookupCommand } from './lookup.ts'
import { addNationCommands } from './nation/nation.ts'
import { addOperatorCommands } from './operator.ts'
import { addPolicyCommands } from './policy.ts'
import { addQueueCommands } from './queue.ts'
import { addSandboxCommand } from './sandbox/sandbox.ts'
import { addScanCommand } from './scan.ts'
import { parseWhole } from './terminal/argument.ts'
import { type CliContext, createCliContext } from './terminal/context.ts'
import { describeFailure } from './terminal/error-text.ts'
import { EXIT_HELP } from './terminal/exit.ts'
import { addTokenCommands } from './token.ts'
import { addBackupCommands } from './upkeep/backup.ts'
import { addBundleCommands } from './upkeep/bundle.ts'
import { addStoreCommands } from './upkeep/store.ts'
import { addUpgradeCommand } from './upkeep/upgrade.ts'
import { addWarninglistCommands } from './warninglist.ts'

/** In the order of the help. */
const COMMANDS: readonly ((program: Command, context: CliContext) => void)[] = [
  addSandboxCommand,
  addInitCommand,
  addNationCommands,
  addAllianceCommands,
  addStartCommand,
  addStopCommand,
  addStatusCommand,
  addCheckCommand,
  addDoctorCommand,
  addPeerCommands,
  addIndicatorCommands,
  addLookupCommand,
  addExportCommands,
  addScanCommand,
  addWarninglistCommands,
  addEntryCommands,
  addPolicyCommands,
  addOperatorCommands,
  addGroupCommands,
  addHistoryCommands,
  addQueueCommands,
  addFeedCommands,
  addTokenCommands,
  addStoreCommands,
  addBackupCommands,
  addBundleCommands,
  addUpgradeCommand,
  addNodeCommands,
  addAuditCommands,
  addAlertsCommands,
]

const TIMEOUT_SECONDS_MAX = 86_400

function createProgram(): Command {
  const program = new Command('tocsin')
  return (
    program
      .description('Exchange of cyber-threat indicators between allied nations, without a central server.')
      .version(VERSION, '-V, --version')
      .option('--home <dir>', 'where the node lives (default: TOCSIN_HOME, else ~/.tocsin)')
      .option('-q, --quiet', 'data and errors only')
      .option('--timeout <seconds>', 'how long to wait for the daemon', parseWhole(1, TIMEOUT_SECONDS_MAX))
      .option(
        '--token-file <file>',
        'read as the bearer of this token, of mode 0600 (default: TOCSIN_TOKEN_FILE, else as who runs the daemon)',
      )
      // Options of a command that has others below it, such as `export`, are not theirs.
      .configureHelp({
        showGlobalOptions: true,
        visibleGlobalOptions: command => (command === program ? [] : [...program.options]),
      })
      .addHelpText('after', EXIT_HELP)
      // Errors are thrown and written in one place, below.
      .configureOutput({ outputError: () => {} })
      .exitOverride()
  )
}

/** What commander says of a wrong use, as an error like any other. */
function usageError(error: CommanderError, program: Command, argv: readonly string[]): UserError {
  const [sentence = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n')
  const hint = suggestion.replace(/^\((.*)\)$/, '$1 ')
  return new UserError('usage-invalid', sentence, {
    fix: `${hint}"${commandLine(program, argv)} --help" tells how it is used.`,
  })
}

/** The command that was meant, as far as its words were right: `tocsin indicator list`. */
function commandLine(program: Command, argv: readonly string[]): string {
  let command = program
  let words = program.name()
  for (const word of argv.slice(2)) {
    const next = command.commands.find(candidate => candidate.name() === word)
    if (next === undefined) continue
    command = next
    words += ` ${word}`
  }
  return words
}

/**
 * Runs the command that `process` was started with, to its exit status. `keyFiles` is how costly it is to try passphrases
 * on key files that are made here.
 */
export async function runProgram(process: NodeJS.Process, keyFiles: EncryptOptions = {}): Promise<void> {
  installNative()
  const program = createProgram()
  const context = createCliContext(program, process, keyFiles)
  for (const add of COMMANDS) add(program, context)
  try {
    await program.parseAsync(process.argv)
  } catch (error) {
    // Help and version are thrown as well, after they were written.
    if (error instanceof CommanderError && error.exitCode === 0) return
    const { text, exitStatus } = describeFailure(
      error instanceof CommanderError ? usageError(error, program, process.argv) : error,
    )
    process.stderr.write(text)
    process.exitCode = exitStatus
  }
}
