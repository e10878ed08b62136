import { expect, test } from 'vitest'
import { UserError } from '../../src/base/errors.ts'
import { defaultConfig, parseConfig } from '../../src/node/config/config.ts'

function messageOf(text: string, environment: Record<string, string> = {}): string {
  try {
    parseConfig(text, environment)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    expect(error.code).toBe('config-invalid')
    expect(error.fix).toBeTruthy()
    return error.message
  }
  throw new Error('it was accepted')
}

test('a nation is enough: everything else has a default', () => {
  expect(parseConfig('nation: DEU')).toEqual(defaultConfig('DEU'))
  expect(parseConfig('nation: DEU\nsync:\n  gapMs: 500').sync).toEqual({ ...defaultConfig('DEU').sync, gapMs: 500 })
})

test.each([
  ['nation: DEU\nnett: {}', 'unknown field nett'],
  ['nation: DEU\nnet: {port: 1}', 'unknown field net.port'],
  ['nation: DEU\nexports: [{name: dns, format: rpz}]', 'exports.0.path: must be there'],
  ['nation: DEU\nnet: {listen: ["0.0.0.0:7117"]}', 'net.listen.0'],
  ['nation: DEU\nnet: {listen: "/ip4/192.0.2.1/tcp/1"}', 'net.listen'],
  ['nation: DEU\nsync: {gapMs: 1}', 'sync.gapMs'],
  ['nation: DEU\nsync: {gapMs: 500.5}', 'sync.gapMs'],
  ['nation: DEU\nsync: {gapMs: "500"}', 'sync.gapMs'],
  ['nation: DEU\npublish: {tlp: RED}', 'publish.tlp'],
  ['nation: DEU\nmetrics: {listen: "192.0.2.1:9117"}', 'metrics.listen'],
  ['nation: DEU\nlog: {level: loud}', 'log.level'],
  ['nation: DEU\naudit: {syslog: "http://192.0.2.1"}', 'audit.syslog'],
  ['nation: DEU\naudit: {mibMax: 1}', 'audit.mibMax'],
  ['nation: deu', 'nation'],
  ['nation: X', 'nation'],
  ['net: {}', 'nation'],
  ['', 'nation'],
  ['- nation', 'mapping'],
  ['nation: [', 'no YAML'],
  ['just text', 'mapping'],
])('refuses %j and names what is wrong', (text, named) => {
  expect(messageOf(text)).toContain(named)
})

test('does not expand aliases without end', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]}, `.repeat(9)}]`),
  ]
  expect(messageOf(bomb.join('\n'))).toContain('no YAML')
})

test('the environment overrides a field, without regard to case and underscores', () => {
  const environment = {
    TOCSIN_SYNC__GAP_MS: '750',
    TOCSIN_net__listen: '["/ip4/192.0.2.1/tcp/7000"]',
    TOCSIN_LOG__LEVEL: 'debug',
    TOCSIN_HOME: '/somewhere',
    HOME: '/home/somebody',
  }
  const config = parseConfig('nation: DEU\nlog: {level: warn}', environment)
  expect(config.sync.gapMs).toBe(750)
  expect(config.net.listen).toEqual(['/ip4/192.0.2.1/tcp/7000'])
  expect(config.log).toEqual({ level: 'debug', format: 'auto' })
})

test('an environment variable that names no field is refused, and so is a bad value in one', () => {
  expect(messageOf('nation: DEU', { TOCSIN_SYNC__GAPS: '1' })).toContain('TOCSIN_SYNC__GAPS')
  expect(messageOf('nation: DEU', { TOCSIN_SYNC: '1' })).toContain('sync')
  expect(messageOf('nation: DEU', { TOCSIN_SYNC__GAP_MS: 'soon' })).toContain('sync.gapMs')
  expect(messageOf('nation: DEU', { TOCSIN_SYNC__GAP_MS: '[' })).toContain('TOCSIN_SYNC__GAP_MS')
  expect(messageOf('nation: DEU', { TOCSIN___PROTO____POLLUTED: '1' })).toContain('TOCSIN___PROTO____POLLUTED')
})
