import { describe, expect, test } from 'vitest'
import { type NationId, parseNationId } from '../../src/base/ids.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { type Audience, checkRelease } from '../../src/policy/release.ts'

const item = { type: 1, body: new Uint8Array(1) }

function audienceOf(...ceilings: readonly (readonly [nation: string, maxTlp: number])[]): Audience {
  const recipients = ceilings.map(([nation, maxTlp]) => ({
    nation: parseNationId(nation) as NationId,
    maxTlp,
    kemKeyId: new Uint8Array(32),
    kemPublicKey: new Uint8Array(1216),
  }))
  return { kind: 'alliance', recipients }
}

describe('an item goes to the whole alliance', () => {
  test('where no ceiling is below its marking, 0 being none', () => {
    const audience = audienceOf(['AAA', 0], ['BBB', TLP.AMBER], ['CCC', TLP.RED])
    expect(checkRelease(item, TLP.AMBER, audience).kind).toBe('released')
    expect(checkRelease(item, TLP.AMBER_STRICT, audience).kind).toBe('refused')
  })

  test('and is refused else, in words that name each nation, its ceiling and the way out', () => {
    const audience = audienceOf(['AAA', 0], ['BBB', TLP.GREEN], ['CCC', TLP.CLEAR], ['DDD', TLP.GREEN])
    expect(checkRelease(item, TLP.AMBER, audience)).toEqual({
      kind: 'refused',
      code: 'release-above-ceiling',
      reason:
        "the item is TLP:AMBER, and the registry's ceiling is TLP:GREEN for BBB and DDD and TLP:CLEAR for CCC: it cannot " +
        'go to the whole alliance; mark it lower, or ask the governors to raise the ceiling',
    })
  })

  test('never where it is TLP:RED, whose recipients are named', () => {
    expect(checkRelease(item, TLP.RED, audienceOf(['AAA', 0]))).toMatchObject({ code: 'release-red-needs-recipients' })
  })
})
