import { TocsinError, UserError } from '../../base/errors.ts'
import { parseNationId } from '../../base/ids.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import { peerKeyHex } from '../../net/peer-key.ts'
import { ownEdges } from '../../node/config/config.ts'
import { readHeldAlliance } from '../../node/home/founding-alliance.ts'
import { type Home, readConfig, readNodeKeys } from '../../node/home/home.ts'
import { type DiagnosisCheck, failed, passed, THIS_NODE } from '../../node/orders/diagnosis-check.ts'
import { checkOwnStanding } from '../../node/problems/own-standing.ts'
import { diagnoseFromOutside } from '../../node/status/diagnosis.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK } from '../terminal/exit.ts'
import { type OutputFormat, printRows, type Shape } from '../terminal/output.ts'
import { createSetUpChecks } from './check-home.ts'

const SHAPE: Shape<DiagnosisCheck> = {
  columns: [
    { name: 'result', cell: ({ result }) => (result === 'failed' ? 'FAIL' : result) },
    {
      name: 'about',
      cell: ({ nation, peer }) => (peer === '' ? 'this node' : `${nation} ${peer.slice(0, 8)}`.trimStart()),
    },
    { name: 'address', cell: ({ address }) => address },
    { name: 'check', cell: ({ check }) => check },
    { name: 'code', cell: ({ code }) => code },
    { name: 'detail', cell: ({ detail }) => detail },
    { name: 'to_do', cell: ({ fix }) => fix },
  ],
}

/** The home first, then the daemon, then what that finds of each peer, or what this process can find without it. */
export async function runDoctor(context: CliContext, target: string | undefined, output: OutputFormat): Promise<void> {
  const checks: DiagnosisCheck[] = []
  for (const { name, run } of createSetUpChecks(context)) checks.push(await checkOf(name, run))
  const daemon = await checkOf('daemon', async () => describeDaemon(context))
  checks.push(daemon, ...(await diagnoseConnections(context, daemon, target)))
  await printRows(context.out, output, checks, SHAPE)
  const wrong = checks.filter(({ result }) => result === 'failed')
  const [first] = wrong
  if (first === undefined) context.say('All is well.')
  else
    context.say(
      `${wrong.length} of ${checks.length} checks failed; the first: ${first.detail.replace(/\.$/, '')}.\n→ ${first.fix}`,
    )
  context.setExitStatus(first === undefined ? EXIT_OK : EXIT_NO)
}

async function describeDaemon(context: CliContext): Promise<string> {
  const { pid, state, peersConnected, peersKnown } = await context.client().status()
  return `process ${pid}, ${state}, ${peersConnected} of ${peersKnown} peers connected`
}

async function diagnoseConnections(
  context: CliContext,
  daemon: DiagnosisCheck,
  target: string | undefined,
): Promise<readonly DiagnosisCheck[]> {
  if (daemon.result === 'ok') return context.client().diagnose(target)
  try {
    return await diagnoseHome(context.home(), context, target)
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code === 'net-peer-absent') throw error
    return [faultOf('own registry', error)]
  }
}

/** From the documents and keys of the home. */
async function diagnoseHome(
  home: Home,
  { environment }: CliContext,
  target: string | undefined,
): Promise<readonly DiagnosisCheck[]> {
  const held = await readHeldAlliance(home)
  if (held === undefined) {
    throw new UserError('registry-missing', `${home.path} belongs to no alliance yet`, {
      fix: 'Found one or join one: "tocsin alliance --help".',
    })
  }
  const { directory } = held
  const config = await readConfig(home, environment)
  const nation = parseNationId(config.nation)
  const peerPk = createEd25519Signer((await readNodeKeys(home)).peerSeed).publicKey
  const own = checkOwnStanding({ directory, nation, peer: peerKeyHex(peerPk), nowMs: Date.now() })
  return [...own, ...(await diagnoseFromOutside(directory, peerPk, ownEdges(config), target))]
}

async function checkOf(name: string, run: () => Promise<string>): Promise<DiagnosisCheck> {
  try {
    return passed(THIS_NODE, name, await run())
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return faultOf(name, error)
  }
}

function faultOf(name: string, { code, message, fix }: TocsinError): DiagnosisCheck {
  return failed(THIS_NODE, name, { code, message, fix: fix ?? '' })
}
