import { parseNationId } from '../../base/ids.ts'
import { publicAddresses } from '../../node/ceremonies/founding.ts'
import { createHome } from '../../node/ceremonies/founding-home.ts'
import { systemRandom } from '../../node/mechanisms/random-system.ts'
import type { CliContext } from '../terminal/context.ts'
import { askNewPassphrase } from '../terminal/passphrase.ts'

export interface CreateOptions {
  readonly nation: string
  readonly label: string
  readonly listen?: readonly string[]
  readonly address?: readonly string[]
  readonly observer?: boolean
  readonly passphraseFile?: string
}

/** The home of a nation's first node, with every key of the nation. */
export async function createNation(context: CliContext, options: CreateOptions): Promise<void> {
  const { say } = context
  const home = context.home()
  const nation = parseNationId(options.nation)
  const observer = options.observer === true
  const { label, listen = [], address: announce = [] } = options
  const askPassphrase = async () => {
    const passphrase = await askNewPassphrase(context, options)
    say('Making the keys, which takes a few seconds.')
    return passphrase
  }
  const ports = { clock: { now: Date.now }, random: systemRandom, ...context.keyFiles }
  const config = await createHome(home, { nation, label, listen, announce, observer }, askPassphrase, ports)

  say(`${home.path} is the home of ${nation} now.`)
  say('  keys/root.age, governor.age, governor-recovery.age: under your passphrase; keep copies of them offline.')
  say('  keys/node.keys, kem.keys: of this node alone, readable by this user alone.')
  if (observer) say('  It observes: there is no KEM key, and it opens no body.')
  if (publicAddresses(config).length === 0) {
    say('Nobody can dial this node yet: set net.announce in config.yaml to its address before the next step.')
  }
  say('Next: send what "tocsin nation export" prints to a governor of the alliance, or found one yourself:')
  say('  tocsin alliance found --name NAME REQUEST…')
}
