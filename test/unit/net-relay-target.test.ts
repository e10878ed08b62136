import { expect, test } from 'vitest'
import { connectTo, isOwnMachine, listensToItselfAlone, relayTarget } from '../../src/net/relay-target.ts'

test('an edge connects to TCP at a number or a name, and to nothing else', () => {
  expect(relayTarget('/ip4/192.0.2.7/tcp/7117')).toEqual({ host: '192.0.2.7', port: 7117 })
  expect(relayTarget('/dns6/node.example/tcp/1')).toEqual({ host: 'node.example', port: 1 })
  const odd = ['/unix/%2Frun%2Fsocket', '/ip4/192.0.2.7', '/ip4/192.0.2.7/udp/53', '/ip4/192.0.2.7/tcp/1/ws', '/x', '']
  expect(odd.map(relayTarget)).toEqual(odd.map(() => undefined))
})

test('the machine itself and its link are known in every writing', () => {
  const own = [
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '169.254.169.254',
    '::',
    '::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    'LocalHost',
  ]
  expect(own.filter(host => !isOwnMachine(host))).toEqual([])
  expect(['192.0.2.7', '10.0.0.1', '2001:db8::1', 'node.example'].filter(isOwnMachine)).toEqual([])
  expect(listensToItselfAlone(['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0'])).toBe(true)
  expect(listensToItselfAlone(['/ip4/127.0.0.1/tcp/0', '/ip4/0.0.0.0/tcp/0'])).toBe(false)
  expect(listensToItselfAlone(['/ip4/192.0.2.7/tcp/0'])).toBe(false)
})

test('a name that stands for the machine itself is not called', async () => {
  const socket = connectTo({ host: 'localhost', port: 9 }, false)
  const error = await new Promise<Error>(resolve => socket.once('error', resolve))
  expect(error.message).toBe('the name stands for this machine')
})
