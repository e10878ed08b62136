import { installNative } from '../../crypto/native.ts'
import { readNodeHome } from '../../node/home/own-nation.ts'
import { checkHomeStore, repairHomeStore } from '../../node/home-store.ts'
import type { RepairResult } from '../../store/repair.ts'
import type { StoreCheck, StoreFault, StoreHoldings } from '../../store/upkeep.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, type Shape } from '../terminal/output.ts'
import { eitherWay } from '../terminal/own-history.ts'

type Found = StoreHoldings & { readonly lost: number; readonly derived: number }

const FOUND: Shape<Found>['columns'] = [
  { name: 'logs', cell: found => found.logs },
  { name: 'entries', cell: found => found.entries },
  { name: 'items', cell: found => found.items },
  { name: 'documents', cell: found => found.documents },
  { name: 'evidence', cell: found => found.evidence },
  { name: 'audit_records', cell: found => found.audit },
  { name: 'lost', cell: found => found.lost },
  { name: 'derived', cell: found => found.derived },
]
const CHECK: Shape<StoreCheck> = { columns: [...FOUND, { name: 'view', cell: ({ view }) => view }] }
const REPAIR: Shape<RepairResult> = { columns: [...FOUND, { name: 'kept', cell: ({ kept }) => kept }] }

export async function checkStore(context: CliContext, output: OutputFormat): Promise<void> {
  const check = await eitherWay(
    context,
    client => client.checkStore(),
    async () => {
      installNative()
      return checkHomeStore(context.home(), context.environment)
    },
  )
  await printRecord(context.out, output, check, CHECK)
  sayFaults(context, check.faults)
  if (check.lost > 0) context.say('Stop the daemon and run "tocsin store repair".')
  else if (check.derived > 0) context.say('Nothing is lost: "tocsin store repair" computes anew what is wrong.')
  else context.say('The store is whole.')
  if (check.lost + check.derived > 0) context.setExitStatus(EXIT_NO)
}

export async function repairStore(context: CliContext, output: OutputFormat): Promise<void> {
  installNative()
  const home = context.home()
  await readNodeHome(home, context.environment)
  const result = await repairHomeStore(home, Date.now())
  await printRecord(context.out, output, result, REPAIR)
  sayFaults(context, result.faults)
  context.say(`The store is whole again; ${result.kept} is what it was. Remove it when all is well.`)
  if (result.lost > 0) context.say('What is lost of logs the peers give again when the daemon is started.')
  context.say('The node opens a new log once enough other nations have answered (R-2.11).')
}

function sayFaults(context: CliContext, faults: readonly StoreFault[]): void {
  for (const { record, sentence } of faults) context.say(`${record}: ${sentence}.`)
}
