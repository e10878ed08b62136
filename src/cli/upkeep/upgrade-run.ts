import { readConfig } from '../../node/home/home.ts'
import { checkUpgradeOf, type UpgradeCheck } from '../../node/home/upgrade-check.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, type Shape } from '../terminal/output.ts'

const CHECK: Shape<UpgradeCheck> = {
  columns: [
    { name: 'program', cell: ({ program }) => program },
    { name: 'store_format', cell: ({ format }) => format ?? '' },
    { name: 'known_format', cell: ({ known }) => known },
    { name: 'migration', cell: ({ migration }) => migration },
    { name: 'room_needed', cell: ({ bytesNeeded }) => bytesNeeded },
    { name: 'room_free', cell: ({ bytesFree }) => bytesFree },
    { name: 'downgrade', cell: ({ downgrade }) => downgrade },
  ],
}

export async function checkUpgrade(context: CliContext, output: OutputFormat): Promise<void> {
  const home = context.home()
  await readConfig(home, context.environment)
  const check = await checkUpgradeOf(home)
  await printRecord(context.out, output, check, CHECK)
  if (check.migration === 'refused') {
    context.say(`The store was written by a newer version: this one, ${check.program}, refuses to open it.`)
    context.say('Install the newer version again, or restore a backup that this version made.')
    context.setExitStatus(EXIT_NO)
  } else if (check.format === undefined) context.say('There is no store here yet.')
  else context.say('This version opens the store as it is: nothing is migrated, and an older one can go back to it.')
}
