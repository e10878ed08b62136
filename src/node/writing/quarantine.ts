import { toHex } from '../../base/bytes.ts'
import { TocsinError } from '../../base/errors.ts'
import { type AllianceId, logIdHex, type NationId } from '../../base/ids.ts'
import { readContent } from '../../chain/entry-content.ts'
import { parseItem } from '../../indicator/item.ts'
import { audienceNameOf } from '../../policy/audience-info.ts'
import { type AudienceName, encodeAudienceName } from '../../policy/audience-name.ts'
import type { Store } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import type { EpochKeys } from '../opening/epoch-keys.ts'
import { openBatch } from '../opening/open-batch.ts'
import { QUARANTINED_MAX, type QuarantinedItem } from '../orders/node-service.ts'
import { type DraftItem, parseDraftItem } from '../rules/draft-item.ts'
import { encodeSubmission, type Submission } from '../rules/submission.ts'

export interface QuarantineOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Store
  readonly epochs: Pick<EpochKeys, 'lookUp'>
}

interface Quarantined {
  readonly entry: ParsedEntry
  readonly draft: DraftItem
  /** Whom it was for, and is for again. */
  readonly audience: AudienceName
}

const PAGE_ENTRIES = 256
const PAGE_BYTES_MAX = 4 * 1024 * 1024

/**
 * What the nation's own logs hold beyond where they stand. Some of it may be of whoever else had the key, so
 * people look at it before it is published anew in the next log.
 */
export function createQuarantine({ allianceId, nation, store, epochs }: QuarantineOptions) {
  async function* drafts(): AsyncGenerator<Quarantined> {
    for (const { head, standing } of [...store.logs()]) {
      if (head.nation !== nation) continue
      for (let at = standing.size; at < head.size; ) {
        const page = await store.entriesRange(head.logId, at, PAGE_ENTRIES, PAGE_BYTES_MAX)
        if (page.length === 0) break
        for (const entry of page.map(parseEnvelope)) {
          for (const found of await draftsOf(entry)) if (!(await stands(found.draft))) yield found
        }
        at += page.length
      }
      // What gave way to the branch that stands.
      for (const entry of await store.branches(head.logId, 0)) {
        for (const found of await draftsOf(entry)) if (!(await stands(found.draft))) yield found
      }
    }
  }

  async function draftsOf(entry: ParsedEntry): Promise<readonly Quarantined[]> {
    const read = readContent(entry, entry.header.registryVersion)
    if (read.kind !== 'ok' || read.content.kind !== 'batch') return []
    const epoch = await epochs.lookUp(entry.logId, read.content.epochId)
    if (epoch?.audience === undefined) return []
    const audience = audienceNameOf(epoch.audience)
    try {
      return openBatch(allianceId, entry, read.content, epoch.secret).flatMap(item => {
        const draft = parseDraftItem(encode(Item, item))
        return draft === undefined ? [] : { entry, draft, audience }
      })
    } catch (error) {
      if (error instanceof TocsinError) return []
      throw error
    }
  }

  /** Published anew already, or in another log from the first. */
  async function stands({ id }: DraftItem): Promise<boolean> {
    return (await store.itemsOfId({ nation, id })).length > 0
  }

  return {
    /** The first of them, in the order of their logs. */
    async list(): Promise<readonly QuarantinedItem[]> {
      const items: QuarantinedItem[] = []
      for await (const { entry, draft } of drafts()) {
        if (items.length >= QUARANTINED_MAX) break
        items.push(viewOf(entry, draft))
      }
      return items
    },
    /** Queues the items of these ids, to be signed in the log that grows; those that stand by now are left out. */
    async republish(ids: readonly string[]): Promise<number> {
      const wanted = new Set(ids)
      const add: Uint8Array[] = []
      for await (const { draft, audience } of drafts()) {
        if (!wanted.delete(toHex(draft.id))) continue
        add.push(encodeSubmission(submissionOf(draft, audience)))
        if (add.length >= QUARANTINED_MAX) break
      }
      if (add.length > 0) await store.commit({ queue: { add } }, { sync: true })
      return add.length
    },
  }
}

function submissionOf({ item }: DraftItem, audience: AudienceName): Submission {
  return { item, assertion: 0, audience: encodeAudienceName(audience), submitter: undefined, approval: undefined }
}

function viewOf({ logId, header }: ParsedEntry, { item, id }: DraftItem): QuarantinedItem {
  const parsed = parseItem(item)
  const { type, value } = parsed.kind === 'indicator' ? parsed : { type: parsed.kind, value: '' }
  return { id: toHex(id), entry: `${logIdHex(logId)}/${header.seq}`, timeMs: header.timeMs, type, value }
}
