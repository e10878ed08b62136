import { mkdtemp, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FeedLedger } from '../../src/node/inlets/feed-ledger.ts'
import { type FeedWorld, numbers, openFeedWorld } from '../support/feed-world.ts'

let world: FeedWorld

beforeAll(async () => {
  world = await openFeedWorld()
})

afterAll(() => world[Symbol.asyncDispose]())

describe('a drop folder', () => {
  async function dropFolder(more: object = {}) {
    const path = await mkdtemp(join(world.folder, 'drop-'))
    return { path, feed: world.openFeed({ kind: 'folder', path, settleSeconds: 0, ...more }) }
  }

  test('gives each file once, and keeps it with what was refused of it', async () => {
    const { path, feed } = await dropFolder()
    await writeFile(join(path, 'list.txt'), 'c1.drop.example\nnot a value\nc2.drop.example\n')
    await writeFile(join(path, 'packed.csv.gz'), gzipSync('value,description\nc3.drop.example,x\n'))
    await writeFile(join(path, 'bad.json'), '{"a": 1}')
    await writeFile(join(path, 'amid.txt.part'), 'c4.drop.example\n')
    await writeFile(join(path, 'secret'), 'c5.drop.example\n')
    await rename(join(path, 'secret'), join(world.folder, 'secret'))
    await symlink(join(world.folder, 'secret'), join(path, 'link.txt'))
    expect(await feed.poll()).toMatchObject({
      rows: 5,
      new: 3,
      refused: 2,
      fault: { code: 'import-format-unsupported' },
    })
    expect((await readdir(path)).sort()).toEqual(['amid.txt.part', 'done', 'failed', 'link.txt'])
    const done = (await readdir(join(path, 'done'))).map(name => name.replace(/^\d{8}T\d{6}Z-/, '')).sort()
    expect(done).toEqual(['list.txt', 'list.txt.refused.ndjson', 'packed.csv.gz'])
    expect(await readdir(join(path, 'failed'))).toHaveLength(2)
    expect(await world.show('c5.drop.example')).toBeNull()
    expect(await feed.poll()).toMatchObject({ rows: 0, fault: null })
  })

  test('waits until a file has come to rest', async () => {
    const { path, feed } = await dropFolder({ settleSeconds: 1 })
    const file = join(path, 'growing.txt')
    await writeFile(file, 'd1.drop.example\n')
    const polling = feed.poll()
    await pause(300)
    await writeFile(file, 'd1.drop.example\nd2.drop.example\n')
    expect(await polling).toMatchObject({ rows: 0 })
    expect(await feed.poll()).toMatchObject({ rows: 2, new: 2 })
  })

  test('gives what was read when the node died once', async () => {
    const { path, feed } = await dropFolder()
    const text = numbers(0, 1500)
      .map(n => `e${n}.drop.example\n`)
      .join('')
    await writeFile(join(path, 'long.txt'), text)
    let writes = 0
    const dying: FeedLedger = {
      ...feed.ledger,
      write: change => (++writes > 1 ? Promise.reject(new Error('killed')) : feed.ledger.write(change)),
    }
    expect(await feed.poll({}, {}, dying)).toMatchObject({ new: 1500, fault: { code: 'internal' } })
    expect(await readdir(path)).toContain('long.txt')
    expect(await feed.poll({ resumes: true })).toMatchObject({ rows: 1500, new: 0, duplicate: 1500, fault: null })
  })

  test('does not write where a link of others leads', async () => {
    const { path, feed } = await dropFolder()
    const precious = join(world.folder, 'precious')
    await writeFile(precious, 'keep me')
    await writeFile(join(path, 'x.txt'), 'not a value\nf1.drop.example\n')
    await symlink(precious, join(path, '.x.txt.refused'))
    expect((await feed.poll()).fault).not.toBeNull()
    expect(await readFile(precious, 'utf8')).toBe('keep me')
  })

  test('that is not there is told of', async () => {
    const feed = world.openFeed({ kind: 'folder', path: join(world.folder, 'nowhere'), settleSeconds: 0 })
    expect((await feed.poll()).fault).toMatchObject({ code: 'feed-path' })
  })
})
