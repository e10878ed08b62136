import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliHome, openCliHome } from '../support/cli.ts'

let home: CliHome
const run = (...args: string[]) => home.run(args)

const VALUES = [
  'evil.example',
  '192.0.2.7',
  '198.51.100.0/24',
  'http://bad.example/a/b?c=1',
  'bob@mail.example',
  '9e107d9d372bb6826bd81d3542a419d6',
]

const SYSLOG = [
  'Nov 22 07:00:00 gw named[1]: client 10.0.0.1#53: query: www.EVIL.example IN A',
  'Nov 22 07:00:01 gw kernel: IN=eth0 SRC=192.0.2.7 DST=10.0.0.1 PROTO=TCP',
  'Nov 22 07:00:02 gw sshd[2]: nothing at all',
  'Nov 22 07:00:03 gw kernel: SRC=198.51.100.77',
]

beforeAll(async () => {
  home = await openCliHome()
  expect(await run('indicator', 'add', ...VALUES)).toMatchObject({ status: 0 })
  await writeFile(join(home.path, 'syslog'), `${SYSLOG.join('\n')}\n`)
})
afterAll(() => home[Symbol.asyncDispose]())

async function found(...args: string[]): Promise<string[]> {
  const { stdout } = await run('scan', ...args, '-o', 'ndjson')
  const rows = stdout.split('\n').filter(line => line !== '')
  return rows
    .map(row => JSON.parse(row))
    .map(({ line, column, relation, indicator }) => `${line}:${column} ${relation} ${indicator.value}`)
}

describe('scan', () => {
  test('finds indicators with line, column and how they relate', async () => {
    expect(await found(join(home.path, 'syslog'))).toEqual([
      `1:${SYSLOG[0]!.indexOf('www') + 1} parent-domain evil.example`,
      `2:${SYSLOG[1]!.indexOf('192') + 1} exact 192.0.2.7`,
      `4:${SYSLOG[3]!.indexOf('198') + 1} range 198.51.100.0/24`,
    ])
  })

  test('tells of each find what nations claim, and shows the line', async () => {
    const { stdout, stderr, status } = await run('scan', join(home.path, 'syslog'), '-o', 'json', '--type', 'ipv4')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject([
      { line: 2, text: SYSLOG[1], indicator: { type: 'ipv4', nations: [expect.any(String)], claims: [{}] } },
    ])
    expect(stderr).toBe('1 finds of 1 indicators; 1 were looked for.\n')
  })

  test('prints a table, and CSV with the line', async () => {
    const table = await run('scan', join(home.path, 'syslog'), '--context')
    expect(table.stdout).toMatch(/^FILE +LINE +COLUMN +RELATION +TYPE +VALUE/)
    expect(table.stdout).toContain(SYSLOG[1])
    const csv = await run('scan', join(home.path, 'syslog'), '-o', 'csv')
    expect(csv.stdout.split('\n')[0]).toBe('file,line,column,relation,type,value,nations,tlp,state,score,labels,text')
  })

  test('exits with status 1 where something is found and that is a failure', async () => {
    const nothing = join(home.path, 'nothing')
    await writeFile(nothing, 'all is well\n')
    expect((await run('scan', nothing, '--fail-on-hit')).status).toBe(0)
    expect((await run('scan', nothing, join(home.path, 'syslog'), '--fail-on-hit')).status).toBe(1)
    expect((await run('scan', join(home.path, 'syslog'))).status).toBe(0)
  })

  test('reads gzip, UTF-16, Latin-1, and bytes that are no text', async () => {
    const at = (name: string) => join(home.path, name)
    await writeFile(at('packed.gz'), gzipSync(`${SYSLOG.join('\n')}\n`))
    await writeFile(at('utf16'), Buffer.from(`\uFEFF${SYSLOG[1]}\r\n`, 'utf16le'))
    await writeFile(
      at('latin1'),
      Buffer.concat([Buffer.from('caf\xe9 \0\xff 192.0.2.7\0 \xe9vil.example\n', 'latin1')]),
    )
    expect((await found(at('packed.gz'))).length).toBe(3)
    expect(await found(at('utf16'))).toEqual([`1:${SYSLOG[1]!.indexOf('192') + 1} exact 192.0.2.7`])
    expect(await found(at('latin1'))).toEqual(['1:9 exact 192.0.2.7'])
  })

  test('tells what it cannot read, and reads the rest', async () => {
    const { status, stdout, stderr } = await run('scan', '/no/such/file', home.path, join(home.path, 'syslog'))
    expect(status).not.toBe(0)
    expect(stderr).toContain('/no/such/file cannot be read')
    expect(stderr).toContain('it is a folder')
    expect(stdout).toContain('192.0.2.7')
  })

  test('refuses a type that no text is searched for', async () => {
    expect(await run('scan', '-', '--type', 'yara')).toMatchObject({ status: 64 })
  })

  test('leaves out what scores less', async () => {
    expect(await found(join(home.path, 'syslog'), '--score-min', '100')).toEqual([])
  })
})
