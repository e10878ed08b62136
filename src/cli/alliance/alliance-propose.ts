import { type Command, Option } from 'commander'
import type { RegistryChange } from '../../registry/next-registry.ts'
import { GOVERNORS_MAX } from '../../wire/limits.ts'
import { collect, parseWhole } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import type * as Changes from './alliance-propose-change.ts'
import type { ProposeOptions } from './alliance-propose-run.ts'

/** */
export const VALID_DAYS_MAX = 400
const VERSION_MAX = Number.MAX_SAFE_INTEGER

/** `alliance propose …`: each writes a proposal file, to be signed by the governors with `alliance sign`. */
export function addProposeCommands(alliance: Command, context: CliContext): void {
  const propose = alliance
    .command('propose')
    .description('write a change of the registry for the governors to sign: a file, and nothing is in force yet')

  function change(name: string, description: string): Command {
    return propose
      .command(name)
      .description(description)
      .option('--onto <proposal>', 'add the change to this proposal, which nobody has signed yet')
      .option('--on <hash>', 'build on this registry: one of several of a version, to lead out of a split')
      .option('--valid-days <n>', 'how long the new version is valid', parseWhole(1, VALID_DAYS_MAX), VALID_DAYS_MAX)
      .option('-O, --output-file <file>', 'the proposal file (default: the name and version, with .proposal)')
  }

  async function run(options: ProposeOptions, make: (changes: typeof Changes) => Promise<RegistryChange>) {
    const { proposeChanges } = await import('./alliance-propose-run.ts')
    await proposeChanges(context, [await make(await import('./alliance-propose-change.ts'))], options)
  }

  change('admit', 'take in the nation of a request')
    .argument('<request>', 'what "tocsin nation export" wrote there')
    .action((request: string, options) => run(options, changes => changes.admit(request)))

  for (const [kind, description] of [
    ['suspend', 'cut its logs where they are, and seal nothing to it, until it is resumed'],
    ['expel', 'cut its logs, and close its connections'],
  ] as const) {
    change(kind, description)
      .argument('<nation>')
      .addOption(boundOption())
      .action((nation: string, options) => run(options, changes => changes.cut(context, kind, nation, options)))
  }

  change('bounds', 'correct where logs of a nation are cut')
    .argument('<nation>')
    .addOption(boundOption().makeOptionMandatory())
    .action((nation: string, options) => run(options, changes => changes.correctBounds(nation, options)))

  change('resume', 'end a suspension')
    .argument('<nation>')
    .action((nation: string, options) => run(options, changes => changes.resume(nation)))

  change('readmit', 'take an expelled nation back, with its old root keys or those of a request')
    .argument('<nation>')
    .argument('[request]', 'what "tocsin nation export" wrote there')
    .action((nation: string, request: string | undefined, options) =>
      run(options, changes => changes.readmit(nation, request)),
    )

  change('roles', 'what a nation may do: PUBLISH, RECEIVE, WITNESS, OBSERVE')
    .argument('<nation>')
    .argument('<roles>', 'as PUBLISH,RECEIVE')
    .action((nation: string, roles: string, options) => run(options, changes => changes.roles(nation, roles)))

  change('ceiling', 'the highest marking that may be sent to a nation')
    .argument('<nation>')
    .argument('<tlp>', 'CLEAR, GREEN, AMBER, AMBER+STRICT, RED or NONE')
    .action((nation: string, tlp: string, options) => run(options, changes => changes.ceiling(nation, tlp)))

  change('reset', 'give a nation other root keys: the old ones are lost (in 14 days) or compromised (at once)')
    .argument('<nation>')
    .argument('[request]', 'what "tocsin nation export" wrote there with the new keys')
    .addOption(new Option('--lost', 'nobody has the old keys').conflicts(['compromised', 'withdraw']))
    .addOption(new Option('--compromised', 'somebody else has the old keys').conflicts('withdraw'))
    .option('--withdraw', 'the nation objects: take back a reset that is not in effect yet')
    .option('--from-version <n>', 'the first document of the new keys (default: the next)', parseWhole(1, VERSION_MAX))
    .addOption(boundOption())
    .action((nation: string, request: string | undefined, options) =>
      run(options, changes => changes.reset(context, nation, request, options)),
    )

  change('governor-add', 'let the nation of a request govern, with the governor keys in it')
    .argument('<request>')
    .addOption(thresholdOption())
    .action((request: string, options) => run(options, changes => changes.addGovernor(request, options.threshold)))

  change('governor-remove', 'let a nation govern no longer; it stays a member')
    .argument('<nation>')
    .addOption(thresholdOption())
    .action((nation: string, options) => run(options, changes => changes.removeGovernor(nation, options.threshold)))

  change('governor-rotate', 'replace the keys of a governor, primary and recovery, by those of a request')
    .argument('<request>')
    .action((request: string, options) => run(options, changes => changes.rotateGovernor(request)))

  change('threshold', 'how many governors must sign')
    .argument('<n>', 'more than half', parseWhole(1, GOVERNORS_MAX))
    .action((threshold: number, options) => run(options, async () => ({ kind: 'threshold', threshold })))

  change('policy', 'limits that all nodes keep')
    .argument(
      '<key=value...>',
      'byzantine-nations, epoch-max-days, epoch-max-messages, daily-bytes, daily-entries, body-retention-days, skew-seconds',
    )
    .action((fields: readonly string[], options) => run(options, changes => changes.policy(fields)))

  change('pin', 'of several documents of one version of a nation, the one that counts')
    .argument('<nation>')
    .argument('<hash>', 'of the document')
    .action((nation: string, hash: string, options) => run(options, changes => changes.pin(nation, hash)))

  change('renew', 'change nothing, and be valid for longer').action(options =>
    run(options, async () => ({ kind: 'renew' })),
  )
}

function boundOption(): Option {
  return new Option(
    '--bound <log:size:root>',
    'where a log is cut, instead of where the daemon proposes (one that is cut lower already stays so); may be repeated',
  ).argParser(collect)
}

function thresholdOption(): Option {
  return new Option('--threshold <n>', 'how many governors must sign from then on').argParser(
    parseWhole(1, GOVERNORS_MAX),
  )
}
