import { TocsinError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import { createAcceptance } from '../policy/acceptance.ts'
import { checkLevelFiles } from '../store/level-files.ts'
import { openStore } from '../store/open.ts'
import { type RepairResult, repairStore } from '../store/repair.ts'
import type { StoreCheck, StoreFault } from '../store/upkeep.ts'
import { type Home, readConfig } from './home/home.ts'
import { markedAs } from './home/restore.ts'
import { readMuted } from './rules/mute-book.ts'
import { readNationalRules } from './rules/national-rules.ts'

/** What looks after the store of a home in which no daemon runs. */

const NOTHING = { records: 0, logs: 0, entries: 0, items: 0, documents: 0, evidence: 0, audit: 0 } as const

/** The files first: where they are damaged the store may not open. Throws UserError `store-locked`, `policy-invalid`. */
export async function checkHomeStore(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<StoreCheck> {
  const files = await checkLevelFiles(home.data, 'all')
  const faults = files.map(({ file, sentence }): StoreFault => {
    return { harm: 'lost', record: 'file', sentence: `${file}: ${sentence}` }
  })
  if (faults.length > 0) return { ...NOTHING, lost: faults.length, derived: 0, faults, view: 'unknown' }
  const { nation } = await readConfig(home, environment)
  const { policy } = await readNationalRules(home)
  try {
    await using store = await openStore(home.data)
    await store.setAcceptance(createAcceptance(policy?.accept ?? [], nation as NationId, await readMuted(store)))
    return await store.check()
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code !== 'store-damaged') throw error
    const fault: StoreFault = { harm: 'lost', record: 'store', sentence: error.message }
    return { ...NOTHING, lost: 1, derived: 0, faults: [fault], view: 'unknown' }
  }
}

/** Throws as `repairStore` does. */
export function repairHomeStore(home: Home, nowMs: number): Promise<RepairResult> {
  return repairStore(
    home.data,
    nowMs,
    markedAs('repaired', nowMs, ({ lost }) => lost),
  )
}
