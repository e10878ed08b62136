import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fromBase64, fromHex, toBase64, toHex } from '../../src/base/bytes.ts'
import type { AllianceId, NationId } from '../../src/base/ids.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { createOperator } from '../../src/node/ceremonies/operator-key.ts'
import { draftsText } from '../../src/node/commands/release-commands.ts'
import { homeAt, operatorKeyPath } from '../../src/node/home/home.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { approvalInput, submissionInput } from '../../src/policy/approval.ts'
import { encodeAudienceName, nationsAudience } from '../../src/policy/audience-name.ts'
import type { Operator, OperatorRole } from '../../src/policy/operator.ts'
import { encode } from '../../src/wire/codec.ts'
import { Item } from '../../src/wire/gen/tocsin.ts'
import { type CliHome, openCliHome } from '../support/cli.ts'
import { claimOf } from '../support/guard-policy.ts'
import { ask, clock, PASSPHRASE, weak } from '../support/nation-homes.ts'

let home: CliHome
let anna: Operator
let bert: Operator
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  home.run(args, { env: { TOCSIN_PASSPHRASE_FILE: join(home.work, 'passphrase'), ...env } })

const POLICY = `version: 1
networks: { own: [192.0.2.0/24] }
rules:
  - { name: ours, when: { network: own }, action: deny }
  - { name: less, redact: source }
  - { name: red, when: { tlp: RED }, action: second-person }
  - { name: rest, action: allow }
`

beforeAll(async () => {
  home = await openCliHome()
  writeFileSync(join(home.work, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 })
  writeFileSync(join(home.work, 'wrong'), 'another\n', { mode: 0o600 })
  writeFileSync(join(home.work, 'policy.yaml'), POLICY)
  const at = homeAt(home.path, {})
  const operator = (name: string, ...roles: OperatorRole[]) => {
    const draft = { nation: 'AAA', name, roles: new Set(roles), path: operatorKeyPath(at, name) }
    return createOperator(at, draft, ask, { clock, random: systemRandom, ...weak })
  }
  anna = await operator('anna', 'publish', 'approve')
  bert = await operator('bert', 'approve')
})
afterAll(() => home[Symbol.asyncDispose]())

describe('policy check', () => {
  test('says that a policy is right', async () => {
    expect(await run(['policy', 'check', 'policy.yaml'])).toMatchObject({ status: 0, stdout: '' })
  })

  test.each([
    ['an unknown field', 'tlp: RED', 'tpl: RED', 'line 6, column 26: unknown field "rules.when.tpl"'],
    [
      'a range that is none',
      '192.0.2.0/24',
      '192.0.2.0/99',
      'line 2, column 19: networks.own: prefix length 99 is above 32',
    ],
    ['an action that is none', 'action: allow', 'action: permit', 'line 7, column 27: rules.action'],
  ])('names the line of %s', async (_, from, to, message) => {
    writeFileSync(join(home.work, 'bad.yaml'), POLICY.replace(from, to))
    const { status, stderr } = await run(['policy', 'check', 'bad.yaml'])
    expect(status).toBe(64)
    expect(stderr).toContain(`error policy-invalid: bad.yaml, ${message}`)
  })

  test('says what to do where there is none', async () => {
    const { status, stderr } = await run(['policy', 'check'])
    expect(status).toBe(69)
    expect(stderr).toContain('policy-missing')
    expect(stderr).toContain('tocsin policy starter')
  })
})

describe('policy test', () => {
  const rules = async (...args: string[]) => {
    const { status, stdout, stderr } = await run(['policy', 'test', 'policy.yaml', ...args, '-o', 'json'])
    const outcomes = JSON.parse(stdout) as { name: string; outcome: string; condition: string; decided: boolean }[]
    const decided = outcomes.find(each => each.decided)?.name
    return { status, decided, outcomes: outcomes.map(each => `${each.outcome} ${each.condition}`.trim()), stderr }
  }

  test('tells rule by rule what matched, and which decided', async () => {
    expect(await rules('--with', 'evil[.]example', '--tlp', 'GREEN')).toMatchObject({
      status: 0,
      decided: 'rest',
      outcomes: ['unmatched network', 'matched', 'unmatched tlp', 'matched'],
    })
    expect(await rules('--with', 'hxxp://192[.]0[.]2[.]7/x')).toMatchObject({
      status: 1,
      decided: 'ours',
      outcomes: ['matched', 'unread', 'unread', 'unread'],
    })
    const red = await rules('--with', 'evil.example', '--tlp', 'RED', '--to', 'FRA,DEU')
    expect(red).toMatchObject({ status: 1, decided: 'red' })
    expect(red.stderr).toContain(
      'second-person: changed by rule 2 "less"; rule 3 "red" (line 6) asks for a second person',
    )
    expect(red.stderr).toContain('readers: FRA, DEU')
  })

  test('tells of every item of a file', async () => {
    writeFileSync(join(home.work, 'list.txt'), 'evil.example\n192.0.2.9\n')
    const { status, stdout } = await run(['policy', 'test', 'policy.yaml', '--with', 'list.txt', '-o', 'ndjson'])
    expect(status).toBe(1)
    expect(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toMatchObject([
      { item: 'evil.example', verdict: 'allow' },
      { item: '192.0.2.9', verdict: 'deny', reason: 'rule 1 "ours" (line 4) denies it' },
    ])
  })

  test('refuses what is no value', async () => {
    expect(await run(['policy', 'test', 'policy.yaml', '--with', 'no value'])).toMatchObject({ status: 64, stdout: '' })
  })
})

describe('operator', () => {
  test('add enters a key, list shows it, remove takes it out', async () => {
    const key = 'ab'.repeat(32)
    expect(await run(['operator', 'add', 'carl', '--role', 'read', '--key', key])).toMatchObject({ status: 0 })
    const listed = JSON.parse((await run(['operator', 'list', '-o', 'json'])).stdout)
    expect(listed).toEqual([
      { name: 'anna', roles: ['publish', 'approve'], key: toHex(anna.key) },
      { name: 'bert', roles: ['approve'], key: toHex(bert.key) },
      { name: 'carl', roles: ['read'], key },
    ])
    expect(await run(['operator', 'remove', 'carl'])).toMatchObject({ status: 0 })
    expect(await run(['operator', 'remove', 'carl'])).toMatchObject({
      status: 77,
      stderr: expect.stringContaining('operator-unknown'),
    })
  })

  test.each([
    ['a name that is taken', ['add', 'anna', '--role', 'read'], 64, 'operator-exists'],
    ['a key that is taken', ['add', 'carl', '--role', 'read', '--key', 'KEY'], 64, 'operator-exists'],
    ['a role that is none', ['add', 'carl', '--role', 'publish,rule'], 64, 'usage-invalid'],
    ['a name that is none', ['add', '../carl', '--role', 'read'], 64, 'usage-invalid'],
    ['a key that is none', ['add', 'carl', '--role', 'read', '--key', 'abc'], 64, 'usage-invalid'],
  ])('add refuses %s and changes nothing', async (_, args, status, code) => {
    const before = readFileSync(join(home.path, 'operators.yaml'), 'utf8')
    const typed = args.map(arg => (arg === 'KEY' ? toHex(anna.key) : arg))
    const name = args[1] === 'anna' ? ['-O', join(home.work, 'new.age')] : []
    expect(await run(['operator', ...typed, ...name])).toMatchObject({ status, stderr: expect.stringContaining(code) })
    expect(readFileSync(join(home.path, 'operators.yaml'), 'utf8')).toBe(before)
  })
})

describe('a submission', () => {
  beforeEach(() => {
    home.node.state.submissions = []
  })

  test('is signed with the key of the operator who makes it', async () => {
    expect(await run(['indicator', 'add', 'signed.example', '--operator', 'anna'])).toMatchObject({ status: 0 })
    const [signature] = home.node.state.submissions
    const items = [
      { kind: 'claim', draft: { type: 'domain', value: 'signed.example', original: 'signed.example', marking: {} } },
    ] as const
    const input = submissionInput(new Uint8Array(32) as AllianceId, signature!.signedMs, draftsText(items))
    expect(verifyEd25519(anna.key, input, fromBase64(signature!.signature))).toBe(true)
    expect(signature!.key).toBe(toHex(anna.key))
  })

  test.each([
    ['an operator who is none', ['--operator', 'carl'], {}, 77, 'operator-unknown'],
    ['an operator who may not publish', ['--operator', 'bert'], {}, 77, 'operator-role'],
    ['a wrong passphrase', ['--operator', 'anna'], { TOCSIN_PASSPHRASE_FILE: 'wrong' }, 64, 'passphrase-wrong'],
    ['the key of another', ['--operator', 'anna', '--operator-key', 'BERT'], {}, 64, 'key-file-other'],
  ])('by %s is not made', async (_, args, env, status, code) => {
    const typed = args.map(arg => (arg === 'BERT' ? join(home.path, 'keys/operator-bert.age') : arg))
    const result = await run(['indicator', 'add', 'unsigned.example', ...typed], env)
    expect(result).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(code) })
    expect(home.node.state.submissions).toEqual([])
  })
})

describe('queue', () => {
  const item = claimOf({ value: 'held.example', source: 'us', marking: { tlp: 5 } })
  const audience = encodeAudienceName(nationsAudience(['BBB', 'CCC'] as NationId[]))
  const id = 'cd'.repeat(16)

  beforeEach(() => {
    home.node.state.approvals = []
    home.node.state.held = [
      {
        ...{ id, submitter: 'anna', submitterKey: toHex(anna.key), heldMs: 0, expiresMs: 1000, rule: 'rule 1' },
        ...{ item: toBase64(encode(Item, item)), audience: toBase64(audience), readers: ['BBB'] },
      },
    ]
  })

  test('list and show tell what would leave', async () => {
    const listed = JSON.parse((await run(['queue', 'list', '-o', 'json'])).stdout)
    expect(listed).toMatchObject([{ id, submitter: 'anna', value: 'held.example', tlp: 'TLP:RED', readers: ['BBB'] }])
    const { stdout } = await run(['queue', 'show', id.slice(0, 8)])
    expect(stdout).toMatch(/source +us/)
    expect(stdout).toMatch(/audience +nations BBB CCC/)
  })

  test('approve shows the item, and signs exactly what it has shown', async () => {
    const { status, stderr } = await run(['queue', 'approve', id, '--operator', 'bert', '--yes'])
    expect(status).toBe(0)
    expect(stderr).toContain('held.example')
    const [approval] = home.node.state.approvals
    const input = approvalInput({
      allianceId: new Uint8Array(32) as AllianceId,
      item,
      audience,
      readers: ['BBB' as NationId],
    })
    expect(verifyEd25519(bert.key, input, fromBase64(approval!.signature))).toBe(true)
    expect(fromHex(approval!.key)).toEqual(bert.key)
  })

  test.each([
    ['the same person', ['--operator', 'anna', '--yes'], {}, 77, 'approval-same-person'],
    ['nobody in particular', ['--yes'], {}, 64, 'usage-invalid'],
    ['an operator who is none', ['--operator', 'carl', '--yes'], {}, 77, 'operator-unknown'],
    ['who does not confirm', ['--operator', 'bert'], {}, 64, 'confirmation-missing'],
    [
      'a wrong passphrase',
      ['--operator', 'bert', '--yes'],
      { TOCSIN_PASSPHRASE_FILE: 'wrong' },
      64,
      'passphrase-wrong',
    ],
  ])('approve by %s is refused', async (_, args, env, status, code) => {
    expect(await run(['queue', 'approve', id, ...args], env)).toMatchObject({
      status,
      stderr: expect.stringContaining(code),
    })
    expect(home.node.state.approvals).toEqual([])
  })

  test('reject takes a reason, and an id that is there', async () => {
    expect(await run(['queue', 'reject', id])).toMatchObject({ status: 64 })
    expect(await run(['queue', 'reject', 'ffffffff', '--reason', 'x'])).toMatchObject({ status: 66 })
    expect(await run(['queue', 'reject', id, '--reason', 'x'])).toMatchObject({ status: 0 })
    expect(home.node.state.held).toEqual([])
  })
})
