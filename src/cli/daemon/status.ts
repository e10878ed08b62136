import type { Command } from 'commander'
import { TocsinError } from '../../base/errors.ts'
import type { CatchUp, LaggingWitness, LogStatus, StatedRegistry } from '../../node/knowledge/log-status.ts'
import type { NodeStatus, Problem } from '../../node/orders/node-service.ts'
import { sayIfBlind } from '../terminal/blind-node.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK, EXIT_UNREACHABLE } from '../terminal/exit.ts'
import {
  type OutputFormat,
  type OutputSink,
  outputOption,
  printRecord,
  printRows,
  type Shape,
  timeCell,
} from '../terminal/output.ts'

const STATUS: Shape<NodeStatus> = {
  columns: [
    { name: 'state', cell: status => status.state },
    { name: 'nation', cell: status => status.nation },
    { name: 'use', cell: status => status.use },
    { name: 'roles', cell: status => status.roles.join(' ') },
    { name: 'alliance', cell: status => status.allianceName },
    { name: 'alliance_id', cell: status => status.allianceId },
    { name: 'registry_version', cell: status => status.registryVersion },
    { name: 'version', cell: status => status.version },
    { name: 'pid', cell: status => status.pid },
    { name: 'started', cell: status => timeCell(status.startedMs) },
    { name: 'listen', cell: status => status.listen.join(' ') },
    { name: 'peers_connected', cell: status => status.peersConnected },
    { name: 'peers_known', cell: status => status.peersKnown },
    { name: 'entries', cell: status => status.entries },
    { name: 'indicators', cell: status => status.indicators },
    { name: 'claims', cell: status => status.claims },
    { name: 'backlog', cell: status => status.backlog },
    { name: 'waiting_for_key', cell: status => status.waiting },
    { name: 'bodies_wanted', cell: status => status.bodiesWanted },
    { name: 'queued_unsigned', cell: status => status.queued },
    { name: 'alerts', cell: status => status.alerts },
    { name: 'frontier', cell: status => status.frontier },
  ],
}

const PROBLEMS: Shape<Problem> = {
  columns: [
    { name: 'grade', cell: problem => problem.grade },
    { name: 'problem', cell: problem => problem.code },
    { name: 'what', cell: problem => problem.message },
    { name: 'to do', cell: problem => problem.fix },
  ],
}

const LOGS: Shape<LogStatus> = {
  columns: [
    { name: 'nation', cell: log => (log.own ? `${log.nation} (own)` : log.nation) },
    { name: 'log', cell: log => log.logId.slice(0, 16) },
    { name: 'incarnation', cell: log => log.incarnation },
    { name: 'entries', cell: log => log.size },
    { name: 'witnessed', cell: log => log.witnessed },
    { name: 'post-quantum', cell: log => log.postQuantum },
    { name: 'behind', cell: log => log.behind },
    { name: 'last entry', cell: log => timeCell(log.lastEntryMs) },
  ],
}

const CATCH_UP: Shape<CatchUp> = {
  columns: [
    { name: 'to fetch of', cell: each => each.nation || '(a new log)' },
    { name: 'entries', cell: each => each.left },
    { name: 'a second', cell: each => each.perSecond },
    { name: 'seconds left', cell: each => (each.leftMs === null ? '' : Math.ceil(each.leftMs / 1000)) },
    { name: 'waits for quota until', cell: each => timeCell(each.waitsUntilMs ?? 0) },
  ],
}

const LAGGING: Shape<LaggingWitness> = {
  columns: [
    { name: 'lags as witness', cell: lag => lag.nation },
    { name: 'in logs', cell: lag => lag.logs },
    { name: 'entries', cell: lag => lag.behind },
    { name: 'last cosigned', cell: lag => timeCell(lag.sinceMs) },
  ],
}

const REGISTRIES: Shape<StatedRegistry> = {
  columns: [
    { name: 'other registry at', cell: stated => stated.nation },
    { name: 'version', cell: stated => stated.version },
    { name: 'hash', cell: stated => stated.hash.slice(0, 16) },
    { name: 'said', cell: stated => timeCell(stated.timeMs) },
  ],
}

interface Unreachable {
  readonly state: 'unreachable'
  readonly code: string
  readonly message: string
}

const UNREACHABLE: Shape<Unreachable> = {
  columns: [
    { name: 'state', cell: unreachable => unreachable.state },
    { name: 'code', cell: unreachable => unreachable.code },
    { name: 'message', cell: unreachable => unreachable.message },
  ],
}

export function addStatusCommand(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('how the node does; exits 0 ready, 1 starting or degraded, 2 unreachable')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      try {
        const status = await context.client().status()
        await printStatus(context.out, output, status)
        sayIfBlind(context, status)
        context.setExitStatus(status.state === 'ready' ? EXIT_OK : EXIT_NO)
      } catch (error) {
        if (!(error instanceof TocsinError)) throw error
        const { code, message, fix } = error
        await printRecord(context.out, output, { state: 'unreachable', code, message }, UNREACHABLE)
        if (fix !== undefined) context.say(`→ ${fix}`)
        context.setExitStatus(EXIT_UNREACHABLE)
      }
    })
}

async function printStatus(out: OutputSink, output: OutputFormat, status: NodeStatus): Promise<void> {
  await printRecord(out, output, status, STATUS)
  if (output !== 'table') return
  if (status.problems.length > 0) await out.write('\n')
  await printRows(out, output, status.problems, PROBLEMS)
  if (status.logs.length > 0) await out.write('\n')
  await printRows(out, output, status.logs, LOGS)
  await printWhere(out, status.catchUp, CATCH_UP)
  await printWhere(out, status.lagging, LAGGING)
  await printWhere(
    out,
    status.registries.filter(({ version, hash }) => isOther(status, version, hash)),
    REGISTRIES,
  )
}

/** Another version, or another document of this one. */
function isOther({ registryVersion, registryHash }: NodeStatus, version: number, hash: string): boolean {
  return version !== registryVersion || hash !== registryHash
}

async function printWhere<Row>(out: OutputSink, rows: readonly Row[], shape: Shape<Row>): Promise<void> {
  if (rows.length === 0) return
  await out.write('\n')
  await printRows(out, 'table', rows, shape)
}
