import { expect, test } from 'vitest'
import { buildFigure } from '../../scripts/bench-figure.ts'

test('states a figure beside its floor, with the ratio of the two', () => {
  const figure = buildFigure('catch-up', { figure: 'rate', value: 12_345.678, unit: 'entries/s', floor: 24_691.356 })
  expect(figure).toEqual({
    bench: 'catch-up',
    figure: 'rate',
    value: 12_350,
    unit: 'entries/s',
    floor: 24_690,
    ratio: 0.5,
  })
})

test('states a figure without a floor as it is', () => {
  const figure = buildFigure('live', { figure: 'p99', value: 1.5, unit: 'ms' })
  expect(figure).toEqual({ bench: 'live', figure: 'p99', value: 1.5, unit: 'ms' })
})

test.each([
  [Number.NaN, 1],
  [Number.POSITIVE_INFINITY, 1],
  [1, 0],
  [1, Number.NaN],
])('refuses what was not measured: %d beside %d', (value, floor) => {
  expect(() => buildFigure('x', { figure: 'rate', value, unit: '1/s', floor })).toThrow(RangeError)
})
