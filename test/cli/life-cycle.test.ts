import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliHome, openCliHome } from '../support/cli.ts'

let home: CliHome
const run = (...args: string[]) => home.run(['indicator', ...args])
const rows = (text: string) => JSON.parse(text) as readonly Record<string, string>[]

beforeAll(async () => {
  home = await openCliHome()
  await run('add', 'seen.example', '203.0.113.9')
})
afterAll(() => home[Symbol.asyncDispose]())

test.each([
  ['sight', ['--count', '3', '--last', '1h', '--source', 'proxy']],
  ['dispute', ['--as', 'expired', '--comment', 'it moved', '--to', 'BBB']],
  ['withdraw', ['--reason', 'a mistake']],
  ['extend', ['--until', '30d', '--reason', 'still there']],
])('indicator %s takes values in any spelling, and says of each what became of it', async (verb, options) => {
  const { status, stdout } = await run(verb, 'seen[.]example', 'nobody.example', ...options, '-o', 'json')
  expect(status).toBe(66)
  expect(rows(stdout)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ value: 'nobody.example', outcome: 'refused', code: 'remark-no-claim' }),
      expect.objectContaining({ value: 'seen.example', outcome: expect.stringMatching(/^(new|duplicate)$/) }),
    ]),
  )
})

test('values come from standard input as well', async () => {
  const { status, stdout } = await home.run(['indicator', 'sight', '-', '-o', 'json'], {
    input: 'seen.example\r\n\n203[.]0[.]113[.]9\n',
  })
  expect(status).toBe(0)
  expect(rows(stdout).map(({ value }) => value)).toEqual(['seen.example', '203.0.113.9'])
})

test.each([
  [['withdraw', 'seen.example'], /--reason/],
  [['extend', 'seen.example'], /--until/],
  [['sight', 'seen.example', '--count', '0'], /whole number/],
  [['sight', 'seen.example', '--first', '1h', '--last', '2h'], /before it was first seen/],
  [['dispute', 'seen.example', '--as', 'boring'], /false-positive/],
  [['list', '--state', 'lively'], /active, disputed/],
  [['list', '--score-min', '101'], /100/],
])('indicator %j is refused', async (args, message) => {
  const { status, stderr, stdout } = await run(...args)
  expect([status, stdout]).toEqual([64, ''])
  expect(stderr).toMatch(message)
})

test('nation mute says why, and for whom it is', async () => {
  expect(await home.run(['nation', 'mute', 'bbb'])).toMatchObject({ status: 64 })
  expect(await home.run(['nation', 'mute', 'bbb', '--reason', 'noise'])).toMatchObject({ status: 0, stdout: '' })
  expect(await home.run(['nation', 'muted', '-o', 'json'])).toMatchObject({ status: 0, stdout: '[]\n' })
  expect(await home.run(['nation', 'unmute', 'bbb'])).toMatchObject({ status: 0 })
})
