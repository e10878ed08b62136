import { tlpOfStixMarking } from '../indicator/marking.ts'
import type { DraftMarking } from './import-row.ts'
import { markingOfText, stricterMarking } from './marking-text.ts'
import { objectsOf, type StixObject, stringOf, stringsOf } from './stix-object.ts'

/** OASIS extension that carries TLP 2.0. */
export const TLP2_EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d'
/** Beyond this the oldest are forgotten; no honest bundle has so many. */
const KNOWN_MAX = 10_000
const NAME_LENGTH_MAX = 512
/** Beyond this it is no longer told which references lead nowhere. */
const IDS_MAX = 100_000

/** What a bundle has said so far that its other objects refer to: marking definitions and identities. */
export class StixReferences {
  readonly #markings = new Map<string, DraftMarking>()
  readonly #identities = new Map<string, string>()
  readonly #ids = new Set<string>()

  learn(object: StixObject): void {
    if (this.#ids.size < IDS_MAX) this.#ids.add(object.id)
    if (object.type === 'marking-definition') remember(this.#markings, object.id, definedMarking(object))
    if (object.type === 'identity') {
      remember(this.#identities, object.id, (stringOf(object.name) ?? '').slice(0, NAME_LENGTH_MAX))
    }
  }

  /** Whether everything that the object's rows need to know about it is there. */
  resolves(object: StixObject): boolean {
    return this.unresolved(object).length === 0 && this.unresolvedMarkings(object).length === 0
  }

  /** What the object refers to and nothing that has come so far is; none any more once there is too much to remember. */
  unresolved(object: StixObject): readonly string[] {
    if (this.#ids.size === IDS_MAX) return []
    return referencesOf(object).filter(id => !this.#ids.has(id))
  }

  /** The name of who made the object, if the bundle has told. */
  creator(object: StixObject): string | undefined {
    return stringOf(this.#identities.get(stringOf(object.created_by_ref) ?? ''))
  }

  unresolvedMarkings(object: StixObject): readonly string[] {
    return markingRefs(object).filter(id => tlpOfStixMarking(id) === undefined && !this.#markings.has(id))
  }

  /** The strictest of all markings on the object and on parts of it; undefined if there are none. */
  marking(object: StixObject): DraftMarking | undefined {
    const fromRefs = markingRefs(object).map(id => this.#markingOf(id))
    const fromLabels = stringsOf(object.labels).map(label => markingOfText(label))
    return [...fromRefs, ...fromLabels].reduce(stricterMarking, undefined)
  }

  #markingOf(id: string): DraftMarking | undefined {
    const tlp = tlpOfStixMarking(id)
    return tlp === undefined ? this.#markings.get(id) : { tlp }
  }
}

function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.set(id, value)
  if (map.size > KNOWN_MAX) map.delete(map.keys().next().value!)
}

/** Who made it, and the ends of a relationship, sighting or list; markings are looked after apart. */
function referencesOf(object: StixObject): readonly string[] {
  const single = [object.created_by_ref, object.source_ref, object.target_ref, object.sighting_of_ref].map(stringOf)
  const several = [object.object_refs, object.where_sighted_refs, object.observed_data_refs].flatMap(stringsOf)
  return [...new Set([...single.filter(id => id !== undefined), ...several])]
}

function markingRefs(object: StixObject): readonly string[] {
  const granular = objectsOf(object.granular_markings).map(marking => stringOf(marking.marking_ref))
  return [...stringsOf(object.object_marking_refs), ...granular.filter(ref => ref !== undefined)]
}

/** TLP 1 as STIX 2.0 and 2.1 define it, TLP 2.0 by its extension, and what tools write into names and statements. */
function definedMarking(object: StixObject): DraftMarking {
  const [definition] = objectsOf([object.definition])
  const [extension] = objectsOf([objectsOf([object.extensions])[0]?.[TLP2_EXTENSION]])
  const texts = [definition?.tlp, extension?.tlp_2_0].map(stringOf).map(tlp => (tlp === undefined ? tlp : `tlp:${tlp}`))
  const said = [...texts, stringOf(object.name), stringOf(definition?.statement)]
  return said.map(text => markingOfText(text ?? '')).reduce(stricterMarking, undefined) ?? {}
}
