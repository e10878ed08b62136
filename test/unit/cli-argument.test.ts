import { InvalidArgumentError } from 'commander'
import { describe, expect, test, vi } from 'vitest'
import { parseBytes, parseFuture, parsePast, parseWhole } from '../../src/cli/terminal/argument.ts'

const NOW_MS = Date.UTC(2026, 10, 21, 12)

describe('a time', () => {
  test.each([
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21T18:00:00Z', Date.UTC(2026, 10, 21, 18)],
    ['2026-11-21T18:00:00.250Z', Date.UTC(2026, 10, 21, 18, 0, 0, 250)],
    ['2026-11-21 18:00', Date.UTC(2026, 10, 21, 18)],
    ['2026-11-21T18:00:00+02:00', Date.UTC(2026, 10, 21, 16)],
  ])('%s is what it says, in UTC where it says no zone', (text, timeMs) => {
    expect(parsePast(text)).toBe(timeMs)
    expect(parseFuture(text)).toBe(timeMs)
  })

  test.each([
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%s is before or after now', (text, spanMs) => {
    vi.spyOn(Date, 'now').mockReturnValue(NOW_MS)
    expect(parsePast(text)).toBe(NOW_MS - spanMs)
    expect(parseFuture(text)).toBe(NOW_MS + spanMs)
  })

  test.each([
    '',
    'today',
    '7',
    '7y',
    '21.11.2026',
    '2026-13-01',
    '2026-02-31',
    '2026-04-31T10:00:00Z',
    '2026-11-21T25:00Z',
    '1969-12-31',
    '-7d',
    '1e3d',
  ])('is not %j', text => {
    expect(() => parsePast(text)).toThrow(InvalidArgumentError)
  })
})

describe('a size', () => {
  test.each([
    ['4096', 4096],
    ['1k', 1024],
    ['500M', 524_288_000],
    ['10GiB', 10_737_418_240],
    ['1.5 GB', 1_610_612_736],
    ['12B', 12],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })

  test.each(['', '0', '-1', 'M', '1 elephant', '9999999T', '0x10', 'NaN'])('is not %j', text => {
    expect(() => parseBytes(text)).toThrow(InvalidArgumentError)
  })
})

test('a whole number is one within its bounds', () => {
  expect(parseWhole(1, 10)('10')).toBe(10)
  for (const text of ['0', '11', '1.5', '1e1', ' 5', '', '-1', '٣']) {
    expect(() => parseWhole(1, 10)(text), text).toThrow(InvalidArgumentError)
  }
})
