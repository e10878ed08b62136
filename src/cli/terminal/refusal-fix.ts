import type { ErrorCode } from '../../base/codes.ts'
import type { CliContext } from './context.ts'

/** What to do next about an item that the node refused; where the reason says it all, there is nothing here. */
const FIXES: Partial<Readonly<Record<ErrorCode, string>>> = {
  'release-red-needs-recipients': 'Say who may read it: --to DEU,FRA, or --group NAME.',
  'release-recipient-excluded':
    'See who would be able to read it with --explain, and who is a member with "tocsin alliance show".',
  'release-above-ceiling':
    'Leave that nation out of --to, or mark it lower; "tocsin alliance show" tells the ceilings.',
  'release-above-group-ceiling':
    'Mark it lower, or name its readers with --to; "tocsin group list" tells the ceilings.',
  'group-unknown': 'See "tocsin group list". A nation learns of a group when its owner makes it a member.',
  'group-exists': 'Choose another name, or change that one: "tocsin group add", "tocsin group remove".',
  'group-member-unknown': 'See "tocsin alliance show".',
  'group-not-owner': 'Ask its owner, or create a group of your own.',
  'guard-submitter-unknown':
    'Say who you are with --operator NAME; "tocsin operator add NAME --role publish" makes the key of a person.',
  'guard-denied': 'See why with "tocsin policy test --with VALUE"; policy.yaml says what may leave.',
  'guard-unchangeable':
    'Let that rule match less, such as with { when: { audience: alliance } }, or let an earlier one decide.',
  'remark-no-claim':
    'Look it up with "tocsin indicator show"; only its author takes a claim back, others say "tocsin indicator dispute"; what nobody claims yet, "tocsin indicator add" publishes.',
  'remark-own-claim': 'Take it back with "tocsin indicator withdraw", or let it end with "tocsin indicator extend".',
  'remark-too-wide': 'Name those who got the claim: --to DEU,FRA, or --group NAME.',
  'remark-below-marking': 'Leave --tlp out: then it is marked as the claim is.',
  'warninglist-blocked':
    'If it is meant all the same: "tocsin indicator add --force VALUE"; what a list does says "warninglists:" in config.yaml.',
  'guard-limit': 'Try again when the hour is over; what has left already is recognised.',
}

/** Once for each code, below what was refused. */
export function sayFixes(context: CliContext, codes: Iterable<ErrorCode>): void {
  for (const fix of new Set([...codes].flatMap(code => FIXES[code] ?? []))) context.say(`→ ${fix}`)
}

/** Below what waits for a second person. */
export function sayHeld(context: CliContext, count: number): void {
  if (count === 0) return
  const what = count === 1 ? '1 item waits' : `${count} items wait`
  context.say(`${what} for a second person: tocsin queue list; then tocsin queue approve ID --operator NAME`)
}
