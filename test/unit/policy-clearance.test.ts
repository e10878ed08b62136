import { describe, expect, test } from 'vitest'
import { EMPTY } from '../../src/base/bytes.ts'
import { UserError } from '../../src/base/errors.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { PAP, TLP } from '../../src/indicator/marking.ts'
import { encodeAudienceName, groupKey, nationsAudience } from '../../src/policy/audience-name.ts'
import { type ClaimFace, clearanceText, mayRead, mentionAudience, parseClearance } from '../../src/policy/clearance.ts'

const DEU = parseNationId('DEU')
const OURS = { owner: DEU, id: new Uint8Array(16).fill(1) }
const THEIRS = { owner: parseNationId('FRA'), id: OURS.id }

const findGroup = (text: string) => {
  if (text === 'baltic') return groupKey(OURS)
  throw new UserError('group-unknown', 'no such group')
}
const parse = (text: string) => parseClearance(text, findGroup)

const CLAIM: ClaimFace = {
  nation: DEU,
  type: 'domain',
  marking: { tlp: TLP.GREEN, pap: PAP.UNSET, exercise: false },
  audience: EMPTY,
}
const marked = (marking: Partial<ClaimFace['marking']>) => ({ ...CLAIM, marking: { ...CLAIM.marking, ...marking } })
const group = encodeAudienceName({ kind: 'group', ...OURS })
const otherGroup = encodeAudienceName({ kind: 'group', ...THEIRS })
const named = encodeAudienceName(nationsAudience([DEU]))
const unstated = mentionAudience(undefined)

describe('a clearance lets read', () => {
  test.each<[string, string, Partial<ClaimFace>, boolean]>([
    ['its own marking', 'tlp=GREEN', CLAIM, true],
    ['no higher marking', 'tlp=GREEN', marked({ tlp: TLP.AMBER }), false],
    ['AMBER and no AMBER+STRICT', 'tlp=AMBER', marked({ tlp: TLP.AMBER_STRICT }), false],
    ['any action where it says none', 'tlp=GREEN', marked({ pap: PAP.RED }), true],
    ['no action above its own', 'tlp=GREEN,pap=AMBER', marked({ pap: PAP.RED }), false],
    ['an action at its own', 'tlp=GREEN,pap=AMBER', marked({ pap: PAP.AMBER }), true],
    ['no exercise', 'tlp=RED,groups=any', marked({ exercise: true }), false],
    ['exercise where it says so', 'tlp=GREEN,exercise', marked({ exercise: true }), true],
    ['no other type', 'tlp=GREEN,types=url+ipv4', CLAIM, false],
    ['its types', 'tlp=GREEN,types=url+domain', CLAIM, true],
    ['no other author', 'tlp=GREEN,authors=FRA', CLAIM, false],
    ['its authors', 'tlp=GREEN,authors=FRA+DEU', CLAIM, true],
    ['nothing of a group where it says none', 'tlp=RED', { ...CLAIM, audience: group }, false],
    ['nothing for named nations where it says none', 'tlp=RED', { ...CLAIM, audience: named }, false],
    ['nothing that does not say for whom it is', 'tlp=RED', { ...CLAIM, audience: unstated }, false],
    ['any group', 'tlp=GREEN,groups=any', { ...CLAIM, audience: group }, true],
    ['its group by name', 'tlp=GREEN,groups=baltic', { ...CLAIM, audience: group }, true],
    ['its group by id', `tlp=GREEN,groups=${groupKey(OURS)}`, { ...CLAIM, audience: group }, true],
    ['no group of the same id of another owner', 'tlp=GREEN,groups=baltic', { ...CLAIM, audience: otherGroup }, false],
    ['nothing for named nations with a group', 'tlp=GREEN,groups=baltic', { ...CLAIM, audience: named }, false],
    ['what is for named nations', 'tlp=GREEN,groups=baltic+named', { ...CLAIM, audience: named }, true],
    [
      'the alliance by its name',
      'tlp=GREEN',
      { ...CLAIM, audience: mentionAudience({ kind: 'alliance', nations: [] }) },
      true,
    ],
  ])('%s', (_, text, claim, expected) => {
    expect(mayRead(parse(text), { ...CLAIM, ...claim })).toBe(expected)
  })
})

describe('the text of a clearance', () => {
  test.each([
    'tlp=GREEN,groups=none',
    'tlp=AMBER+STRICT,pap=AMBER,groups=any,types=domain+url,authors=DEU+FRA,exercise,publish',
    `tlp=RED,groups=${groupKey(OURS)}+named`,
    'tlp=RED,pap=0,groups=none',
  ])('%s reads as it is written', text => {
    expect(clearanceText(parse(text))).toBe(text)
  })

  test('says what is left out, and groups by id', () => {
    expect(clearanceText(parse(' tlp=green , groups=baltic '))).toBe(`tlp=GREEN,groups=${groupKey(OURS)}`)
  })

  test.each([
    '',
    'groups=none',
    'tlp=PINK',
    'tlp=GREEN,tlp=RED',
    'tlp',
    'tlp=GREEN,publish=yes',
    'tlp=GREEN,types=fqdn',
    'tlp=GREEN,types=',
    'tlp=GREEN,authors=de',
    'tlp=GREEN,pap=BLUE',
    'tlp=GREEN,admin',
    'tlp=GREEN,,publish',
  ])('"%s" is refused', text => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'clearance-invalid' }))
  })

  test('names no group that is not known', () => {
    expect(() => parse('tlp=GREEN,groups=arctic')).toThrow(expect.objectContaining({ code: 'group-unknown' }))
  })
})
