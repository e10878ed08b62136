import { UserError } from '../base/errors.ts'
import { parseTlp } from '../indicator/marking.ts'
import { groupKey } from '../policy/audience-name.ts'
import { type Clearance, clearanceText, parseClearance } from '../policy/clearance.ts'
import { tokenHash, tokenText } from '../policy/token.ts'
import type { TokenRecord } from '../wire/gen/store.ts'
import { auditedReading } from './audited-service.ts'
import type { Node } from './daemon.ts'
import {
  type NodeService,
  PUBLISH_ITEMS_MAX,
  type PublishItem,
  type Reader,
  type TokenRequest,
  type TokenView,
} from './node-service.ts'
import { createClearedReading } from './readers.ts'
import { createTokenBook, TOKENS_MAX } from './token-book.ts'

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
const SECRET_BYTES = 32

/** Tokens and what their bearers may ask for. */
export function createTokenCommands(node: Node): Pick<NodeService, 'reader' | 'tokens' | 'addToken' | 'revokeToken'> {
  const { store, clock, random, groups, publisher, config } = node
  const audit = node.audit.log
  const book = createTokenBook(store, clock, node.logger)
  /** Changes come one after the other: each is made of what the one before left. */
  let last: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }

  function clearanceOf(text: string): Clearance {
    return parseClearance(text, called => groupKey(groups.find(called)))
  }

  function readerOf({ name, hash, clearance: text }: TokenRecord): Reader {
    const clearance = clearanceOf(text)
    const by = `token:${name}`
    return {
      ...auditedReading(createClearedReading(store, clearance), audit, by),
      async publish(items) {
        assertPublishing(clearance, items)
        return publisher.publish(items, { name: by, key: hash })
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
      if (item.kind === 'group') throw forbidden('a token changes no group')
      const tlp = item.kind === 'claim' ? item.draft.marking?.tlp : item.tlp
      if ((tlp ?? parseTlp(config.publish.tlp)) > clearance.tlp) {
        throw forbidden('an item is marked higher than the clearance of this token')
      }
    }
  }

  async function add({ name, clearance, expiresMs = 0 }: TokenRequest) {
    const tokens = await book.all()
    if (!NAME.test(name)) {
      throw new UserError('token-name', `"${name.slice(0, 80)}" cannot be the name of a token`, {
        fix: 'Take 1 to 64 of a-z, 0-9, ".", "_" and "-".',
      })
    }
    if (tokens.some(token => token.name === name)) {
      throw new UserError('token-exists', `there is a token ${name} already`, {
        fix: 'Choose another name, or revoke that one first.',
      })
    }
    if (tokens.length >= TOKENS_MAX) throw new UserError('token-too-many', `there are ${TOKENS_MAX} tokens already`)
    if (expiresMs !== 0 && expiresMs <= clock.now()) {
      throw new UserError('token-name', 'the token would have expired before it is made')
    }
    const token = tokenText(random.bytes(SECRET_BYTES))
    const record: TokenRecord = {
      name,
      hash: tokenHash(token)!,
      clearance: clearanceText(clearanceOf(clearance)),
      createdMs: clock.now(),
      expiresMs,
      usedMs: 0,
    }
    await book.change([...tokens, record], audit.events({ kind: 'token-made', by: 'local', name }))
    return { ...viewOf(record), token }
  }

  async function revoke(name: string): Promise<void> {
    const tokens = await book.all()
    const left = tokens.filter(token => token.name !== name)
    if (left.length === tokens.length) {
      throw new UserError('token-unknown', `there is no token ${name.slice(0, 80)}`, {
        fix: 'See "tocsin token list".',
      })
    }
    await book.change(left, audit.events({ kind: 'token-removed', by: 'local', name }))
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
    addToken: request => inTurn(() => add(request)),
    revokeToken: name => inTurn(() => revoke(name)),
  }
}

function viewOf({ name, clearance, createdMs, expiresMs, usedMs }: TokenRecord): TokenView {
  return { name, clearance, createdMs, expiresMs, usedMs }
}

function forbidden(reason: string): UserError {
  return new UserError('token-forbidden', reason, { fix: 'Use a token of a higher clearance.' })
}
