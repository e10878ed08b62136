import { expect, test } from 'vitest'
import { parseConfig } from '../../src/node/config/config.ts'
import { taxiiListening } from '../../src/node/config/taxii-config.ts'

const parsed = (taxii: string, environment = {}) => parseConfig(`nation: DEU\ntaxii: ${taxii}\n`, environment).taxii

test('nothing is served where nothing is said', () => {
  expect(taxiiListening(parseConfig('nation: DEU').taxii, '/home')).toBeUndefined()
})

test('plain HTTP is for loopback addresses alone, and files are found in the home', () => {
  expect(taxiiListening(parsed("{ listen: '127.0.0.1:6121' }"), '/home')).toEqual({
    listen: '127.0.0.1:6121',
    tls: undefined,
  })
  const served = parsed("{ listen: '0.0.0.0:6121', tls: { cert: taxii.pem, key: /etc/key.pem } }")
  expect(taxiiListening(served, '/home')).toEqual({
    listen: '0.0.0.0:6121',
    tls: { cert: '/home/taxii.pem', key: '/etc/key.pem' },
  })
  const said = parsed('{}', { TOCSIN_TAXII__LISTEN: '"[::1]:6121"' })
  expect(said.listen).toBe('[::1]:6121')
})

test.each([
  ["{ listen: '0.0.0.0:6121' }", 'taxii.listen: must be a loopback address'],
  ["{ listen: 'taxii.cert.example:6121' }", 'taxii.listen: must be a loopback address'],
  ["{ listen: '127.0.0.1' }", 'taxii.listen: must be an address and a port'],
  ['{ listen: 6121 }', 'taxii.listen: '],
  ['{ tls: { cert: a.pem } }', 'taxii.tls: needs both cert and key'],
  ['{ tls: { cert: a.pem, key: b.pem, ca: c.pem } }', 'unknown field taxii.tls.ca'],
  ['{ port: 6121 }', 'unknown field taxii.port'],
])('%s is refused', (taxii, reason) => {
  expect(() => parsed(taxii)).toThrow(
    expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(reason) }),
  )
})
