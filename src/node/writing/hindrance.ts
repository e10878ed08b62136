import { equalBytes } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import type { LogHead } from '../../chain/log-head.ts'
import { nameOf } from '../../registry/describe.ts'
import type { Directory } from '../../registry/directory.ts'
import { checkExpiry } from '../../registry/expiry.ts'
import type { ParsedNationDoc } from '../../registry/nation-doc.ts'
import { listOf } from '../../registry/phrase.ts'
import { ROLE, STATUS } from '../../registry/registry-doc.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import type { OwnLog } from './own-log.ts'
import type { GuardState, SigningGuard } from './signing-guard.ts'

interface PublishingState {
  readonly nation: NationId
  readonly signPk: Uint8Array
  readonly directory: Directory
  readonly guard: GuardState
  /** The own log and how far it stands; undefined before it is opened. */
  readonly log: { readonly head: LogHead; readonly limit: number } | undefined
  readonly nowMs: number
}

export interface HindranceSources {
  readonly nation: NationId
  readonly signPk: Uint8Array
  readonly book: Pick<EvidenceBook, 'directory' | 'limitOf'>
  readonly guard: Pick<SigningGuard, 'state'>
  readonly ownLog: Pick<OwnLog, 'current'>
  readonly clock: Clock
}

/** `findHindrance` of a running node, whenever it is asked. */
export function createHindrance({ nation, signPk, book, guard, ownLog, clock }: HindranceSources) {
  return (): UserError | undefined => {
    const head = ownLog.current()
    const log = head && { head, limit: book.limitOf(head) }
    return findHindrance({
      nation,
      signPk,
      directory: book.directory(),
      guard: guard.state(),
      log,
      nowMs: clock.now(),
    })
  }
}

/** Why this node may not publish now; undefined where it may, or may queue. */
function findHindrance({ nation, signPk, directory, guard, log, nowMs }: PublishingState): UserError | undefined {
  if (guard.kind === 'stopped') {
    const message = `${guard.by} holds ${guard.heldThere} entries of our log, we ${guard.heldHere}`
    return new UserError('signing-head-ahead', message, {
      fix: 'This store is an old copy, or another daemon runs with the same keys: see to it that none does, then "tocsin node incarnate" goes on with a new log.',
    })
  }
  // First: another log would not help.
  const member = directory.member(nation)
  if (member?.status !== STATUS.ACTIVE) {
    return new UserError('publish-no-role', `the registry does not have ${nation} as an active member`, {
      fix: 'Ask the governors to let the nation back in; "tocsin alliance log" tells what was decided.',
    })
  }
  if (log !== undefined && log.limit <= log.head.size) {
    const message = `of our log only the first ${log.limit} entries stand, and it may not grow`
    return new UserError('signing-log-ended', message, {
      fix: 'If others may have the key, or it is given up: "tocsin nation compromise" says what to do. Else "tocsin node incarnate" goes on with a new log.',
    })
  }
  if (!member.roles.has(ROLE.PUBLISH)) {
    const roles = [...member.roles].map(role => nameOf(ROLE, role))
    const message = `the registry does not let ${nation} publish: its roles are ${listOf(roles) || 'none'}`
    return new UserError('publish-no-role', message, { fix: 'Ask the governors for the role PUBLISH.' })
  }
  if (!directory.mayOpenLog(nation, signPk)) {
    return unknownKey(nation, signPk, member.doc)
  }
  //
  if (checkExpiry(directory.registry.expiresMs, nowMs).kind === 'lapsed') {
    return new UserError('publish-registry-expired', 'the registry expired more than 30 days ago', {
      fix: 'Ask the governors for a new version of the registry and apply it.',
    })
  }
  return undefined
}

/** What helps depends on whether the document is missing, has given the key up, or has never named it. */
function unknownKey(nation: NationId, signPk: Uint8Array, doc: ParsedNationDoc | undefined): UserError {
  const isGivenUp = doc?.nodes.some(node => node.signPk !== undefined && equalBytes(node.signPk, signPk))
  if (isGivenUp) {
    return new UserError('publish-key-unknown', `the document of ${nation} has given up the keys of this node`, {
      fix: 'Where new keys were made for it, "tocsin stop" and "tocsin start" take them; else: tocsin nation rotate node',
    })
  }
  return new UserError('publish-key-unknown', `no document of ${nation} names this node's signing key`, {
    fix:
      doc === undefined
        ? 'Run "tocsin alliance apply" with the alliance file: it signs the document of the own nation.'
        : 'Run "tocsin nation export --node -O FILE" here, and "tocsin nation add-node FILE" where the root key is.',
  })
}
