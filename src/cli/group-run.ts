import { randomBytes } from 'node:crypto'
import { toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { isTlp, type Tlp, tlpName } from '../indicator/marking.ts'
import type { GroupText, GroupView, PublishItem } from '../node/orders/node-service.ts'
import { assertNoGroupName } from './terminal/audience-options.ts'
import type { CliContext } from './terminal/context.ts'
import { exitStatusOf } from './terminal/exit.ts'
import { createSubmitter, type OperatorOptions } from './terminal/operator-signature.ts'
import { type OutputFormat, printRows, type Shape } from './terminal/output.ts'
import { sayFixes } from './terminal/refusal-fix.ts'

export interface GroupChangeOptions extends OperatorOptions {}

export interface GroupCreateOptions extends OperatorOptions {
  readonly members: readonly string[]
  readonly maxTlp?: Tlp
}

const GROUP_ID_BYTES = 16

const GROUPS: Shape<GroupView> = {
  columns: [
    { name: 'name', cell: group => group.name },
    { name: 'owner', cell: group => group.owner },
    { name: 'version', cell: group => group.version },
    { name: 'members', cell: group => group.members.join(' ') },
    { name: 'max_tlp', cell: group => (isTlp(group.maxTlp) ? tlpName(group.maxTlp) : '') },
    { name: 'id', cell: group => group.id },
    { name: 'conflict', cell: group => (group.conflict ? 'yes' : '') },
  ],
}

export async function createGroup(context: CliContext, name: string, options: GroupCreateOptions): Promise<void> {
  assertNoGroupName(name)
  const { nation } = await context.client().status()
  const members = distinct([nation, ...options.members])
  const id = toHex(randomBytes(GROUP_ID_BYTES))
  await publish(context, { id, version: 1, prevHash: '', name, members, maxTlp: options.maxTlp ?? 0 }, options)
}

export async function changeGroup(
  context: CliContext,
  verb: 'add' | 'remove',
  name: string,
  nations: readonly string[],
  options: GroupChangeOptions,
): Promise<void> {
  const group = findGroup(await context.client().groups(), name)
  const members = verb === 'add' ? withAdded(group, nations) : withoutRemoved(group, nations)
  const { id, version, hash, maxTlp } = group
  await publish(context, { id, version: version + 1, prevHash: hash, name: group.name, members, maxTlp }, options)
}

export async function listGroups(context: CliContext, output: OutputFormat): Promise<void> {
  const groups = await context.client().groups()
  if (groups.length === 0) context.say('No group is known here.')
  await printRows(context.out, output, groups, GROUPS)
}

export async function showGroup(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  await printRows(context.out, output, [findGroup(await context.client().groups(), name)], GROUPS)
}

async function publish(context: CliContext, group: GroupText, options: OperatorOptions): Promise<void> {
  const sign = await createSubmitter(context, options)
  const items: readonly PublishItem[] = [{ kind: 'group', ...group }]
  const [outcome] = await context.client().publish(items, sign(items))
  const named = JSON.stringify(group.name)
  switch (outcome?.outcome) {
    case 'new':
      return context.say(`The group ${named} is at version ${group.version}: ${group.members.join(', ')}.`)
    case 'queued':
      return context.say(`Version ${group.version} of ${named} waits until a peer answers, and holds from then on.`)
    case 'held':
      return context.say(`Version ${group.version} of ${named} waits for a second person: see "tocsin queue list".`)
    case 'refused':
      context.say(`refused (${outcome.code}): ${outcome.reason}`)
      sayFixes(context, [outcome.code])
      return context.setExitStatus(exitStatusOf(outcome.code))
    default:
      return context.say(`Version ${group.version} of ${named} was published before.`)
  }
}

function withAdded({ name, members }: GroupView, nations: readonly string[]): readonly string[] {
  const already = nations.find(nation => members.includes(nation))
  if (already === undefined) return distinct([...members, ...nations])
  throw new UserError('group-member-already', `${already} is a member of ${JSON.stringify(name)} already`)
}

function withoutRemoved({ name, owner, members }: GroupView, nations: readonly string[]): readonly string[] {
  const absent = nations.find(nation => !members.includes(nation))
  if (absent !== undefined) {
    throw new UserError('group-member-absent', `${absent} is no member of ${JSON.stringify(name)}`)
  }
  if (!nations.includes(owner)) return members.filter(member => !nations.includes(member))
  throw new UserError('group-member-absent', `${owner} owns ${JSON.stringify(name)} and stays a member`)
}

/** Here as in the node: by name, by owner and name, or by id. */
function findGroup(groups: readonly GroupView[], text: string): GroupView {
  const called = groups.filter(({ owner, name, id }) => [name, `${owner}/${name}`, id].includes(text))
  const [group, another] = called
  if (group === undefined) {
    throw new UserError('group-unknown', `no group ${JSON.stringify(text)} is known here`, {
      fix: 'See "tocsin group list".',
    })
  }
  if (another === undefined) return group
  const names = called.map(({ owner, name, id }) => `${owner}/${name} (${id})`)
  throw new UserError('group-ambiguous', `${called.length} groups are called so: ${names.join(', ')}`, {
    fix: 'Say OWNER/NAME, or the id.',
  })
}

function distinct(nations: readonly string[]): readonly string[] {
  return [...new Set(nations)].sort()
}
