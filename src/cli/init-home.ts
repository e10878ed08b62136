import { parseNationId } from '../base/ids.ts'
import { publicAddresses } from '../node/founding.ts'
import { createHome } from '../node/founding-home.ts'
import { systemRandom } from '../node/random-system.ts'
import type { CliContext } from './context.ts'
import { askNewPassphrase } from './passphrase.ts'

export interface InitOptions {
  readonly nation: string
  readonly label: string
  readonly listen?: readonly string[]
  readonly address?: readonly string[]
  readonly passphraseFile?: string
}

export async function initHome(context: CliContext, options: InitOptions): Promise<void> {
  const { say } = context
  const home = context.home()
  const nation = parseNationId(options.nation)
  const draft = { nation, label: options.label, listen: options.listen ?? [], announce: options.address ?? [] }
  const askPassphrase = async () => {
    const passphrase = await askNewPassphrase(context, options)
    say('Making the keys, which takes a few seconds.')
    return passphrase
  }
  const config = await createHome(home, draft, askPassphrase, { clock: { now: Date.now }, random: systemRandom })

  say(`${home.path} is the home of ${nation} now.`)
  say('  keys/root.age, governor.age, governor-recovery.age: under your passphrase; keep copies of them offline.')
  say('  keys/node.keys, kem.keys: of this node alone, readable by this user alone.')
  if (publicAddresses(config).length === 0) {
    say('Nobody can dial this node yet: set net.announce in config.yaml to its address before the next step.')
  }
  say('Next: send what "tocsin nation export" prints to who founds the alliance, or found it yourself:')
  say('  tocsin alliance found --name NAME REQUEST…')
}
