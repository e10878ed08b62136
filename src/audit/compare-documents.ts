import { toHex } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import { isNationId, type NationId } from '../base/ids.ts'
import { DOC_TYPE, parseSignedDoc } from '../registry/signed-doc.ts'
import { decodeLoose } from '../wire/codec.ts'
import { NationDoc, RegistryDoc } from '../wire/gen/tocsin.ts'
import type { Side } from './compare-log.ts'

/** A place in the history of documents where two files have not the same. */
export interface DocumentDifference {
  /** Undefined: the registry. */
  readonly nation: NationId | undefined
  readonly version: number
  /** `different`: both have documents of that version, and not the same ones. */
  readonly verdict: 'ahead' | 'different'
  /** The file that has something here which the other has not; undefined where each has. */
  readonly side: Side | undefined
  /** For people: a plain sentence that stands alone. */
  readonly sentence: string
}

interface Place {
  readonly nation: NationId | undefined
  readonly version: number
  /** Hashes of the documents there, in hex, by file: signatures make no difference, for they may still be coming in. */
  readonly hashes: readonly [Set<string>, Set<string>]
}

/** In the order of nations and versions, the registry first. */
export function compareDocuments(first: readonly Uint8Array[], second: readonly Uint8Array[]): DocumentDifference[] {
  const places = new Map<string, Place>()
  for (const [side, signedDocs] of [first, second].entries()) {
    for (const bytes of signedDocs) {
      const { nation, version, hash } = placeOf(bytes)
      const key = `${nation ?? ''} ${String(version).padStart(16, '0')}`
      const place = places.get(key) ?? { nation, version, hashes: [new Set(), new Set()] as const }
      place.hashes[side as Side].add(hash)
      places.set(key, place)
    }
  }
  return [...places].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, place]) => differenceAt(place))
}

function differenceAt({ nation, version, hashes }: Place): DocumentDifference[] {
  const [first, second] = hashes
  const [more, less] = [first.difference(second).size, second.difference(first).size]
  if (more + less === 0) return []
  const name = nation === undefined ? `registry version ${version}` : `version ${version} of the document of ${nation}`
  const both = first.size > 0 && second.size > 0
  const side = more > 0 && less > 0 ? undefined : more > 0 ? 0 : 1
  const sentence = both
    ? `The files have different documents as ${name}.`
    : `${side === 0 ? 'The first file' : 'The second file'} alone has ${name}.`
  return [{ nation, version, verdict: both ? 'different' : 'ahead', side, sentence }]
}

/** Where a document says that it stands; one that cannot be read stands nowhere, with all others of the kind. */
function placeOf(bytes: Uint8Array): { nation: NationId | undefined; version: number; hash: string } {
  try {
    const { type, docBytes, hash } = parseSignedDoc(bytes)
    const isRegistry = type === DOC_TYPE.REGISTRY
    const { version } = isRegistry ? decodeLoose(RegistryDoc, docBytes, true) : decodeLoose(NationDoc, docBytes, true)
    const nation = isRegistry ? '' : decodeLoose(NationDoc, docBytes, true).nation
    return { nation: isNationId(nation) ? nation : undefined, version, hash: toHex(hash) }
  } catch {
    return { nation: undefined, version: 0, hash: toHex(sha256(bytes)) }
  }
}
