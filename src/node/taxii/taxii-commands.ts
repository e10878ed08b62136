import { fromHex, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { ownUuid } from '../../formats/stix-id.ts'
import { encodeAudienceName, groupKey } from '../../policy/audience-name.ts'
import type { Clearance } from '../../policy/clearance.ts'
import { createObjectSight } from '../../policy/reader-view.ts'
import type { Node } from '../daemon.ts'
import { nationStatus } from '../knowledge/directory-views.ts'
import type { PublishItem, Reader } from '../orders/node-service.ts'
import { registryView } from '../orders/registry-view.ts'
import type { TaxiiCollection, TaxiiCommands, TaxiiOutcome, TaxiiReader } from '../orders/taxii-reading.ts'
import type { Cursors } from '../reading/cursor-seal.ts'
import { scoringOf } from '../rules/scoring.ts'
import { addTaxiiObjects } from './taxii-adding.ts'
import { createTaxiiIndex } from './taxii-index.ts'
import type { TaxiiObjectPorts } from './taxii-objects.ts'
import { readTaxiiPage } from './taxii-pages.ts'
import { createTaxiiStatusBook, type TaxiiDeed } from './taxii-status-book.ts'
import { createTaxiiViews } from './taxii-view.ts'

interface Offered extends TaxiiCollection {
  /** Encoded; undefined: of everything. */
  readonly only: Uint8Array | undefined
  readonly audience: Pick<PublishItem, 'audience'>
}

/** Objects asked for at once to see which are held. */
const IDS_AT_ONCE = 100

/** The node as a TAXII server has it. Nothing is read before somebody asks, or it is warmed. */
export function createTaxiiCommands(
  node: Node,
  readerOf: (token: string) => Promise<Reader>,
  cursors: Cursors,
): TaxiiCommands {
  const { store, book, groups, allianceId, nation, clock } = node
  const index = createTaxiiIndex(node)
  const viewOf = createTaxiiViews(index)
  const statuses = createTaxiiStatusBook(node)
  const ports: TaxiiObjectPorts = {
    store,
    scoring: scoringOf(node),
    statusOf: of => nationStatus(book.directory(), of),
    nations: () =>
      book
        .directory()
        .members()
        .map(member => member.nation),
  }

  function offeredTo({ groups: readable, publish: canWrite }: Clearance): readonly Offered[] {
    const everything: Offered = {
      id: ownUuid('collection', 'everything', toHex(allianceId)),
      title: 'Everything',
      description: 'All that this token may read, and for the whole alliance what it adds.',
      alias: 'everything',
      canWrite,
      only: undefined,
      audience: {},
    }
    const admitted = groups
      .all()
      .filter(group => readable === 'any' || (readable !== 'none' && readable.has(groupKey(group))))
    const ofGroups = admitted.map((group): Offered => {
      const id = ownUuid('collection', 'group', toHex(allianceId), groupKey(group))
      return {
        id,
        title: group.name,
        description: `The sharing group ${group.name} of ${group.owner}.`,
        alias: '',
        canWrite,
        only: encodeAudienceName({ kind: 'group', owner: group.owner, id: group.id }),
        audience: { audience: { group: toHex(group.id) } },
      }
    })
    return [everything, ...ofGroups.sort((a, b) => (a.title < b.title ? -1 : 1))]
  }

  function readerFor(reader: Reader): TaxiiReader {
    const { clearance, name } = reader
    const sight = { sees: createObjectSight(clearance) }

    const collection = (id: string): Offered => {
      const found = offeredTo(clearance).find(each => each.id === id)
      if (found !== undefined) return found
      throw new UserError('taxii-absent', 'there is no such collection')
    }

    const pageOf: TaxiiReader['objects'] = async query => {
      const { only } = collection(query.collection)
      const view = viewOf(clearance, query.collection, only)
      return readTaxiiPage(query, { index, view, sight, ports })
    }

    async function heldOf(id: string, named: readonly TaxiiOutcome[]): Promise<ReadonlySet<string>> {
      const held = new Set<string>()
      for (let at = 0; at < named.length; at += IDS_AT_ONCE) {
        const ids = named.slice(at, at + IDS_AT_ONCE).map(each => each.id)
        const query = { collection: id, afterUs: 0, limit: Number.MAX_SAFE_INTEGER, match: { ids, versions: ['all'] } }
        for (const { object, version } of (await pageOf(query)).objects) held.add(`${object.id} ${version}`)
      }
      return held
    }

    return {
      cursors,
      collections: () => offeredTo(clearance),
      async objects(query) {
        const page = await pageOf(query)
        await node.audit.log.record({ kind: 'read', by: `token:${name}`, name: 'taxii', count: page.objects.length })
        return page
      },
      async add(id, body) {
        const { audience } = collection(id)
        const adding = { reader, audience, heldOf: (named: readonly TaxiiOutcome[]) => heldOf(id, named) }
        return statuses.add(name, await addTaxiiObjects(body, adding, clock.now() * 1000))
      },
      status: id => statuses.find(name, id, settle),
    }
  }

  /** What was held back or queued is published by now, or rejected, or still waits. */
  async function settle(deed: TaxiiDeed): Promise<TaxiiDeed> {
    const waiting: string[] = []
    for (const item of deed.items) {
      const [shown] = await store.itemsOfId({ nation, id: fromHex(item) })
      if (shown === undefined) waiting.push(item)
    }
    if (waiting.length === 0) return { ...deed, state: 'success', items: [] }
    const isHeld = (item: string) => node.release.held.has(item) || node.publisher.queued() > 0
    if (waiting.every(isHeld)) return { ...deed, items: waiting }
    return { ...deed, state: 'failure', items: [], message: 'it was rejected, or its time has run out' }
  }

  return {
    async taxiiReader(token, name) {
      const reader = await readerOf(token)
      if (name === undefined || name === reader.name) return readerFor(reader)
      throw new UserError('token-invalid', 'this token is called otherwise', {
        fix: 'The user is the name of the token, as "tocsin token list" has it, and the password is the token.',
      })
    },
    // What fails now fails again for whoever asks.
    warmTaxii: () => void index.catchUp().catch(() => {}),
    taxiiTitle: () => ({ nation, allianceName: registryView(book.directory()).name }),
  }
}
