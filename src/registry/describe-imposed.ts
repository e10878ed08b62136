import type { NationId } from '../base/ids.ts'
import { shortId } from './phrase.ts'
import type { RegistryBase } from './registry-base.ts'
import type { NationRecord, ParsedRegistryDoc } from './registry-doc.ts'

/**
 * Pins by which the governors would speak for a nation, in sentences: of a document that nobody can look at here,
 * or of one that is not in force. A pin that only follows what the nation signed says nothing.
 */
export function describeImposed(base: RegistryBase, after: ParsedRegistryDoc): readonly string[] {
  return [...after.nations.values()].flatMap(({ nation, pin }) => {
    const before = base.before.nations.get(nation)?.pin
    if (pin === undefined || (before?.hash === pin.hash && before.version === pin.version)) return []
    const fault = faultOf(base, nation, pin)
    if (fault === undefined) return []
    const what = `document ${pin.version} of ${nation} (hash ${shortId(pin.hash)})`
    return [
      `ATTENTION: ${what} is pinned, and ${fault}. The governors would speak for ${nation} by it: ask ${nation} by telephone.`,
    ]
  })
}

function faultOf({ nations }: RegistryBase, nation: NationId, pin: NonNullable<NationRecord['pin']>) {
  const held = nations.get(nation)
  const doc = held?.nodes.get(pin.hash)?.doc
  if (doc?.version !== pin.version) return 'no such document came with this proposal, so nobody can see what it says'
  return held?.line.some(({ hash }) => hash === pin.hash) ? undefined : 'it is not the one in force'
}
