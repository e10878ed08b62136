import type { NationId } from '../../base/ids.ts'
import type { Clock, Random } from '../../base/ports.ts'
import type { RootSecrets } from '../../crypto/key-file.ts'
import type { KemSecret, NodeKeys } from '../../crypto/node-key-file.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { RootKeyRecord } from '../../registry/root-key.ts'
import { createRootSigner } from '../../registry/root-signer.ts'

/** Where secrets come from. */
export interface KeyPorts {
  readonly clock: Clock
  readonly random: Random
}

/** as many as may be made ahead; together they outlast a document. */
export const KEM_WINDOWS = 16
const KEM_WINDOW_DAYS = 30
/** The first window began yesterday, so that nobody whose clock is behind finds none. */
export const KEM_HEAD_START_DAYS = 1
const SEED_BYTES = 32

export function newRootSecrets(
  kind: RootSecrets['kind'],
  comment: string,
  nation: NationId,
  { clock, random }: KeyPorts,
): RootSecrets {
  return {
    kind,
    nation,
    alliance: '',
    createdMs: clock.now(),
    comment,
    ed25519Seed: random.bytes(SEED_BYTES),
    mldsa65Seed: random.bytes(SEED_BYTES),
    signed: [],
  }
}

export function publicKeyOf({ ed25519Seed, mldsa65Seed }: RootSecrets): RootKeyRecord {
  return createRootSigner(ed25519Seed, mldsa65Seed).key
}

/** The keys of an inner node. */
export function newNodeKeys(nation: NationId, { clock, random }: KeyPorts): Required<NodeKeys> {
  return {
    nation,
    createdMs: clock.now(),
    peerSeed: random.bytes(SEED_BYTES),
    inner: {
      signSeed: random.bytes(SEED_BYTES),
      witnessSeed: random.bytes(SEED_BYTES),
      mldsa44Seed: random.bytes(SEED_BYTES),
    },
  }
}

/** Of an edge node: none that signs, and so none that has to be guarded from whoever seizes it. */
export function newEdgeKeys(nation: NationId, { clock, random }: KeyPorts): NodeKeys {
  return { nation, createdMs: clock.now(), peerSeed: random.bytes(SEED_BYTES) }
}

/** `count` windows that follow each other from `fromMs` on. */
export function newKemSecrets(random: Random, fromMs: number, count: number): KemSecret[] {
  const windowMs = KEM_WINDOW_DAYS * DAY_MS
  return Array.from({ length: count }, (_, i) => ({
    seed: random.bytes(SEED_BYTES),
    fromMs: fromMs + i * windowMs,
    untilMs: fromMs + (i + 1) * windowMs,
  }))
}
