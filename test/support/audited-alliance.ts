import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openControlServer } from '../../src/api/control-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { type CliRun, runCliHere } from './cli.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  type TestAlliance,
  until,
} from './node-alliance.ts'

/** Checkpoints and cosignatures are made when the test asks for them. */
const config: NonNullable<StartOptions['config']> = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 400, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

/** Four nations with running nodes; what AAA published is witnessed by a quorum; commands can be typed at AAA's node. */
export interface AuditedAlliance extends AsyncDisposable {
  readonly alliance: TestAlliance
  readonly nodes: readonly RunningNode[]
  /** AAA's. */
  readonly author: RunningNode
  /** Trust string of the alliance. */
  readonly trust: string
  /** A folder for files. */
  readonly work: string
  run(...args: readonly string[]): Promise<CliRun>
}

export async function openAuditedAlliance(publishes: number): Promise<AuditedAlliance> {
  await using parts = new AsyncDisposableStack()
  const alliance = parts.use(await createTestAlliance(4))
  const nodes: RunningNode[] = []
  for (const index of [0, 1, 2, 3]) nodes.push(parts.use(await alliance.start(index, { config })))
  await ready(nodes)
  const author = nodes[0]!
  for (let i = 0; i < publishes; i++) await author.service.publish([domainDraft(`published-${i}.example`)])
  await converged(nodes)
  await witnessed(nodes)

  const work = await mkdtemp(join(tmpdir(), 'tocsin-audit-'))
  parts.defer(() => rm(work, { recursive: true, force: true }))
  const home = join(work, 'home')
  await mkdir(home, { mode: 0o700 })
  await writeFile(join(home, 'config.yaml'), 'nation: AAA\n')
  const socketPath = join(home, 'control.sock')
  parts.use(await openControlServer(author.service, { socketPath, metricsListen: '', logger: silentLogger }))
  const { trust } = author.service.registry()
  const owned = parts.move()
  return {
    alliance,
    nodes,
    author,
    trust,
    work,
    run: (...args) => runCliHere(args, { cwd: work, env: { TOCSIN_HOME: home } }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Until all hold that a quorum has the whole log of the first. */
async function witnessed(nodes: readonly RunningNode[]): Promise<void> {
  const author = nodes[0]!
  const log = author.node.ownLog.current()!
  await author.node.checkpoint()
  await until(
    () => nodes.every(({ node }) => node.book.newestCheckpoint(log.logId)?.checkpoint.size === log.size),
    5000,
  )
  for (const { node } of nodes.slice(1)) await node.cosign()
  const cosigned = () => author.node.book.checkpoints(log.logId).flatMap(each => each.cosignatures)
  const isQuorate = ({ node }: RunningNode) => node.book.standingOf(log).quorate?.size === log.size
  await until(() => nodes.every(isQuorate) && cosigned().length >= nodes.length - 1, 5000)
}
