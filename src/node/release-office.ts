import type { AllianceId, NationId } from '../base/ids.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { RecordRelease } from '../policy/release-record.ts'
import type { Store } from '../store/store.ts'
import type { AudienceDesk } from './audience-desk.ts'
import { type HeldItems, openHeldItems } from './held-items.ts'
import { createRulesKeeper, type NationalRules, type RulesKeeper } from './national-rules.ts'
import { createReleaseDesk, type ReleaseDesk } from './release-desk.ts'

/** Everything that has a say in what leaves. */
export interface ReleaseOffice {
  readonly rules: RulesKeeper
  readonly desk: ReleaseDesk
  readonly held: HeldItems
  readonly record: RecordRelease
}

export interface ReleaseOfficeOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly rules: NationalRules
  readonly rereadRules?: () => Promise<NationalRules>
  readonly audiences: AudienceDesk
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
}

export async function openReleaseOffice(options: ReleaseOfficeOptions): Promise<ReleaseOffice> {
  const { allianceId, nation, audiences, store, clock, logger } = options
  const rules = createRulesKeeper(options.rules, options.rereadRules ?? (() => Promise.resolve(options.rules)))
  // Its place is the audit log of the node.
  const record: RecordRelease = decision => logger.debug(decision, 'decided on what is to leave')
  const holdMs = () => rules.current().policy?.guard.holdMs ?? Number.POSITIVE_INFINITY
  const held = await openHeldItems({ store, clock, holdMs, record, logger })
  return {
    rules,
    held,
    record,
    desk: createReleaseDesk({ allianceId, nation, rules: rules.current, audiences, clock }),
  }
}
