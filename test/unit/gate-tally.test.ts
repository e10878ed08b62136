import { expect, test } from 'vitest'
import { closingLine, tallyTests } from '../../scripts/gate-tally.ts'

/** 'flaky' is a test that passed when it was run again. */
type State = 'flaky' | 'passed' | 'failed' | 'skipped' | 'pending'

function moduleOf(
  tests: readonly (readonly [State, string, string?])[],
  errors: readonly (readonly unknown[])[] = [[]],
) {
  const [own = [], ...suites] = errors
  return {
    moduleId: '/house/test/unit/a.test.ts',
    errors: () => own,
    children: {
      allSuites: () => suites.map(list => ({ errors: () => list })),
      allTests: () =>
        tests.map(([state, fullName, note]) => ({
          fullName,
          result: () => ({ state: state === 'flaky' ? ('passed' as const) : state, note }),
          diagnostic: () => ({ flaky: state === 'flaky' }),
        })),
    },
  }
}

test('counts each test once', () => {
  const tally = tallyTests(
    [
      moduleOf([
        ['passed', 'a'],
        ['failed', 'b'],
      ]),
      moduleOf([['passed', 'c']]),
    ],
    0,
  )
  expect(closingLine(tally)).toBe('2 passed, 1 failed, 0 skipped')
})

test('names what passed only when it was run again', () => {
  const modules = [
    moduleOf([
      ['passed', 'a'],
      ['flaky', 'b'],
    ]),
  ]
  const tally = tallyTests(modules, 0)
  expect(tally.flakyTests.map(({ title }) => title)).toEqual(['b'])
  expect(closingLine(tally)).toBe('2 passed, 0 failed, 0 skipped')
})

test('takes for failed what did not finish', () => {
  expect(tallyTests([moduleOf([['pending', 'a']])], 0).failed).toBe(1)
})

test('takes for failed a module that does not load, a suite whose hook throws, and an error outside of any test', () => {
  expect(tallyTests([moduleOf([], [['cannot load']])], 0).failed).toBe(1)
  expect(tallyTests([moduleOf([['skipped', 'a']], [[], ['hook'], []])], 0).failed).toBe(1)
  expect(tallyTests([moduleOf([['passed', 'a']])], 2).failed).toBe(2)
})

test('names what was skipped, with the reason that stands in the title or the note', () => {
  const { skippedTests } = tallyTests(
    [
      moduleOf([
        ['skipped', 'a (skipped: no ip)'],
        ['skipped', 'b', 'no disk'],
      ]),
    ],
    0,
  )
  expect(skippedTests.map(({ title }) => title)).toEqual(['a (skipped: no ip)', 'b (skipped: no disk)'])
})
