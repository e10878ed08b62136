import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliHome, cleanEnvironment, openCliHome, TOCSIN } from '../support/cli.ts'

let home: CliHome
const run = (...args: string[]) => home.run(args)
const lines = (text: string) => text.trimEnd().split('\n')
const ndjson = (text: string) => lines(text).map(line => JSON.parse(line))

beforeAll(async () => {
  home = await openCliHome()
})
afterAll(() => home[Symbol.asyncDispose]())

describe('indicator add', () => {
  test('publishes defanged values as what they are', async () => {
    const { status, stdout } = await run(
      'indicator',
      'add',
      'hxxps://evil[.]example/a',
      'c2[.]evil[.]example',
      '192[.]0[.]2[.]7:8080',
      '-o',
      'json',
    )
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject([
      { type: 'url', outcome: 'new' },
      { type: 'domain', outcome: 'new' },
      { type: 'ipv4', outcome: 'new' },
    ])
    const shown = JSON.parse((await run('indicator', 'show', '192.0.2.7', '-o', 'json')).stdout)
    expect(shown.claims).toMatchObject([{ original: '192[.]0[.]2[.]7:8080', labels: ['port:8080'] }])
  })

  test('says of them what the options say', async () => {
    const said = ['--tlp', 'amber+strict', '--pap', 'green', '--confidence', '80', '--label', 'apt', '--label', 'c2']
    const more = [
      '--valid-until',
      '2030-01-31',
      '--description',
      'Beacons',
      '--name',
      'B',
      '--source',
      'ourselves',
      '--exercise',
    ]
    expect(await run('indicator', 'add', 'said.example', ...said, ...more)).toMatchObject({ status: 0 })
    const shown = JSON.parse((await run('indicator', 'show', 'said.example', '-o', 'json')).stdout)
    expect(shown.claims).toMatchObject([
      {
        tlp: 'TLP:AMBER+STRICT',
        pap: 'PAP:GREEN',
        confidence: 80,
        labels: ['apt', 'c2'],
        validUntilMs: Date.UTC(2030, 0, 31),
        description: 'Beacons',
        name: 'B',
        source: 'ourselves',
        exercise: true,
      },
    ])
  })

  test('takes the rest where one is no indicator, and fails', async () => {
    const { status, stdout } = await run(
      'indicator',
      'add',
      '999.1.1.1',
      'co.uk',
      'refused.example',
      'good-one.example',
      '-o',
      'ndjson',
    )
    expect(status).toBe(65)
    expect(ndjson(stdout)).toMatchObject([
      { outcome: 'refused', code: 'indicator-invalid', reason: expect.stringContaining('999.1.1.1') },
      { outcome: 'refused', code: 'warninglist-blocked', reason: 'co.uk is on the warninglist "public-suffixes"' },
      { outcome: 'refused', code: 'guard-denied', reason: 'this one is never taken' },
      { outcome: 'new', type: 'domain' },
    ])
  })

  test('tells what is a duplicate', async () => {
    await run('indicator', 'add', 'twice.example')
    const { status, stdout } = await run('indicator', 'add', 'twice.example', '-o', 'csv')
    expect(status).toBe(0)
    expect(lines(stdout)[0]).toBe('value,type,outcome,claim,code,reason')
    expect(lines(stdout)[1]).toMatch(/^twice\.example,domain,duplicate,[0-9a-f]{32},,$/)
  })

  test('does not take a value for another type than it is said to be', async () => {
    const { status, stdout } = await run('indicator', 'add', 'evil.example', '--type', 'sha256', '-o', 'ndjson')
    expect([status, ndjson(stdout)]).toMatchObject([65, [{ outcome: 'refused', code: 'indicator-invalid' }]])
  })
})

describe('indicator list', () => {
  test('prints raw values in a pipe, in each format', async () => {
    await run('indicator', 'add', 'listed.example', '--label', 'a, b', '--label', 'c')
    const query = ['indicator', 'list', '--type', 'domain', '--limit', '1000']
    const [table, json, ndjsonText, csv] = await Promise.all(
      ['table', 'json', 'ndjson', 'csv'].map(async format => (await run(...query, '-o', format)).stdout),
    )
    expect(lines(table!)[0]).toMatch(/^ID +TYPE +VALUE +NATIONS/)
    expect(table).toMatch(/^[0-9a-f]{32} {2}domain {2}listed\.example +AAA/m)
    expect(JSON.parse(json!)).toContainEqual(
      expect.objectContaining({ value: 'listed.example', labels: ['a, b', 'c'] }),
    )
    expect(ndjson(ndjsonText!)).toEqual(JSON.parse(json!))
    expect(csv).toMatch(/,listed\.example,AAA,.*,"a, b; c",warn documentation-names$/m)
  })

  test('pages through everything with --all, and says when there is more', async () => {
    await using big = await openCliHome()
    for (const batch of [0, 1, 2]) {
      const values = Array.from({ length: 900 }, (_, i) => `n${batch * 900 + i}.example`)
      await big.node.publish(values.map(value => ({ kind: 'claim', draft: { type: 'domain', value } })))
    }
    const all = await big.run(['indicator', 'list', '--all', '-o', 'ndjson'])
    expect(new Set(ndjson(all.stdout).map(view => view.value)).size).toBe(2700)
    expect(all.stderr).toBe('')
    const some = await big.run(['indicator', 'list', '--limit', '1200', '-o', 'csv'])
    expect(lines(some.stdout)).toHaveLength(1201)
    expect(some.stderr).toBe('These are the first 1200; --all lists all of them.\n')
    const array = await big.run(['indicator', 'list', '--all', '-o', 'json'])
    expect(JSON.parse(array.stdout)).toHaveLength(2700)
    const few = await big.run(['indicator', 'list', '--nation', 'BBB', '-o', 'json'])
    expect(few).toMatchObject({ status: 0, stdout: '[]\n' })
  })

  test('ends quietly when its reader has seen enough', async () => {
    await using big = await openCliHome()
    const values = Array.from({ length: 1000 }, (_, i) => `n${i}.example`)
    const items = values.map(
      value => ({ kind: 'claim', draft: { type: 'domain', value, description: 'x'.repeat(500) } }) as const,
    )
    await big.node.publish(items)
    const child = spawn(process.execPath, [TOCSIN, 'indicator', 'list', '--all', '-o', 'ndjson', '--home', big.path], {
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', text => {
      said += text
    })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [status] = await once(child, 'close')
    expect([status, said]).toEqual([0, ''])
  })
})

describe('indicator show', () => {
  test('prints the indicator and each claim on it', async () => {
    await run('indicator', 'add', 'SHOWN.example', '--description', 'first')
    await run('indicator', 'add', 'shown.example', '--description', 'second')
    const { status, stdout } = await run('indicator', 'show', 'shown[.]example')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^value +shown\.example$/m)
    expect(stdout).toMatch(/^description +first$/m)
    expect(stdout).toMatch(/^description +second$/m)
    expect(stdout).toMatch(/^original +SHOWN\.example$/m)
    const id = /^id +([0-9a-f]{32})$/m.exec(stdout)![1]!
    expect((await run('indicator', 'show', id.slice(0, 10), '-o', 'csv')).stdout).toMatch(
      /^claim,nation,nation_status,tlp/,
    )
  })

  test('of what is not held fails with status 66', async () => {
    const { status, stderr } = await run('indicator', 'show', 'unknown.example')
    expect(status).toBe(66)
    expect(stderr).toMatch(/^error indicator-absent: no such indicator is held here\n→ /)
  })

  test('shows what steers a terminal as text', async () => {
    const description = 'a\u001b[2Jb\u202ec\u009bd'
    await home.node.publish([{ kind: 'claim', draft: { type: 'domain', value: 'steer.example', description } }])
    for (const format of ['table', 'json']) {
      const { stdout } = await run('indicator', 'show', 'steer.example', '-o', format)
      for (const steering of ['\u001b', '\u202e', '\u009b']) expect(stdout).not.toContain(steering)
      expect(stdout).toMatch(/b\\u202ec/)
    }
  })
})

describe('lookup', () => {
  beforeAll(() => run('indicator', 'add', 'known.example', 'https://known.example/x'))

  test('exits 0 if any is known, and says what each is', async () => {
    const { status, stdout, stderr } = await run('lookup', 'known[.]example', 'good.example', '999.1.1.1', '-o', 'json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject([
      { query: 'known[.]example', result: 'found', indicators: [{ value: 'known.example' }] },
      { query: 'good.example', result: 'absent' },
      { query: '999.1.1.1', result: 'invalid' },
    ])
    expect(stderr).toBe('1 of 3 found.\n')
  })

  test('exits 1 if none is known', async () => {
    expect(await run('lookup', '-q', 'good.example')).toMatchObject({ status: 1, stderr: '' })
  })

  test('reads standard input, whatever its line ends, in more than one batch', async () => {
    const values = Array.from({ length: 1200 }, (_, i) => `n${i}.example`)
    const input = `hxxps://known[.]example/x\r\n\n  known.example  \r${values.join('\n')}`
    for (const args of [['lookup'], ['lookup', '-']]) {
      const { status, stdout } = await home.run([...args, '-o', 'ndjson'], { input })
      expect(status).toBe(0)
      expect(ndjson(stdout).map(result => result.query)).toEqual([
        'hxxps://known[.]example/x',
        'known.example',
        ...values,
      ])
      expect(ndjson(stdout).filter(({ result }) => result === 'found')).toHaveLength(2)
    }
  })

  test('of nothing finds nothing', async () => {
    expect(await home.run(['lookup', '-o', 'csv'], { input: '\n\n' })).toMatchObject({
      status: 1,
      stdout: 'query,result,relation,type,value,nations,tlp,confidence,last_seen,labels,warninglists,reason\n',
      stderr: '0 of 0 found.\n',
    })
  })

  test('answers each line as it comes', async () => {
    const child = spawn(process.execPath, [TOCSIN, 'lookup', '-o', 'ndjson', '--home', home.path], {
      env: cleanEnvironment(),
    })
    child.stdin.write('known.example\n')
    const [first] = await once(child.stdout.setEncoding('utf8'), 'data')
    expect(JSON.parse(first)).toMatchObject({ result: 'found' })
    child.stdin.end()
    expect((await once(child, 'close'))[0]).toBe(0)
  })

  test('does not let an endless line fill memory', async () => {
    const { status, stderr } = await home.run(['lookup'], { input: 'x'.repeat(1_000_000) })
    expect(status).toBe(64)
    expect(stderr).toMatch(/^error import-line-too-long/)
  })
})
