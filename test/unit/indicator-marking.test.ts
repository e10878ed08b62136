import { describe, expect, it } from 'vitest'
import {
  encodeMarking,
  mostRestrictive,
  PAP,
  papName,
  parseMarking,
  parsePap,
  parseTlp,
  stixMarkingId,
  TLP,
  tlpName,
  tlpOfStixMarking,
} from '../../src/indicator/marking.ts'

describe('a TLP level', () => {
  it.each([
    ['TLP:CLEAR', 1],
    ['TLP:WHITE', 1],
    ['white', 1],
    ['tlp:green', 2],
    ['TLP: AMBER', 3],
    ['tlp-amber', 3],
    ['TLP:AMBER+STRICT', 4],
    ['amber_strict', 4],
    ['tlp:amber strict', 4],
    ['AMBER-STRICT', 4],
    [' red ', 5],
    ['5', 5],
  ])('is read from %j', (text, tlp) => {
    expect(parseTlp(text)).toBe(tlp)
  })

  it.each(['', 'TLP:', 'TLP:BLUE', '0', '6', 'STRICT', 'PAP:RED', 'TLP:RED+STRICT'])('refuses %j', text => {
    expect(() => parseTlp(text)).toThrow(expect.objectContaining({ code: 'marking-invalid' }))
  })

  it('is printed in the spelling of TLP 2.0', () => {
    expect(Object.values(TLP).map(tlpName)).toEqual([
      'TLP:CLEAR',
      'TLP:GREEN',
      'TLP:AMBER',
      'TLP:AMBER+STRICT',
      'TLP:RED',
    ])
  })

  it.each([
    [TLP.CLEAR, '94868c89-83c2-464b-929b-a1a8aa3c8487'],
    [TLP.GREEN, 'bab4a63c-aed9-4cf5-a766-dfca5abac2bb'],
    [TLP.AMBER, '55d920b0-5e8b-4f79-9ee9-91f868d9b421'],
    [TLP.AMBER_STRICT, '939a9414-2ddd-4d32-a0cd-375ea402b003'],
    [TLP.RED, 'e828b379-4e03-4974-9ac4-e53a884c97c1'],
  ] as const)('%s has the TLP 2.0 marking definition of OASIS', (tlp, uuid) => {
    expect(stixMarkingId(tlp)).toBe(`marking-definition--${uuid}`)
    expect(tlpOfStixMarking(`marking-definition--${uuid}`)).toBe(tlp)
  })

  it.each([
    ['613f2e26-407d-48c7-9eca-b8e91df99dc9', TLP.CLEAR],
    ['34098fce-860f-48ae-8e50-ebd3cc5e41da', TLP.GREEN],
    ['f88d31f6-486f-44da-b317-01333bde0b82', TLP.AMBER],
    ['826578e1-40ad-459f-bc73-ede076f81f37', TLP.AMBER_STRICT],
    ['5e57c739-391a-4eb3-b6be-7d15ca92d5ed', TLP.RED],
  ])('is read from the TLP 1 or OpenCTI marking definition %s', (uuid, tlp) => {
    expect(tlpOfStixMarking(`marking-definition--${uuid}`)).toBe(tlp)
  })

  it('knows no other marking definition', () => {
    expect(tlpOfStixMarking('marking-definition--00000000-0000-4000-8000-000000000000')).toBeUndefined()
  })
})

describe('a PAP level', () => {
  it.each([
    ['', PAP.UNSET],
    ['0', PAP.UNSET],
    ['PAP:WHITE', PAP.CLEAR],
    ['pap:green', PAP.GREEN],
    ['Amber', PAP.AMBER],
    ['PAP:RED', PAP.RED],
  ])('is read from %j', (text, pap) => {
    expect(parsePap(text)).toBe(pap)
  })

  it('refuses AMBER+STRICT, which PAP does not have', () => {
    expect(() => parsePap('PAP:AMBER+STRICT')).toThrow(expect.objectContaining({ code: 'marking-invalid' }))
  })

  it('prints as nothing where nothing is said', () => {
    expect([papName(PAP.UNSET), papName(PAP.RED)]).toEqual(['', 'PAP:RED'])
  })
})

describe('a signed marking (R-4.5)', () => {
  it('comes back as it was written', () => {
    const marking = { tlp: TLP.AMBER_STRICT, pap: PAP.GREEN, exercise: true }
    expect(parseMarking(encodeMarking(marking))).toEqual(marking)
  })

  it.each([
    undefined,
    { tlp: 0, pap: 0, exercise: 0 },
    { tlp: 6, pap: 0, exercise: 0 },
    { tlp: 1, pap: 5, exercise: 0 },
    { tlp: 1, pap: 0, exercise: 2 },
  ])('refuses %j', marking => {
    expect(() => parseMarking(marking)).toThrow(expect.objectContaining({ code: 'marking-invalid' }))
  })

  it('is as strict as the strictest of a list, and an exercise only if all are', () => {
    const real = { tlp: TLP.GREEN, pap: PAP.RED, exercise: false }
    const exercise = { tlp: TLP.RED, pap: PAP.UNSET, exercise: true }
    expect(mostRestrictive([real, exercise])).toEqual({ tlp: TLP.RED, pap: PAP.RED, exercise: false })
    expect(mostRestrictive([exercise]).exercise).toBe(true)
  })
})
