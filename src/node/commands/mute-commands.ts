import { UserError } from '../../base/errors.ts'
import { type NationId, parseNationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import type { Directory } from '../../registry/directory.ts'
import type { Store } from '../../store/store.ts'
import { createTurns } from '../mechanisms/turns.ts'
import type { Projector } from '../opening/project.ts'
import type { MuteCommands } from '../orders/mute-orders.ts'
import type { Outlets } from '../outlets.ts'
import type { ReleaseOffice } from '../rules/release-office.ts'

interface MuteOptions {
  readonly nation: NationId
  readonly book: { directory(): Pick<Directory, 'registry'> }
  readonly release: Pick<ReleaseOffice, 'rules' | 'mutes'>
  readonly store: Pick<Store, 'setAcceptance'>
  readonly projector: Pick<Projector, 'wake'>
  readonly outlets: Pick<Outlets, 'decided' | 'exports'>
  readonly clock: Clock
}

const REASON_LENGTH_MAX = 512

export function createMuteCommands(options: MuteOptions): MuteCommands {
  const { nation: own, book, release, store, projector, outlets, clock } = options
  const { mutes, rules } = release
  const inTurn = createTurns()

  function knownNation(text: string): NationId {
    const nation = parseNationId(text)
    if (nation === own) throw new UserError('mute-own', 'nobody mutes the own nation')
    if (book.directory().registry.nations.has(nation)) return nation
    throw new UserError('mute-unknown', `${nation} is no nation of this alliance`, {
      fix: 'See "tocsin alliance show".',
    })
  }

  /** What is hidden hides at once; what is to show again does when the view is computed anew. */
  async function takeUp(): Promise<void> {
    rules.mute(mutes.list())
    await store.setAcceptance(rules.current().acceptance)
    outlets.decided()
    projector.wake()
  }

  return {
    muted: () => mutes.list(),
    muteNation: (text, reason) =>
      inTurn(async () => {
        const nation = knownNation(text)
        await mutes.add({ nation, reason: reason.slice(0, REASON_LENGTH_MAX), sinceMs: clock.now() }, 'local')
        await takeUp()
      }),
    unmuteNation: text =>
      inTurn(async () => {
        const nation = parseNationId(text)
        await mutes.remove(nation, 'local')
        await outlets.exports.desk.pardon(nation)
        await takeUp()
      }),
  }
}
