import { describe, expect, test } from 'vitest'
import { httpStatusOf } from '../../src/api/http-status.ts'
import { CODES, type ErrorCode, kindOf } from '../../src/base/codes.ts'
import { ProtocolError, UserError } from '../../src/base/errors.ts'
import { describeFailure } from '../../src/cli/terminal/error-text.ts'
import { EXIT_HELP, exitStatusOf } from '../../src/cli/terminal/exit.ts'

const codes = Object.keys(CODES) as ErrorCode[]

describe('every code has', () => {
  test('a status of HTTP that says whose fault it is', () => {
    for (const code of codes) {
      const status = httpStatusOf(code)
      const ours = kindOf(code) === 'fault' || kindOf(code) === 'busy'
      expect(Math.floor(status / 100), code).toBe(ours ? 5 : 4)
    }
  })

  test('an exit status that the help explains, none of which means done or no', () => {
    for (const code of codes) {
      const status = exitStatusOf(code)
      expect(status, code).toBeGreaterThanOrEqual(64)
      expect(EXIT_HELP, code).toMatch(new RegExp(`^ *${status} {2}\\S`, 'm'))
    }
  })
})

test.each([
  ['api-body-too-large', 413],
  ['api-content-type', 415],
  ['api-route-unknown', 404],
  ['indicator-absent', 404],
  ['publish-queue-full', 503],
  ['release-above-ceiling', 403],
  ['store-write-failed', 500],
] as const)('%s is HTTP %i', (code, status) => {
  expect(httpStatusOf(code)).toBe(status)
})

test.each([
  ['config-invalid', 64],
  ['signature-invalid', 65],
  ['indicator-absent', 66],
  ['daemon-not-running', 69],
  ['internal', 70],
  ['daemon-timeout', 75],
  ['publish-no-role', 77],
] as const)('%s ends a command with status %i', (code, status) => {
  expect(exitStatusOf(code)).toBe(status)
})

describe('an error is told', () => {
  test('by its code, a sentence and what to do', () => {
    const error = new UserError('home-missing', 'there is no home', { fix: 'Make one.' })
    expect(describeFailure(error)).toEqual({
      text: 'error home-missing: there is no home\n→ Make one.\n',
      exitStatus: 64,
    })
  })

  test('without the second line where nothing can be done', () => {
    expect(describeFailure(new ProtocolError('signature-invalid', 'no')).text).toBe('error signature-invalid: no\n')
  })

  test('without what would steer the terminal', () => {
    expect(describeFailure(new UserError('internal', 'a\u001b[2Jb\nc')).text).toBe(
      'error internal: a\\u001b[2Jb\\u000ac\n',
    )
  })

  test('with its trace where it is none that was foreseen', () => {
    const { text, exitStatus } = describeFailure(new TypeError('x is not a function'))
    expect(exitStatus).toBe(70)
    expect(text).toMatch(/^error internal: x is not a function\n→ This is a fault of Tocsin; .*\nTypeError: .*\n +at /)
  })
})
