import { PAP, papName, parsePap, parseTlp, tlpName, tlpOfStixMarking } from '../../indicator/marking.ts'
import { stricterMarking } from '../marking-text.ts'
import { STIX_PREAMBLE, stixMarkings } from '../stix-companion.ts'
import { stixIdentityId } from '../stix-id.ts'
import { StixReferences } from '../stix-marking.ts'
import { readStixObject, type StixObject, stringOf, stringsOf } from '../stix-object.ts'

/** A STIX object that a nation has published as it was, and how it marked it. */
export interface ContextObject {
  readonly nation: string
  readonly tlp: string
  readonly pap: string
  readonly json: string
}

/**
 * A context object for others: verbatim, but for its markings where they are laxer than what the nation published it
 * under. Left where it speaks for somebody else: a nation must not describe another one, speak as another one, or say
 * what a colour means. `nations`: all whose identity is given out.
 */
export function contextObjectOf(
  context: ContextObject,
  nations: readonly string[],
): StixObject | { readonly left: string } {
  const object = readStixObject(JSON.parse(context.json))
  if (typeof object === 'string' || object.type === 'bundle') return { left: 'the object is none of STIX' }
  const speaker = stringOf(object.created_by_ref)
  const others = new Set(nations.filter(nation => nation !== context.nation).map(stixIdentityId))
  if (speaker !== undefined && others.has(speaker)) return { left: 'the object speaks as another nation' }
  const isOurs = OWN_IDS.has(object.id) || nations.some(nation => object.id === stixIdentityId(nation))
  if (isOurs || tlpOfStixMarking(object.id) !== undefined) {
    return { left: 'the object describes what is described here already: a nation, a colour or our extension' }
  }
  return marked(object, context)
}

const OWN_IDS: ReadonlySet<string> = new Set(STIX_PREAMBLE.map(({ id }) => id))

function marked(object: StixObject, { tlp, pap }: ContextObject): StixObject {
  const said = new StixReferences().marking(object)
  const wanted = stricterMarking(said, { tlp: parseTlp(tlp), pap: parsePap(pap) })!
  if (said?.tlp === wanted.tlp && said?.pap === wanted.pap) return object
  const markings = stixMarkings(tlpName(wanted.tlp!), papName(wanted.pap ?? PAP.UNSET))
  const kept = stringsOf(object.object_marking_refs).filter(id => tlpOfStixMarking(id) === undefined)
  return { ...object, object_marking_refs: [...new Set([...markings.map(({ id }) => id), ...kept])] }
}
