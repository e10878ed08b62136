import type { Command } from 'commander'
import { ROOT_KEYS_MAX } from '../../wire/limits.ts'
import { collect, parseWhole } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, outputOption } from '../terminal/output.ts'
import { type PassphraseOptions, passphraseFileOption } from '../terminal/passphrase.ts'
import type { CompromiseOptions } from './nation-compromise.ts'
import type { CreateOptions } from './nation-create.ts'
import type { KemExportOptions } from './nation-kem.ts'
import { addMuteCommands } from './nation-mute.ts'
import type { AddressOptions, ContactOptions, OntoOption } from './nation-nodes.ts'
import type { PresignOptions } from './nation-presign.ts'
import type { RepublishOptions } from './nation-republish.ts'
import type { NewRootOptions, RootsOptions } from './nation-root.ts'
import type { RotateKemOptions, RotateNodeOptions, RotateRootOptions } from './nation-rotate.ts'

/** The longest that allows. */
const VALID_DAYS_MAX = 400

export function addNationCommands(program: Command, context: CliContext): void {
  const nation = program.command('nation').description('our own nation: its keys and its documents')
  addHomeCommands(nation, context)
  addNodeCommands(nation, context)
  addKeyCommands(nation, context)
  addRootCommands(nation, context)
  addEmergencyCommands(nation, context)
  addMuteCommands(nation, context)
}

function addHomeCommands(nation: Command, context: CliContext): void {
  nation
    .command('create')
    .description("make the home of a nation's first node: its configuration and every key")
    .requiredOption('--nation <id>', 'the nation that it speaks for, such as DEU')
    .option('--label <text>', 'what people call the nation', '')
    .option('--listen <multiaddr>', 'where to listen; may be repeated (default: /ip4/0.0.0.0/tcp/7117)', collect)
    .option('--address <multiaddr>', 'where others reach it, if elsewhere; may be repeated', collect)
    .option('--observer', "an auditor's node: no KEM key, so that it opens no body")
    .addOption(passphraseFileOption())
    .action(async (options: CreateOptions) => (await import('./nation-create.ts')).createNation(context, options))
  nation
    .command('show')
    .description('its key ids, nodes, KEM windows and document versions')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./nation-view.ts')).showNation(context, output),
    )
  nation
    .command('export')
    .description('the request to be taken into an alliance: public keys, for a governor')
    .option('-O, --output-file <file>', 'where to write it; - for standard output', '-')
    .option('--node', 'the keys of this further node instead, for who holds the root key of the nation')
    .action(async ({ outputFile, node }: { outputFile: string; node?: boolean }) =>
      node === true
        ? (await import('./nation-nodes.ts')).exportNode(context, outputFile)
        : (await import('./nation-view.ts')).exportRequest(context, outputFile),
    )
}

function addNodeCommands(nation: Command, context: CliContext): void {
  deciding(nation, 'renew', 'sign the document again, valid for longer').action(async (options: OntoOption) =>
    (await import('./nation-nodes.ts')).renewNation(context, options),
  )
  deciding(nation, 'add-node', 'take a further node into the document of the nation')
    .argument('<file>', 'what "tocsin nation export --node" wrote there')
    .action(async (file: string, options: OntoOption) =>
      (await import('./nation-nodes.ts')).addNode(context, file, options),
    )
  deciding(nation, 'retire-node', 'give the keys of a node up; what it has signed stays')
    .argument('<node>', 'its number in "nation show", or the beginning of one of its keys')
    .action(async (node: string, options: OntoOption) =>
      (await import('./nation-nodes.ts')).retireNode(context, node, options),
    )
  deciding(nation, 'address', 'change where a node is reached (default: as config.yaml has it)')
    .option('--node <node>', 'which one, as for retire-node (default: the node of this home)')
    .option('--set <multiaddr>', 'instead of all others; may be repeated', collect)
    .option('--add <multiaddr>', 'a further one; may be repeated', collect)
    .option('--remove <multiaddr>', 'one less; may be repeated', collect)
    .action(async (options: AddressOptions) => (await import('./nation-nodes.ts')).changeAddresses(context, options))
  deciding(nation, 'contact', 'say whom others are to call')
    .argument('<name>', 'of a person or a desk')
    .option('--duty <text>', 'for what, and when')
    .option('--reach <text>', 'a telephone number, or another way')
    .option('--remove', 'nobody is to call there any more')
    .action(async (name: string, options: ContactOptions) =>
      (await import('./nation-nodes.ts')).changeContact(context, name, options),
    )
}

function addKeyCommands(nation: Command, context: CliContext): void {
  const rotate = nation.command('rotate').description('replace keys of the nation')
  deciding(rotate, 'kem', 'make the KEM keys of the coming months, up to sixteen windows')
    .option('--compromised', 'give up those of the document: others may have them')
    .action(async (options: RotateKemOptions) => (await import('./nation-rotate.ts')).rotateKem(context, options))
  deciding(rotate, 'root', 'make a new root key in place of the one at hand')
    .option('--lost', 'the old one cannot sign, or is in other hands: the governors must reset it')
    .action(async (options: RotateRootOptions) => (await import('./nation-rotate.ts')).rotateRoot(context, options))
  deciding(rotate, 'node', 'make new keys of this node; run again, it takes the next step')
    .option('--keep-old', 'keep a copy of the old key file, which else is destroyed')
    .action(async (options: RotateNodeOptions) => (await import('./nation-rotate.ts')).rotateNode(context, options))

  rotate
    .command('governor')
    .description('make new governor keys, for the governors to put in force; run again, it takes the next step')
    .addOption(passphraseFileOption())
    .action(async (options: PassphraseOptions) =>
      (await import('./nation-rotate-governor.ts')).rotateGovernor(context, options),
    )

  nation
    .command('kem-export')
    .description('the KEM keys under a passphrase, for another site of the nation')
    .requiredOption('-O, --output-file <file>', 'where to write them')
    .addOption(passphraseFileOption())
    .action(async (options: KemExportOptions) => (await import('./nation-kem.ts')).exportKemKeys(context, options))
  nation
    .command('kem-import')
    .description('take the KEM keys of another site of the nation over')
    .argument('<file>', 'what "tocsin nation kem-export" wrote')
    .addOption(passphraseFileOption())
    .action(async (file: string, options: PassphraseOptions) =>
      (await import('./nation-kem.ts')).importKemKeys(context, file, options),
    )
}

function addRootCommands(nation: Command, context: CliContext): void {
  const root = nation.command('root').description('several root keys, of which a threshold signs for the nation')
  const parseThreshold = parseWhole(1, ROOT_KEYS_MAX)
  root
    .command('new')
    .description('make a root key where its holder keeps it; prints the public half')
    .argument('<key-file>', 'where to write the secret half, under a passphrase')
    .requiredOption('--nation <id>', 'the nation that it is to sign for, such as DEU')
    .option('-O, --output-file <file>', 'where to write the public half; - for standard output', '-')
    .addOption(passphraseFileOption())
    .action(async (keyFile: string, options: NewRootOptions) =>
      (await import('./nation-root.ts')).makeRoot(context, keyFile, options),
    )
  deciding(root, 'add', 'take further root keys into the document of the nation')
    .argument('<files...>', 'the public halves, as "tocsin nation root new" printed them')
    .option('--threshold <n>', 'how many of all root keys then sign (default: as many as now)', parseThreshold)
    .action(async (files: readonly string[], options: RootsOptions) =>
      (await import('./nation-root.ts')).addRoots(context, files, options),
    )
  deciding(root, 'remove', 'take root keys out of it; those that are left have to be enough')
    .argument('<keys...>', 'of each the first eight or more digits, as "nation show" prints them')
    .option('--threshold <n>', 'how many of those left then sign (default: as many as now)', parseThreshold)
    .action(async (keys: readonly string[], options: RootsOptions) =>
      (await import('./nation-root.ts')).removeRoots(context, keys, options),
    )
  deciding(root, 'threshold', 'how many root keys sign for the nation')
    .argument('<n>', 'from one to as many as there are', parseThreshold)
    .action(async (threshold: number, options: OntoOption) =>
      (await import('./nation-root.ts')).changeRootThreshold(context, threshold, options),
    )
}

function addEmergencyCommands(nation: Command, context: CliContext): void {
  deciding(nation, 'compromise', 'what to do when others may have keys of ours; run again, it goes on where it stopped')
    .argument('[node]', 'the node whose keys they are, as for retire-node (default: explain, and do nothing)')
    .option('--bound <log=size>', 'trust no more entries of a log than these; may be repeated', collect)
    .option('--keep-kem', 'the KEM keys of the nation were not on that machine')
    .option('--revocation <file>', 'what "tocsin nation presign" wrote: revokes without the root key')
    .action(async (node: string | undefined, options: CompromiseOptions) =>
      (await import('./nation-compromise.ts')).leadCompromise(context, node, options),
    )
  nation
    .command('republish')
    .description('publish again, in the log that grows, what no longer stands of our own')
    .option('--yes', 'do not ask whether all of it is ours')
    .addOption(outputOption())
    .action(async (options: RepublishOptions) =>
      (await import('./nation-republish.ts')).republishQuarantined(context, options),
    )
  deciding(nation, 'presign', 'sign the revocation of a node ahead, for the day when the root key is far away')
    .argument('<node>', 'as for retire-node')
    .action(async (node: string, options: PresignOptions) =>
      (await import('./nation-presign.ts')).presignRevocation(context, node, options),
    )
}

/** What every command has that ends in a new document of the nation. */
function deciding(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--root-key <file>', 'a root key that signs here; may be repeated (default: keys/root.age)', collect)
    .option('--propose', 'write a proposal for others to sign, and sign nothing')
    .option('-O, --output-file <file>', 'where to write the proposal')
    .option('--valid-days <n>', 'how long the document is valid (default: 400)', parseWhole(1, VALID_DAYS_MAX))
    .option('--abandon <hash>', 'give up a document of this version that was signed before and never used')
    .option('--onto <hash>', 'of two documents of one version, the one to go on with')
    .option('--yes', 'do not ask whether to sign')
    .addOption(passphraseFileOption())
}
