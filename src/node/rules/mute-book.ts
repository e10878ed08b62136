import { EMPTY, fromUtf8, utf8 } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import type { MutedNation } from '../../policy/acceptance.ts'
import type { AuditDecision } from '../../policy/audit-record.ts'
import type { Store } from '../../store/store.ts'
import type { AuditLog } from '../audit/audit-log.ts'

/** Of the store's notes: JSON of a list of MutedNation. */
const NOTE = 'muted-nations'

/** Nations of which nothing is taken here until somebody says otherwise. */
export interface MuteBook {
  /** Ascending by nation. */
  list(): readonly MutedNation[]
  /** Throws UserError `mute-done`. */
  add(muted: MutedNation, by: string): Promise<void>
  /** Throws UserError `mute-absent`. */
  remove(nation: NationId, by: string): Promise<void>
}

export async function readMuted(store: Pick<Store, 'note'>): Promise<readonly MutedNation[]> {
  const note = fromUtf8((await store.note(NOTE)) ?? EMPTY)
  return note === '' ? [] : JSON.parse(note)
}

export async function openMuteBook(
  store: Pick<Store, 'note' | 'commit'>,
  audit: Pick<AuditLog, 'events'>,
): Promise<MuteBook> {
  let all = await readMuted(store)

  /** The decision is written with what it changes. */
  async function change(next: readonly MutedNation[], decision: AuditDecision): Promise<void> {
    const notes = new Map([[NOTE, next.length === 0 ? EMPTY : utf8(JSON.stringify(next))]])
    await store.commit({ notes, audit: { add: audit.events(decision) } }, { sync: true })
    all = next
  }

  return {
    list: () => all,
    async add(muted, by) {
      const { nation } = muted
      if (all.some(other => other.nation === nation)) {
        throw new UserError('mute-done', `${nation} is muted already`, { fix: 'See "tocsin nation muted".' })
      }
      const next = [...all, muted].sort((a, b) => (a.nation < b.nation ? -1 : 1))
      await change(next, { kind: 'nation-muted', by, name: nation })
    },
    async remove(nation, by) {
      const next = all.filter(other => other.nation !== nation)
      if (next.length === all.length) {
        throw new UserError('mute-absent', `${nation} is not muted`, { fix: 'See "tocsin nation muted".' })
      }
      await change(next, { kind: 'nation-unmuted', by, name: nation })
    },
  }
}
