import type { NationId } from '../base/ids.ts'
import type { DocHashHex } from './doc-fields.ts'
import type { EvidenceSet } from './evidence.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import type { NationHistory } from './nation-history.ts'
import { type NationNodes, walkNation } from './nation-walk.ts'
import type { ParsedRegistryDoc } from './registry-doc.ts'

/** What the next registry version builds on: a version, and what the line up to it says. */
export interface RegistryBase {
  readonly before: ParsedRegistryDoc
  /** Version 1 to `before`. */
  readonly line: readonly ParsedRegistryDoc[]
  /** Every nation that the line ever named. */
  readonly nations: ReadonlyMap<NationId, NationBase>
}

export interface NationBase {
  readonly history: NationHistory
  /** The documents in force, version by version; the last is the one in force. */
  readonly line: readonly ParsedNationDoc[]
  readonly nodes: NationNodes
}

/** `hash` is that of the version in force or, to lead out of a SPLIT, of the sibling that is chosen. Undefined: not here. */
export function registryBaseOf(set: EvidenceSet, hash: DocHashHex): RegistryBase | undefined {
  const node = set.registries.get(hash)
  if (node === undefined) return undefined
  const nations = [...node.histories].map(([nation, history]) => {
    const nodes = set.nations.get(nation)?.nodes ?? new Map()
    return [nation, { history, line: nationLine(history, nodes), nodes }] as const
  })
  return { before: node.doc, line: registryLine(set, hash), nations: new Map(nations) }
}

function registryLine(set: EvidenceSet, hash: DocHashHex | undefined): ParsedRegistryDoc[] {
  const line: ParsedRegistryDoc[] = []
  for (let node = hash && set.registries.get(hash); node !== undefined; ) {
    line.unshift(node.doc)
    node = node.doc.prevHash && set.registries.get(node.doc.prevHash)
  }
  return line
}

/** A walk may start at a pin; what is held from before it belongs to the line. */
function nationLine(history: NationHistory, nodes: NationNodes): ParsedNationDoc[] {
  const line: ParsedNationDoc[] = [...walkNation(history, nodes).path]
  for (let prev = line[0]?.prevHash; prev !== undefined; prev = line[0]?.prevHash) {
    const doc = nodes.get(prev)?.doc
    if (doc === undefined) break
    line.unshift(doc)
  }
  return line
}

/** Undefined for a nation that the line never named. */
export function nationBase({ nations }: RegistryBase, nation: string): NationBase | undefined {
  return nations.get(nation as NationId)
}
