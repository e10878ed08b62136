import { describe, expect, it } from 'vitest'
import { defang, isDefanged, refang } from '../../src/formats/in/defang.ts'

describe('undoing defanging', () => {
  it.each([
    ['hxxp://evil[.]example/a', 'http://evil.example/a'],
    ['hXXps://evil(.)example', 'https://evil.example'],
    ['h**p://evil{.}example', 'http://evil.example'],
    ['htxp://evil.example', 'http://evil.example'],
    ['hxxp[s]://evil.example', 'https://evil.example'],
    ['hxxp[:]//evil.example', 'http://evil.example'],
    ['hxxps[://]evil[.]example', 'https://evil.example'],
    ['hxxp:\\\\evil.example', 'http://evil.example'],
    ['meow://evil.example/x', 'http://evil.example/x'],
    ['fxp://files[.]example', 'ftp://files.example'],
    ['evil[dot]example', 'evil.example'],
    ['evil(dot)example', 'evil.example'],
    ['evil[ . ]example', 'evil.example'],
    ['evil[[.]]example', 'evil.example'],
    ['a[.]b.example', 'a.b.example'],
    ['http://x[.]y.example/z', 'http://x.y.example/z'],
    ['evil[.example', 'evil.example'],
    ['evil.]example', 'evil.example'],
    ['192[.]0[.]2[.]1', '192.0.2.1'],
    ['192.0.2[.]1[:]8080', '192.0.2.1:8080'],
    ['mallory[at]evil[.]example', 'mallory@evil.example'],
    ['mallory[@]evil.example', 'mallory@evil.example'],
  ])('reads %s', (written, meant) => {
    expect(refang(written)).toBe(meant)
    expect(refang(refang(written))).toBe(refang(written))
  })

  it.each([
    'evil.example',
    'http://evil.example/a(1).exe?x=[1]',
    '[2001:db8::1]:443',
    '[::1]',
    '192.0.2.1',
    'd41d8cd98f00b204e9800998ecf8427e',
    'meow.example',
    'hxxp.example',
  ])('leaves %s as it is', plain => {
    expect(refang(plain)).toBe(plain)
    expect(isDefanged(plain)).toBe(false)
  })
})

describe('defanging for a terminal', () => {
  it.each([
    ['evil.example', 'evil[.]example'],
    ['192.0.2.1', '192[.]0[.]2[.]1'],
    ['https://evil.example/a.b?c=d.e', 'hxxps://evil[.]example/a.b?c=d.e'],
    ['ftp://files.example/', 'fxp://files[.]example/'],
    ['sftp://files.example/', 'sfxp://files[.]example/'],
    ['mallory@evil.example', 'mallory[@]evil[.]example'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'd41d8cd98f00b204e9800998ecf8427e'],
  ])('writes %s as %s, and back', (value, shown) => {
    expect(defang(value)).toBe(shown)
    expect(refang(shown)).toBe(value)
  })
})

it.each(['hkey_local_machine\\software\\a[b@]', 'x@}.y.example'])('gives %s back to the letter', value => {
  expect(refang(defang(value))).toBe(value)
})
