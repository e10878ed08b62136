import { expect, test } from 'vitest'
import { createAlertLog } from '../../src/node/mechanisms/alert-log.ts'

function atTime() {
  const lines: string[] = []
  const clock = { ms: 0, now: () => clock.ms }
  const record = (level: string) => (_data: object, message: string) => lines.push(`${level} ${message}`)
  const logger = { debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') }
  return { lines, clock, log: createAlertLog(logger, clock) }
}

test('warns once a minute of each author, and keeps the rest for debugging', () => {
  const { lines, clock, log } = atTime()
  for (let i = 0; i < 3; i++) log.alert('AAA', {}, 'void')
  log.alert('BBB', {}, 'void')
  clock.ms += 60_000
  log.alert('AAA', {}, 'void')
  expect(lines).toEqual(['warn void', 'debug void', 'debug void', 'warn void', 'warn void'])
})

test('many authors take no more than their share of memory', () => {
  const { lines, log } = atTime()
  for (let i = 0; i < 5000; i++) log.alert(`log ${i}`, {}, 'void')
  expect(lines.filter(line => line.startsWith('warn'))).toHaveLength(5000)
  log.alert('log 4999', {}, 'void')
  expect(lines.at(-1)).toBe('debug void')
})
