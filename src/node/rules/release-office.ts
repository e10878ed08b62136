import type { AllianceId, NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AudienceDesk } from './audience-desk.ts'
import { type HeldItems, openHeldItems } from './held-items.ts'
import { type MuteBook, openMuteBook } from './mute-book.ts'
import { createRulesKeeper, type NationalRules, type RulesKeeper } from './national-rules.ts'
import { createReleaseDesk, type ReleaseDesk } from './release-desk.ts'
import { recordRules } from './rules-audit.ts'

/** Everything that has a say in what leaves. */
export interface ReleaseOffice {
  readonly rules: RulesKeeper
  readonly mutes: MuteBook
  readonly desk: ReleaseDesk
  readonly held: HeldItems
  readonly audit: AuditLog
}

export interface ReleaseOfficeOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly rules: NationalRules
  readonly rereadRules?: () => Promise<NationalRules>
  readonly audiences: AudienceDesk
  readonly audit: AuditLog
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
}

export async function openReleaseOffice(options: ReleaseOfficeOptions): Promise<ReleaseOffice> {
  const { allianceId, nation, audiences, audit, store, clock, logger } = options
  const reread = options.rereadRules ?? (() => Promise.resolve(options.rules))
  await recordRules(options.rules, 'node', options)
  const mutes = await openMuteBook(store, audit)
  const rules = createRulesKeeper(options.rules, reread, changed => recordRules(changed, 'local', options), nation)
  rules.mute(mutes.list())
  await store.setAcceptance(rules.current().acceptance)
  const holdMs = () => rules.current().policy?.guard.holdMs ?? Number.POSITIVE_INFINITY
  const held = await openHeldItems({ store, clock, holdMs, audit, logger })
  return {
    rules,
    mutes,
    held,
    audit,
    desk: createReleaseDesk({ allianceId, nation, rules: rules.current, audiences, clock }),
  }
}
