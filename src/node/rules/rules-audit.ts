import { EMPTY, fromHex, fromUtf8, toHex, utf8 } from '../../base/bytes.ts'
import type { AuditDecision } from '../../policy/audit-record.ts'
import type { Operators } from '../../policy/operator.ts'
import type { Store } from '../../store/store.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { NationalRules } from './national-rules.ts'

/** Of the store's notes: the operators as they were last in force, so that a change of the file shows at the next start. */
const OPERATORS_NOTE = 'audit-operators'

interface Listed {
  readonly name: string
  readonly key: string
  readonly roles: readonly string[]
}

/** Records that these rules come into force, and who became an operator or ceased to be one since the last ones did. */
export async function recordRules(
  { policy, operators, hashes }: NationalRules,
  by: string,
  { store, audit }: { readonly store: Pick<Store, 'note' | 'commit'>; readonly audit: Pick<AuditLog, 'events'> },
): Promise<void> {
  const before = parseListed(await store.note(OPERATORS_NOTE))
  const now = listed(operators)
  const count = policy?.guard.rules.length ?? 0
  const loaded: AuditDecision[] = [
    { kind: 'policy-loaded', by, name: 'policy.yaml', subject: hashes?.policy ?? EMPTY, count },
    { kind: 'policy-loaded', by, name: 'operators.yaml', subject: hashes?.operators ?? EMPTY, count: now.length },
  ]
  const removed = before
    .filter(one => !now.some(other => isSame(one, other)))
    .map(one => changed('operator-removed', one, by))
  const added = now
    .filter(one => !before.some(other => isSame(one, other)))
    .map(one => changed('operator-added', one, by))
  const notes = new Map([[OPERATORS_NOTE, now.length === 0 ? EMPTY : utf8(JSON.stringify(now))]])
  await store.commit({ notes, audit: { add: audit.events(...loaded, ...removed, ...added) } }, { sync: true })
}

function changed(kind: 'operator-added' | 'operator-removed', { name, key, roles }: Listed, by: string): AuditDecision {
  return { kind, by, name: `${name}: ${roles.join(',')}`, subject: fromHex(key) }
}

function listed({ operators }: Operators): Listed[] {
  return operators.map(({ name, key, roles }) => ({ name, key: toHex(key), roles: [...roles].sort() }))
}

function parseListed(note: Uint8Array | undefined): readonly Listed[] {
  return note === undefined ? [] : JSON.parse(fromUtf8(note))
}

function isSame(a: Listed, b: Listed): boolean {
  return a.name === b.name && a.key === b.key && a.roles.join() === b.roles.join()
}
