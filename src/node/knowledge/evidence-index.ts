import { compareBytes, fromHex, toHex } from '../../base/bytes.ts'
import { labelledHash } from '../../base/hash.ts'
import { type Hash, parseHash } from '../../base/ids.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import { itemName, type Piece } from './log-evidence.ts'

const HASH_BYTES = 32

/** All evidence held by the names under which peers compare it, documents and the rest. */
export function createEvidenceIndex(documents: () => readonly EvidenceItem[]) {
  /** By name in hex; documents are listed anew when they change. */
  const pieces = new Map<string, EvidenceItem>()
  let all: ReadonlyMap<string, EvidenceItem> | undefined
  /** What peers ask for as often as they like: worked out once a change. */
  let listed: { readonly names: readonly Hash[]; readonly digest: Hash } | undefined

  function forget(): void {
    all = undefined
    listed = undefined
  }

  function everything(): ReadonlyMap<string, EvidenceItem> {
    all ??= new Map([...documents().map(item => [toHex(itemName(item)), item] as const), ...pieces])
    return all
  }

  function listing() {
    if (listed !== undefined) return listed
    const names = [...everything().keys()].map(name => parseHash(fromHex(name)))
    const ascending = new Uint8Array(names.length * HASH_BYTES)
    for (const [i, name] of names.toSorted(compareBytes).entries()) ascending.set(name, i * HASH_BYTES)
    listed = { names, digest: labelledHash('tocsin/evidence/v1', ascending) }
    return listed
  }

  return {
    /** The documents are others. */
    forget,
    add(added: readonly Piece[]): void {
      for (const { name, item } of added) pieces.set(toHex(name), item)
      forget()
    },
    remove(removed: readonly Piece[]): void {
      for (const { name } of removed) pieces.delete(toHex(name))
      forget()
    },
    has: (hashHex: string): boolean => everything().has(hashHex),
    item: (hash: Uint8Array): EvidenceItem | undefined => everything().get(toHex(hash)),
    /** Of documents first, each after those it builds on. */
    names: (): readonly Hash[] => listing().names,
    digest: (): Hash => listing().digest,
  }
}
