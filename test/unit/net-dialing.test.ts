import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/net/backoff.ts'
import { dialFault } from '../../src/net/dial-error.ts'
import { listenError } from '../../src/net/listen-error.ts'

describe('waiting between dials', () => {
  it('doubles from one second to five minutes, and at most halves by chance', () => {
    expect([1, 2, 3, 4].map(n => backoffMs(n, 1))).toEqual([1_000, 2_000, 4_000, 8_000])
    expect(backoffMs(1, 0)).toBe(500)
    expect(backoffMs(50, 1)).toBe(300_000)
    expect(backoffMs(5_000, 0)).toBe(150_000)
  })
})

describe('the fault of a failed dial', () => {
  const named = (name: string, message: string) => Object.assign(new Error(message), { name })

  it.each([
    [named('Error', 'connection error 192.0.2.1:4001: connect ECONNREFUSED'), 'net-unreachable'],
    [named('TimeoutError', 'The operation was aborted'), 'net-unreachable'],
    [named('Error', 'getaddrinfo ENOTFOUND node.example'), 'net-unreachable'],
    [
      named('EncryptionFailedError', 'Payload identity key x does not match expected remote identity key y'),
      'net-wrong-key',
    ],
    [named('DialDeniedError', 'blocked'), 'net-refused'],
    [named('ConnectionClosedError', 'Remote closed connection during opening'), 'net-not-admitted'],
    [named('Error', 'read ECONNRESET'), 'net-not-admitted'],
    [new AggregateError([named('TimeoutError', ''), named('DialDeniedError', '')]), 'net-refused'],
    ['something else', 'net-unreachable'],
  ] as const)('reads %s', (error, code) => {
    expect(dialFault(error).code).toBe(code)
  })
})

describe('the error of a failed listen', () => {
  it('names the taken port', () => {
    const error = listenError(new Error('Error: listen EADDRINUSE: address already in use 192.0.2.1:4001\n at'), ['/x'])
    expect(error).toMatchObject({ code: 'net-port-taken', data: { port: 4001 } })
    expect(error.message).toContain('4001')
    expect(error.fix).toBeDefined()
  })

  it('says what else may be wrong', () => {
    expect(listenError(new Error('listen EACCES: permission denied 0.0.0.0:80'), []).message).toContain('may not')
    expect(listenError(new Error('strange'), []).code).toBe('net-listen-failed')
  })
})
