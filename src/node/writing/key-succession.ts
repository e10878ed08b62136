import { equalBytes } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import type { InnerKeys, NodeKeys } from '../../crypto/node-key-file.ts'
import type { ParsedNationDoc } from '../../registry/nation-doc.ts'
import { KEY_STATUS } from '../../registry/node-key.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { OwnLog } from './own-log.ts'
import type { Publisher } from './publish.ts'
import type { SigningGuard } from './signing-guard.ts'

/** Keys that wait to replace those of the node. */
export interface NextKeys {
  readonly keys: NodeKeys
  /** The log of the key before is left, and its key is needed no more. Called again after a crash. */
  adopted(): Promise<void>
}

export interface KeysInUse {
  readonly peerSeed: Uint8Array
  readonly inner: InnerKeys
  /** Those replaced: they go on with their log until the next is opened. */
  readonly previous: InnerKeys | undefined
}

/** The next keys are used from the first start on at which the nation's document in force names them as ACTIVE. */
export function keysInUse(keys: NodeKeys, next: NodeKeys | undefined, doc: ParsedNationDoc | undefined): KeysInUse {
  if (next?.inner === undefined || statusOf(next.inner, doc) !== KEY_STATUS.ACTIVE) {
    return { peerSeed: keys.peerSeed, inner: innerOf(keys), previous: undefined }
  }
  return { peerSeed: next.peerSeed, inner: next.inner, previous: innerOf(keys) }
}

export interface SuccessionOptions {
  readonly keys: KeysInUse
  readonly next: NextKeys | undefined
  /** The nation's document in force. */
  document(): ParsedNationDoc | undefined
  readonly ownLog: Pick<OwnLog, 'awaitsSuccession'>
  readonly publisher: Pick<Publisher, 'incarnate'>
  readonly guard: Pick<SigningGuard, 'state'>
  readonly logger: Logger
}

/**
 * Moves the node from the log of its key before to that of its key now, once: CLOSE, GENESIS, and then the key files.
 * Each step is durable before the next, and a start after a crash goes on where the last run ended.
 */
export function createKeySuccession({ keys, next, document, ownLog, publisher, guard, logger }: SuccessionOptions) {
  const { previous } = keys
  let pending = next !== undefined && previous !== undefined
  const loop = createWorkerLoop(advance, error => logger.error({ err: error }, 'the new node key is not in use yet'))

  async function advance(): Promise<void> {
    if (!pending || previous === undefined) return
    const isOurs = statusOf(previous, document()) === KEY_STATUS.ACTIVE
    const isOpen = guard.state().kind === 'open'
    // but for a key that somebody else may have: nothing is signed with it, and a new one contradicts nothing.
    if (!isOpen && isOurs) return
    if (ownLog.awaitsSuccession()) await publisher.incarnate(isOpen && isOurs)
    await next?.adopted()
    pending = false
    logger.info({}, 'the new key of this node is in use')
  }

  return {
    /** The guard may have opened, or the document changed. */
    wake: () => {
      if (pending) loop.wake()
    },
    stop: loop.stop,
  }
}

function statusOf({ signSeed }: InnerKeys, doc: ParsedNationDoc | undefined) {
  const { publicKey } = createEd25519Signer(signSeed)
  return doc?.nodes.find(({ signPk }) => signPk !== undefined && equalBytes(signPk, publicKey))?.status
}

function innerOf({ inner }: NodeKeys): InnerKeys {
  if (inner !== undefined) return inner
  throw new UserError('key-file-malformed', 'these are the keys of an edge node, which cannot sign', {
    fix: 'Start it with the keys of an inner node.',
  })
}
