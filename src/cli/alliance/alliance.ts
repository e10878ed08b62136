import { type Command, Option } from 'commander'
import { GOVERNORS_MAX } from '../../wire/limits.ts'
import { collect, parseWhole } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { outputOption } from '../terminal/output.ts'
import { passphraseFileOption } from '../terminal/passphrase.ts'
import type { ApplyOptions } from './alliance-apply.ts'
import type { AssembleOptions } from './alliance-assemble.ts'
import type { FoundOptions } from './alliance-found.ts'
import type { InviteOptions } from './alliance-invite.ts'
import type { LogOptions } from './alliance-log.ts'
import { addProposeCommands, VALID_DAYS_MAX } from './alliance-propose.ts'
import type { ResolveOptions } from './alliance-resolve.ts'
import type { ShowOptions } from './alliance-show.ts'
import type { SignProposalOptions } from './alliance-sign.ts'
import type { VerifyOptions } from './alliance-verify.ts'

const FAULTS_MAX = 170

export function addAllianceCommands(program: Command, context: CliContext): void {
  const alliance = program.command('alliance').description('who belongs together, and by which documents')

  alliance
    .command('found')
    .description('found an alliance with the nations whose requests are given')
    .argument('<request...>', 'what "tocsin nation export" wrote at each other nation')
    .requiredOption('--name <name>', 'what people will call it')
    .option('--governors <ids>', 'nations that decide who is a member, as AAA,BBB (default: this nation)')
    .option('--threshold <n>', 'how many governors decide (default: a majority)', parseWhole(1, GOVERNORS_MAX))
    .option('--f <n>', 'how many nations may lie (default: a third)', parseWhole(0, FAULTS_MAX))
    .option('--governor-key <file>', 'another governor who signs here; may be repeated', collect)
    .option('-O, --output-file <file>', 'the alliance file to hand on (default: the name, with .tocsin)')
    .option('--abandon <hash>', 'give up a founding document that was signed before and never used')
    .option('--yes', 'do not ask whether this is what is meant')
    .addOption(passphraseFileOption())
    .addOption(outputOption())
    .action(async (requests: readonly string[], options: FoundOptions) =>
      (await import('./alliance-found.ts')).foundAlliance(context, requests, options),
    )

  addProposeCommands(alliance, context)

  alliance
    .command('sign')
    .description('sign a proposal, on a machine without a network if need be, once it has said what it changes')
    .argument('<proposal>', 'what "alliance propose", "alliance found" or a command of "nation" wrote')
    .option('--key <file>', "whose key signs (default: the home's governor.age, or root.age for its nation)")
    .option('--abandon <hash>', 'give up a document of this version that was signed before and never used')
    .option('--yes', 'do not ask whether to sign')
    .option('-O, --output-file <file>', 'the signature file (default: the proposal and the signer, with .signature)')
    .addOption(passphraseFileOption())
    .action(async (proposal: string, options: SignProposalOptions) =>
      (await import('./alliance-sign.ts')).signProposalFile(context, proposal, options),
    )

  alliance
    .command('assemble')
    .description(
      'put signatures under a proposal together; exits 75 while some are missing, and keeps those that are here',
    )
    .argument('<proposal>', 'what was signed')
    .argument('[signature...]', 'what "tocsin alliance sign" wrote')
    .option('-O, --output-file <file>', 'the alliance file with the new document (default: the name and version)')
    .addOption(outputOption())
    .action(async (proposal: string, signatures: readonly string[], options: AssembleOptions) =>
      (await import('./alliance-assemble.ts')).assembleProposal(context, proposal, signatures, options),
    )

  alliance
    .command('apply')
    .description('join the alliance of a file, or take in what is new of it')
    .argument('<file>', 'what "tocsin alliance found" wrote')
    .option('--trust <text>', 'the fingerprint, words or trust string that the founder reads to you')
    .option('--abandon <hash>', "give up a document of one's nation that was signed before and never used")
    .option('--yes', 'do not ask whether to sign the document of the own nation')
    .addOption(passphraseFileOption())
    .addOption(outputOption())
    .action(async (file: string, options: ApplyOptions) =>
      (await import('./alliance-apply.ts')).applyAlliance(context, file, options),
    )

  alliance
    .command('show')
    .description('the registry in force here, what to be alarmed by, and what to compare by telephone')
    .option('--qr', 'draw the trust string as a QR code where the output is no terminal, too')
    .option('--no-qr', 'draw none')
    .addOption(outputOption())
    .action(async (options: ShowOptions) => (await import('./alliance-show.ts')).showAlliance(context, options))

  alliance
    .command('log')
    .description('the story of the registry: who changed what, and who signed, in order')
    .argument('[file]', 'an alliance file (default: the alliance of the home)')
    .option('--nation <id>', 'only what concerns this nation')
    .addOption(outputOption())
    .action(async (file: string | undefined, options: LogOptions) =>
      (await import('./alliance-log.ts')).logAlliance(context, file, options),
    )

  alliance
    .command('verify')
    .description('check an alliance file alone; exits 0 it holds, 1 it does not, 2 it cannot be judged')
    .argument('<file>', 'an alliance file')
    .option('--trust <text>', 'what it has to be: a fingerprint, words or a trust string')
    .addOption(outputOption())
    .action(async (file: string, options: VerifyOptions) =>
      (await import('./alliance-verify.ts')).verifyAlliance(context, file, options),
    )

  alliance
    .command('invite')
    .description('write the file with which the node of an admitted nation starts')
    .argument('<nation>', 'whose node it is')
    .option('-O, --output-file <file>', 'the invite file (default: the name and nation, with .invite)')
    .action(async (nation: string, options: InviteOptions) =>
      (await import('./alliance-invite.ts')).inviteNation(context, nation, options),
    )

  alliance
    .command('resolve')
    .description('what contradicts itself in the registry, and the ways out; exits 1 while something does')
    .addOption(
      new Option('--choose <hash>', 'write a proposal that continues this branch, for the governors').conflicts('pin'),
    )
    .option('--without <nation>', 'with --choose: a governor to remove; may be repeated', collect)
    .option('--threshold <n>', 'with --choose: how many governors decide then', parseWhole(1, GOVERNORS_MAX))
    .option('--valid-days <n>', 'with --choose: how long it is valid', parseWhole(1, VALID_DAYS_MAX), VALID_DAYS_MAX)
    .option('-O, --output-file <file>', 'with --choose: the proposal file')
    .option('--pin <name>', 'follow this branch here: its hash, fingerprint, words or trust string')
    .option('--yes', 'with --pin: do not ask whether this is what is meant')
    .addOption(outputOption())
    .action(async (options: ResolveOptions) =>
      (await import('./alliance-resolve.ts')).resolveAlliance(context, options),
    )
}
