import canonicalize from 'canonicalize'
import { fromBase64, fromHex, toBase64, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { verifyEd25519 } from '../../crypto/ed25519.ts'
import { checkSubmission } from '../../policy/approval.ts'
import { decodeAudienceName } from '../../policy/audience-name.ts'
import { operatorOfKey } from '../../policy/operator.ts'
import { encode } from '../../wire/codec.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import type { Node } from '../daemon.ts'
import {
  type HeldView,
  type NodeService,
  PUBLISH_ITEMS_MAX,
  type PublishItem,
  type RulesView,
  type SubmissionText,
} from '../orders/node-service.ts'
import { draftOf } from '../rules/draft-item.ts'
import { guardAudience } from '../rules/release-desk.ts'
import type { HeldSubmission, Submitter } from '../rules/submission.ts'

type ReleaseCommands = Pick<NodeService, 'publish' | 'held' | 'approveHeld' | 'rejectHeld' | 'rules' | 'reloadRules'>

/** What operators ask of a running node about what is to leave. */
export function createReleaseCommands(node: Node): ReleaseCommands {
  const { allianceId, nation, publisher, clock } = node
  const { rules, held, desk } = node.release

  function submitterOf(items: readonly PublishItem[], signature: SubmissionText | undefined): Submitter | undefined {
    if (signature === undefined) return undefined
    const { key, signedMs } = signature
    const signed = { key: fromHex(key), signedMs, signature: fromBase64(signature.signature) }
    const input = { allianceId, drafts: draftsText(items), nowMs: clock.now() }
    const check = checkSubmission(input, signed, rules.current().operators, verifyEd25519)
    if (check.kind === 'refused') throw new UserError(check.code, check.reason, { fix: check.fix })
    return { name: check.by.name, key: check.by.key }
  }

  function find(id: string): HeldSubmission {
    const found = held.get(id)
    if (found !== undefined) return found
    throw new UserError('held-absent', `nothing of the id ${id} waits for a second person`, {
      fix: 'See "tocsin queue list"; it may have been approved, rejected, or have expired.',
    })
  }

  function viewOf([id, { submission, leaving, heldMs, rule }]: readonly [string, HeldSubmission]): HeldView {
    const { submitter, audience } = submission
    return {
      id,
      submitter: submitter.name,
      submitterKey: toHex(submitter.key),
      heldMs,
      expiresMs: heldMs + (rules.current().policy?.guard.holdMs ?? 0),
      rule,
      item: toBase64(encode(Item, leaving)),
      audience: toBase64(audience),
      readers: readersOf(submission.audience, leaving),
    }
  }

  function readersOf(audience: Uint8Array, leaving: Item): readonly NationId[] {
    const name = decodeAudienceName(audience)
    const resolution = node.audiences.resolveFor(leaving, name, draftOf(leaving).tlp)
    return guardAudience(name, resolution, nation).readers
  }

  function rulesView(): RulesView {
    const { policy, operators } = rules.current()
    return {
      policy: policy && { rules: policy.guard.rules.length, warnings: policy.warnings },
      operators: operators.operators.length,
    }
  }

  return {
    async publish(items, signature) {
      if (items.length > PUBLISH_ITEMS_MAX) {
        throw new UserError('publish-too-many', `${items.length} items at once`, {
          fix: `Send at most ${PUBLISH_ITEMS_MAX}.`,
        })
      }
      return publisher.publish(items, submitterOf(items, signature))
    },
    held: () => held.list().map(viewOf),
    async approveHeld(id, { key, signature }) {
      const { submission, leaving } = find(id)
      const approved = { ...submission, approval: { key: fromHex(key), signature: fromBase64(signature) } }
      // As it will be judged when it comes to be sealed; throws where it could not leave by this word.
      desk.release({ submission: approved, leaving: draftOf(leaving) })
      const by = operatorOfKey(rules.current().operators, approved.approval.key)?.name ?? ''
      await held.approve(id, approved, by)
      publisher.wake()
    },
    async rejectHeld(id, reason) {
      find(id)
      await held.reject(id, 'local', reason)
    },
    rules: rulesView,
    async reloadRules() {
      const { acceptance } = await rules.reload()
      await node.store.setAcceptance(acceptance)
      node.outlets.decided()
      node.projector.wake()
      publisher.wake()
      return rulesView()
    },
  }
}

/** What a submission's signature is over: RFC 8785 JSON. */
export function draftsText(items: readonly PublishItem[]): string {
  const text = canonicalize(items)
  if (text !== undefined) return text
  throw new UserError('api-request-invalid', 'the items are no JSON')
}
