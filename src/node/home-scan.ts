import { DEFAULT_SCORE_POLICY } from '../indicator/score-policy.ts'
import { createAcceptance } from '../policy/acceptance.ts'
import { openStore } from '../store/open.ts'
import type { Home } from './home/home.ts'
import { readNodeHome } from './home/own-nation.ts'
import { nationStatus } from './knowledge/directory-views.ts'
import { createScanCommands, type ScanCommands } from './reading/scan-commands.ts'
import { claimView, indicatorView } from './reading/views.ts'
import { readMuted } from './rules/mute-book.ts'
import { readNationalRules } from './rules/national-rules.ts'

/**
 * The same of the store of a home in which no daemon runs, by the policy and the alliance file as they lie there. Throws
 * as `readNodeHome`, `readNationalRules` and `openStore` do. Dispose of it.
 */
export async function openHomeScan(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ScanCommands & AsyncDisposable> {
  const { nation, alliance } = await readNodeHome(home, environment)
  const { policy } = await readNationalRules(home)
  const scoring = {
    policy: () => policy?.score ?? DEFAULT_SCORE_POLICY,
    nowMs: () => Date.now(),
    warnings: () => [],
  }
  const store = await openStore(home.data)
  await store.setAcceptance(createAcceptance(policy?.accept ?? [], nation, await readMuted(store)))
  const commands = createScanCommands(store, stored =>
    indicatorView(stored, item => claimView(item, of => nationStatus(alliance.directory, of)), scoring),
  )
  return { ...commands, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() }
}
