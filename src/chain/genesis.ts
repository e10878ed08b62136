import { EMPTY, isZero, toHex } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { type Hash, type LogId, type NationId, parseHash, parseLogId, parseNationId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { Genesis } from '../wire/gen/tocsin.ts'
import { INCARNATIONS_MAX } from '../wire/limits.ts'
import { assertLength, assertRange, decodeStrict } from '../wire/strict.ts'

const GENESIS_BYTES_MAX = 256
const NONCE_BYTES = 16
const SIGN_PK_BYTES = 32

/** The log that this one carries on, and how much of it, its CLOSE left out. */
export interface Predecessor {
  readonly logId: LogId
  readonly size: number
  readonly root: Hash
}

export interface GenesisContent {
  readonly nation: NationId
  /** 32 bytes, Ed25519. */
  readonly signPk: Uint8Array
  /** 1 to 64. */
  readonly incarnation: number
  /** Always there from incarnation 2 on; in incarnation 1 the log of the key before, or none. */
  readonly predecessor: Predecessor | undefined
  /** 16 bytes. */
  readonly nonce: Uint8Array
}

/** What a log is, as its GENESIS alone fixes it. */
export interface LogIdentity {
  readonly logId: LogId
  readonly nation: NationId
  readonly signPk: Uint8Array
  readonly incarnation: number
  /** That of the GENESIS: a quorum is counted in no earlier one. */
  readonly genesisRegistryVersion: number
  readonly predecessor: Predecessor | undefined
}

/** A map key for the position of: two logs at one position are a fork at seq 0. */
export function positionKey({ signPk, incarnation }: LogIdentity): string {
  return `${toHex(signPk)}:${incarnation}`
}

/**
 * Parses the body of a GENESIS. Throws ProtocolError `genesis-invalid`: a log without a sound genesis has no
 * key and no name, so here a malformed body does not merely void a content.
 */
export function parseGenesis(body: Uint8Array): GenesisContent {
  try {
    return contentOf(decodeStrict(Genesis, body, GENESIS_BYTES_MAX))
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ProtocolError('genesis-invalid', `no log can begin with this: ${cause.message}`, { cause })
  }
}

/** Body bytes. Throws as `parseGenesis` does, so that nobody signs what nobody accepts. */
export function buildGenesis(content: GenesisContent): Uint8Array {
  const { nation, signPk, incarnation, predecessor, nonce } = content
  const body = encode(Genesis, {
    nation,
    signPk,
    incarnation,
    predecessorLog: predecessor?.logId ?? EMPTY,
    predecessorSize: predecessor?.size ?? 0,
    predecessorRoot: predecessor?.root ?? EMPTY,
    nonce,
  })
  parseGenesis(body)
  return body
}

function contentOf(genesis: Genesis): GenesisContent {
  assertLength(genesis.signPk, SIGN_PK_BYTES, 'sign_pk')
  assertLength(genesis.nonce, NONCE_BYTES, 'nonce')
  assertRange(genesis.incarnation, 1, INCARNATIONS_MAX, 'incarnation')
  const predecessor = predecessorOf(genesis)
  assertProtocol(
    predecessor !== undefined || genesis.incarnation === 1,
    'genesis-invalid',
    `incarnation ${genesis.incarnation} does not name the log of the one before`,
  )
  const { signPk, incarnation, nonce } = genesis
  return { nation: parseNationId(genesis.nation), signPk, incarnation, predecessor, nonce }
}

/** All three fields or none: a predecessor that is not pinned by size and root could be exchanged afterwards. */
function predecessorOf(genesis: Genesis): Predecessor | undefined {
  const { predecessorLog, predecessorSize, predecessorRoot } = genesis
  if (predecessorLog.length === 0 && predecessorSize === 0 && predecessorRoot.length === 0) return undefined
  const logId = parseLogId(predecessorLog)
  assertProtocol(!isZero(logId), 'genesis-invalid', 'the predecessor is named by zero bytes')
  assertProtocol(predecessorSize > 0, 'genesis-invalid', 'the predecessor has no entry')
  return { logId, size: predecessorSize, root: parseHash(predecessorRoot, 'predecessor_root') }
}
