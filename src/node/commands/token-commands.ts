import { EMPTY } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { canonicalValue } from '../../indicator/canonical.ts'
import { PAP, parseTlp, type Tlp } from '../../indicator/marking.ts'
import { encodeAudienceName, groupKey } from '../../policy/audience-name.ts'
import { type ClaimFace, type Clearance, clearanceText, mayRead, parseClearance } from '../../policy/clearance.ts'
import { createSight } from '../../policy/reader-view.ts'
import { tokenHash, tokenText } from '../../policy/token.ts'
import type { TokenRecord } from '../../wire/gen/store.ts'
import type { Node } from '../daemon.ts'
import { nationStatus } from '../knowledge/directory-views.ts'
import {
  type AudienceText,
  type NewToken,
  type NodeService,
  PUBLISH_ITEMS_MAX,
  type PublishItem,
  type Reader,
  type TokenRequest,
  type TokenView,
} from '../orders/node-service.ts'
import type { Cursors } from '../reading/cursor-seal.ts'
import { createClearedChanges, createClearedReading } from '../reading/readers.ts'
import { scoringOf } from '../rules/scoring.ts'
import { isRemark } from '../writing/remark-desk.ts'
import { auditedReading } from './audited-service.ts'
import { createTokenBook, TOKENS_MAX } from './token-book.ts'

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
const NAME_LENGTH_SHOWN = 64
const SECRET_BYTES = 32
const BEYOND = 'an item is beyond the clearance of this token'

/** Tokens and what their bearers may ask for. */
export function createTokenCommands(
  node: Node,
  cursors: Cursors,
): Pick<NodeService, 'reader' | 'tokens' | 'addToken' | 'revokeToken'> {
  const { store, clock, random, groups, publisher, config } = node
  const audit = node.audit.log
  const book = createTokenBook(store, clock, node.logger)
  const standingOf = (nation: NationId) => nationStatus(node.book.directory(), nation)
  function clearanceOf(text: string): Clearance {
    return parseClearance(text, called => groupKey(groups.find(called)))
  }

  function readerOf({ name, hash, clearance: text }: TokenRecord): Reader {
    const clearance = clearanceOf(text)
    const by = `token:${name}`
    return {
      name,
      clearance,
      ...auditedReading(
        {
          ...createClearedReading(store, clearance, standingOf, scoringOf(node)),
          ...createClearedChanges(store, clearance, standingOf, scoringOf(node), cursors),
        },
        audit,
        by,
      ),
      async publish(items) {
        assertPublishing(clearance, items)
        await assertKnown(items, clearance)
        const outcomes = await publisher.publish(items, { name: by, key: hash })
        // The number of an entry counts what the bearer may not see.
        return outcomes.map(each => (each.outcome === 'new' ? { ...each, entry: '' } : each))
      },
    }
  }

  /** Nobody publishes what they could not read: the answer would say whether it is known already. */
  function assertPublishing(clearance: Clearance, items: readonly PublishItem[]): void {
    if (!clearance.publish) throw forbidden('the clearance of this token does not say "publish"')
    if (items.length > PUBLISH_ITEMS_MAX) {
      throw new UserError('publish-too-many', `${items.length} items at once`, {
        fix: `Send at most ${PUBLISH_ITEMS_MAX}.`,
      })
    }
    for (const item of items) {
      if (item.kind === 'claim' && item.force === true) throw forbidden('a token overrides no warninglist')
      if (item.kind === 'group') throw forbidden('a token changes no group')
      if (item.kind === 'withdrawal') throw forbidden('a token withdraws nothing')
      if (!mayRead(clearance, faceOf(item, clearance))) throw forbidden(BEYOND)
    }
  }

  /** Nobody learns that something is claimed of a value by what becomes of a remark on it. */
  async function assertKnown(items: readonly PublishItem[], clearance: Clearance): Promise<void> {
    const values = items.flatMap(item => (isRemark(item) && item.kind !== 'withdrawal' ? [item.draft] : []))
    if (values.length === 0) return
    const subjects = values.map(({ type, value }) => canonicalValue(type, value))
    const seen = await store.lookupMany(subjects, { sees: createSight(clearance) })
    if (seen.includes(undefined)) throw new UserError('remark-no-claim', 'nobody claims anything of a value here')
  }

  function faceOf(item: Exclude<PublishItem, { kind: 'group' | 'withdrawal' }>, clearance: Clearance): ClaimFace {
    const said = item.kind === 'context' ? { tlp: item.tlp } : item.draft.marking
    const tlp = (said?.tlp ?? parseTlp(config.publish.tlp)) as Tlp
    const marking = { pap: PAP.UNSET, exercise: false, ...said, tlp }
    const type = item.kind === 'context' ? 'stix-object' : item.draft.type
    return { nation: node.nation, type, marking, audience: audienceOf(item.audience, clearance) }
  }

  /** Where not every group may be read of, one that is not known is answered like one that is. */
  function audienceOf(text: AudienceText | undefined, { groups: readable }: Clearance): Uint8Array {
    if (text === undefined) return EMPTY
    try {
      return encodeAudienceName(node.audiences.nameOf(text))
    } catch (error) {
      if (error instanceof UserError && readable !== 'any') throw forbidden(BEYOND)
      throw error
    }
  }

  async function add({ name, clearance, expiresMs = 0 }: TokenRequest): Promise<NewToken> {
    if (!NAME.test(name)) {
      throw new UserError('token-name', `"${name.slice(0, 80)}" cannot be the name of a token`, {
        fix: 'Take 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit.',
      })
    }
    const createdMs = clock.now()
    if (expiresMs !== 0 && expiresMs <= createdMs) {
      throw new UserError('token-expiry', 'the token would have expired before it is made')
    }
    const token = tokenText(random.bytes(SECRET_BYTES))
    const said = { name, clearance: clearanceText(clearanceOf(clearance)), createdMs, expiresMs, usedMs: 0 }
    const record: TokenRecord = { ...said, hash: tokenHash(token)! }
    await book.change(tokens => withToken(tokens, record), audit.events({ kind: 'token-made', by: 'local', name }))
    return { ...said, token }
  }

  function revoke(name: string): Promise<void> {
    const events = audit.events({ kind: 'token-removed', by: 'local', name: name.slice(0, NAME_LENGTH_SHOWN) })
    return book.change(tokens => withoutToken(tokens, name), events)
  }

  return {
    async reader(token) {
      const record = await book.find(token)
      if (record !== undefined) return readerOf(record)
      throw new UserError('token-invalid', 'this token is unknown here, has expired, or was revoked', {
        fix: 'Ask the administrator of the node for another ("tocsin token add").',
      })
    },
    tokens: async () => (await book.all()).map(viewOf),
    addToken: add,
    revokeToken: revoke,
  }
}

/** Throws UserError `token-exists` or `token-too-many`. */
function withToken(tokens: readonly TokenRecord[], added: TokenRecord): readonly TokenRecord[] {
  if (tokens.some(({ name }) => name === added.name)) {
    throw new UserError('token-exists', `there is a token ${added.name} already`, {
      fix: 'Choose another name, or revoke that one first.',
    })
  }
  if (tokens.length >= TOKENS_MAX) throw new UserError('token-too-many', `there are ${TOKENS_MAX} tokens already`)
  return [...tokens, added]
}

/** Throws UserError `token-unknown`. */
function withoutToken(tokens: readonly TokenRecord[], removed: string): readonly TokenRecord[] {
  const left = tokens.filter(({ name }) => name !== removed)
  if (left.length < tokens.length) return left
  throw new UserError('token-unknown', `there is no token ${removed.slice(0, NAME_LENGTH_SHOWN)}`, {
    fix: 'See "tocsin token list".',
  })
}

function viewOf({ name, clearance, createdMs, expiresMs, usedMs }: TokenRecord): TokenView {
  return { name, clearance, createdMs, expiresMs, usedMs }
}

function forbidden(reason: string): UserError {
  return new UserError('token-forbidden', reason, { fix: 'Use a token of a higher clearance.' })
}
