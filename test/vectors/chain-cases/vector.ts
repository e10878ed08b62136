/** One file of `test/vectors/chain/`: bytes in hex, and what an implementation must say to them. */
export interface ChainVector {
  readonly rule: string
  readonly title: string
  readonly input: VectorInput
  readonly expect: Readonly<Record<string, unknown>>
}

export interface KeyRecord {
  readonly nation: string
  readonly signPk: string
}

export interface TreeRecord {
  readonly size: number
  readonly root: string
}

export interface CheckpointRecord extends TreeRecord {
  readonly cosigners: readonly string[]
  readonly continues?: TreeRecord
}

export interface RegistryRecord {
  readonly versions: readonly { version: number; witnesses: readonly string[]; byzantineNations: number | null }[]
  readonly witnessKeys: Readonly<Record<string, string>>
}

export type AuthorityRecord =
  | { readonly kind: 'none' }
  | { readonly kind: 'active' }
  | { readonly kind: 'bounded' | 'suspended'; readonly governors: TreeRecord | null; readonly own: TreeRecord | null }

export type ProofRecord =
  | { readonly kind: 'conflict'; readonly at: number; readonly trees: readonly CheckpointRecord[] }
  | { readonly kind: 'bad-leaf'; readonly at: number; readonly tree: TreeRecord }

export type VectorInput =
  /** Envelopes that come one after the other; `keys` stand in valid documents. */
  | {
      readonly kind: 'entries'
      readonly allianceId: string
      readonly keys: readonly KeyRecord[]
      readonly envelopes: readonly string[]
    }
  /** A bundle under a tree head. */
  | {
      readonly kind: 'range'
      readonly allianceId: string
      readonly genesis: string
      readonly tree: TreeRecord
      readonly envelopes: readonly string[]
      readonly path: readonly string[]
    }
  | { readonly kind: 'proof'; readonly allianceId: string; readonly keys: readonly KeyRecord[]; readonly proof: string }
  | {
      readonly kind: 'checkpoint'
      readonly allianceId: string
      readonly keys: readonly KeyRecord[]
      readonly witnesses: readonly string[]
      readonly checkpoint: string
    }
  | {
      readonly kind: 'standing'
      readonly nation: string
      readonly genesisRegistryVersion: number
      readonly authority: AuthorityRecord
      readonly registry: RegistryRecord
      readonly checkpoints: readonly CheckpointRecord[]
      readonly proofs: readonly ProofRecord[]
    }
  | { readonly kind: 'quorum'; readonly byzantineNations: number | null; readonly nations: readonly number[] }
  | { readonly kind: 'frontier'; readonly heads: readonly { logId: string; size: number; head: string }[] }

/** File name without `.json`, and content. */
export type NamedVectors = Readonly<Record<string, ChainVector>>
