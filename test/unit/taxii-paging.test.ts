import { describe, expect, test } from 'vitest'
import type { TaxiiPage } from '../../src/node/inlets/taxii-client.ts'
import {
  createTaxiiWalk,
  FIRST_CURSOR,
  queryOf,
  type TaxiiCursor,
  withoutNext,
} from '../../src/node/inlets/taxii-paging.ts'

const NOW = Date.UTC(2026, 5, 1)
const at = (second: number, us = 0) =>
  `2026-05-01T00:00:${String(second).padStart(2, '0')}.${String(us).padStart(6, '0')}Z`

function page(more: Partial<TaxiiPage> = {}): TaxiiPage {
  return {
    bytes: new Uint8Array(),
    objects: 1,
    more: false,
    next: undefined,
    first: undefined,
    last: undefined,
    ...more,
  }
}

function walk(pages: readonly TaxiiPage[], start: TaxiiCursor = FIRST_CURSOR) {
  const { step } = createTaxiiWalk(start)
  return pages.map(each => step(each, NOW))
}

describe('a walk through pages', () => {
  test('begins the next one a little before the latest that was read', () => {
    const [, last] = walk([
      page({ more: true, next: 'a', first: at(1), last: at(10) }),
      page({ first: at(11), last: at(20, 7) }),
    ])
    expect(last).toMatchObject({ more: false, fault: undefined, cursor: { after: at(15, 7), next: '' } })
    expect(queryOf(last!.cursor, 5)).toEqual({ addedAfter: at(15, 7), next: undefined, limit: 5 })
  })

  test('keeps what the server gave for the next page, and the question that it belongs to', () => {
    const [first] = walk([page({ more: true, next: 'a', last: at(10) })], { ...FIRST_CURSOR, after: at(3) })
    expect(first).toMatchObject({ more: true, cursor: { after: at(3), next: 'a' } })
  })

  test('ends where the same page is given for the next one', () => {
    const steps = walk([page({ more: true, next: 'a' }), page({ more: true, next: 'a' })])
    expect(steps.map(({ more }) => more)).toEqual([true, false])
    expect(steps[1]!.fault).toMatchObject({ code: 'feed-paging' })
  })

  test('ends where empty pages do not', () => {
    const steps = walk(Array.from({ length: 20 }, (_, n) => page({ objects: 0, more: true, next: `${n}` })))
    expect(steps.find(({ fault }) => fault !== undefined)?.fault).toMatchObject({ code: 'feed-paging' })
  })

  test('goes on by time where the server says more and not next, with those of one moment again', () => {
    const [first, second] = walk([page({ more: true, last: at(10, 5) }), page({ more: true, last: at(10, 5) })])
    expect(first).toMatchObject({ more: true, cursor: { after: at(10, 4), next: '' } })
    expect(second).toMatchObject({ more: false, fault: { code: 'feed-paging' } })
  })

  test('does not know how to go on where the server says neither next nor time', () => {
    expect(walk([page({ more: true })])[0]).toMatchObject({ more: false, fault: { code: 'feed-paging' } })
  })

  test.each([
    ['no time', undefined],
    ['what is no time', 'yesterday'],
    ['a time years ahead', '9999-01-01T00:00:00Z'],
    ['a time long past', '1999-01-01T00:00:00Z'],
  ])('is begun anew where the server says %s', (_, last) => {
    const start = { ...FIRST_CURSOR, after: at(3) }
    expect(walk([page({ last })], start)[0]!.cursor.after).toBe(at(3))
  })
})

describe('where the server has forgotten what it gave for the next page', () => {
  const amid = { after: at(3), next: 'gone', reached: at(30), ordered: true }

  test('reading goes on from where it came, as the pages came in order', () => {
    expect(withoutNext(amid)).toEqual({ ...FIRST_CURSOR, after: at(25) })
  })

  test('it begins again where they did not', () => {
    expect(withoutNext({ ...amid, ordered: false }).after).toBe(at(3))
    const [, second] = walk([
      page({ more: true, next: 'a', first: at(20), last: at(30) }),
      page({ more: true, next: 'b', first: at(5), last: at(9) }),
    ])
    expect(second!.cursor).toMatchObject({ reached: at(30), ordered: false })
  })
})
