import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import { type AuthoredGroup, foldGroups, type KnownGroup } from '../../indicator/group.ts'
import { parseItem } from '../../indicator/item.ts'
import { ITEM } from '../../indicator/item-type.ts'
import { type GroupName, groupKey } from '../../policy/audience-name.ts'
import { LIST_PAGE_MAX } from '../../store/caps.ts'
import type { Store } from '../../store/store.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../../wire/limits.ts'
import { decodeStrict } from '../../wire/strict.ts'

/** The sharing groups that this nation knows of, out of the view. */
export interface GroupBook {
  /** Ascending by owner and id. */
  all(): readonly KnownGroup[]
  get(name: GroupName): KnownGroup | undefined
  /** By `NAME`, `OWNER/NAME`, or the id in hex. Throws UserError `group-unknown` or `group-ambiguous`. */
  find(text: string): KnownGroup
  /** Changes with what it holds. */
  revision(): number
  /** Reads them anew: GroupDocs were opened, hidden or quarantined. */
  refresh(): Promise<void>
}

/** A member that floods everybody with versions is alerted of, and those beyond are not read. */
const GROUP_DOCS_MAX = 16_384

export async function openGroupBook(store: Pick<Store, 'listItems'>, logger: Logger): Promise<GroupBook> {
  let groups: ReadonlyMap<string, KnownGroup> = new Map()
  let revision = 0
  const conflicts = new Set<string>()

  async function refresh(): Promise<void> {
    const folded = foldGroups(await read(store, logger))
    groups = new Map(folded.map(group => [groupKey(group), group]))
    revision++
    for (const group of folded) {
      const version = `${groupKey(group)}/${group.version}`
      if (!group.conflict || conflicts.has(version)) continue
      conflicts.add(version)
      const { owner } = group
      logger.warn({ owner, version: group.version }, 'the owner of a group said two things under one version number')
    }
  }

  await refresh()
  return {
    all: () => [...groups.values()],
    get: name => groups.get(groupKey(name)),
    find: text =>
      found(
        [...groups.values()].filter(group => isCalled(group, text)),
        text,
      ),
    revision: () => revision,
    refresh,
  }
}

async function read(store: Pick<Store, 'listItems'>, logger: Logger): Promise<readonly AuthoredGroup[]> {
  const documents: AuthoredGroup[] = []
  for (let after: string | undefined; documents.length < GROUP_DOCS_MAX; ) {
    const page = await store.listItems({
      kind: ITEM.GROUP,
      limit: LIST_PAGE_MAX,
      ...(after !== undefined && { after }),
    })
    for (const { nation, hash, item } of page.items) {
      const parsed = parseItem(decodeStrict(Item, item, BODY_BYTES_MAX))
      if (parsed.kind === 'group') documents.push({ author: nation, hash, doc: parsed.group })
    }
    if (page.next === undefined) return documents
    after = page.next
  }
  logger.warn({ documentsMax: GROUP_DOCS_MAX }, 'there are too many versions of groups; the rest is not read')
  return documents
}

const GROUP_ID_HEX = /^[0-9a-f]{32}$/

function isCalled({ owner, id, name }: KnownGroup, text: string): boolean {
  return name === text || `${owner}/${name}` === text || (GROUP_ID_HEX.test(text) && toHex(id) === text)
}

function found(groups: readonly KnownGroup[], text: string): KnownGroup {
  const [group, another] = groups
  if (group === undefined) {
    throw new UserError('group-unknown', `no group ${JSON.stringify(text)} is known here`, {
      fix: 'See "tocsin group list". A nation learns of a group when its owner makes it a member.',
    })
  }
  if (another === undefined) return group
  const names = groups.map(({ owner, name, id }) => `${owner}/${name} (${toHex(id)})`)
  throw new UserError('group-ambiguous', `${groups.length} groups are called so: ${names.join(', ')}`, {
    fix: 'Say OWNER/NAME, or the id.',
  })
}
