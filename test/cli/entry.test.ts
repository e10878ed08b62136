import { expect, test } from 'vitest'
import { openAuditedAlliance } from '../support/audited-alliance.ts'
import { until } from '../support/node-alliance.ts'

test('an entry is shown, erased, destroyed, and every refusal says what to do', async () => {
  await using audited = await openAuditedAlliance(2)
  const { run, author, nodes } = audited
  const shown = await run('indicator', 'show', 'published-0.example', '--receipts')
  expect(shown.stdout).toMatch(/by 3 of 3 nations since \d{4}-/)
  const [place = ''] = /[0-9a-f]{16}\/\d+/.exec(shown.stdout) ?? []
  const { entry }: { entry: string } = JSON.parse((await run('entry', 'show', place, '-o', 'json')).stdout)
  const short = `${entry.slice(0, 8)}/${entry.split('/')[1]}`

  const before = await run('entry', 'show', short)
  expect(before.stdout).toMatch(/^kind +batch$/m)
  expect(before.stdout).toMatch(/^standing +stands$/m)
  expect(before.stdout).toMatch(/^post_quantum +holds even if Ed25519 breaks/m)
  expect(before.stdout).toContain('HELD BY')
  expect(before.stdout).not.toMatch(/^erased/m)
  const view = JSON.parse((await run('entry', 'show', short, '-o', 'json')).stdout)
  expect(view).toMatchObject({ entry, nation: 'AAA', erasure: null })
  expect(view.delivery.receipts[0].note).toMatch(/^tocsin\/[0-9a-f]{16}\/log\//)

  const refused = [
    [['entry', 'show', 'ffffffff/1'], 66, 'log-unknown'],
    [['entry', 'show', `${entry.split('/')[0]}/999`], 66, 'entry-absent'],
    [['entry', 'purge', short, '--yes'], 66, 'erasure-absent'],
    [['entry', 'erase', `${entry.split('/')[0]}/0`, '--reason', 'error', '--yes'], 64, 'erasure-kind'],
    [['entry', 'erase', short, '--reason', 'error'], 64, 'confirmation-missing'],
    [['entry', 'erase', short, '--reason', 'mistake', '--yes'], 64, 'usage-invalid'],
    [['entry', 'erase', short, '--yes'], 64, 'usage-invalid'],
  ] as const
  for (const [args, status, code] of refused) {
    const answer = await run(...args)
    expect(answer, args.join(' ')).toMatchObject({ status, stdout: '' })
    expect(answer.stderr, args.join(' ')).toContain(`error ${code}: `)
  }

  const erased = await run('entry', 'erase', short, '--reason', 'personal-data', '--now', '--yes')
  expect(erased).toMatchObject({ status: 0 })
  expect(erased.stdout).toMatch(/^[0-9a-f]{64}\/\d+\n$/)
  expect((await run('lookup', 'published-0.example')).status).toBe(1)
  expect((await run('entry', 'erase', short, '--reason', 'error', '--yes')).stderr).toContain('erasure-done')
  const logId = author.node.ownLog.current()!.logId
  const target = { logId, seq: Number(entry.split('/')[1]) }
  const other = nodes[1]!
  await until(() => other.node.store.tombstonesOf(target).length === 1, 10_000)
  await other.service.purgeEntry({ log: entry.slice(0, 8), seq: target.seq })
  const { by } = author.node.store.tombstonesOf(target)[0]!
  await until(() => author.node.book.purges(by).length === 2, 10_000)
  const after = await run('entry', 'show', short)
  expect(after.stdout).toMatch(/^body +erased, \d+ bytes$/m)
  expect(after.stdout).toMatch(/^erased +personal-data, /m)
  expect(after.stdout).toMatch(/^destroyed +here .*; at 2 of 4 nations, by their own word; waiting for: CCC DDD$/m)
  // The proofs are as good as before.
  expect(after.stdout).toMatch(/^held +by 3 of 3 nations/m)
  const recorded = await run('audit', 'node', 'list', '-o', 'json')
  const kinds = (JSON.parse(recorded.stdout) as { kind: string }[]).map(({ kind }) => kind)
  expect(kinds).toEqual(expect.arrayContaining(['erased', 'purged']))
}, 60_000)
