import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { encodeNodeKeys } from '../../src/crypto/node-key-file.ts'
import type { Backup } from '../../src/node/home/backup-file.ts'
import { NODE_KEYS } from '../../src/node/home/backup-home.ts'
import { exists, homeAt } from '../../src/node/home/home.ts'
import { restoreHome } from '../../src/node/home/restore.ts'

/** Whoever knows a recipient of age can write a file for it: what is in a backup that opens is not yet a backup of ours. */

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-'))
})

afterAll(() => rm(folder, { recursive: true }))

const file = (name: string, content = utf8('x')): Backup => ({ kind: 'file', file: { name, content } })

/** Counts how many parts are taken. */
async function restored(nation: string, files: Iterable<Backup>): Promise<{ refusal: unknown; taken: number }> {
  const header = { madeMs: 1, allianceId: new Uint8Array(32), nation, program: 'x', storeFormat: 1 }
  const home = homeAt(join(folder, 'home'), {})
  let taken = 0
  async function* parts(): AsyncGenerator<Backup> {
    yield { kind: 'header', header }
    for (const part of files) {
      taken++
      yield part
    }
  }
  const work = restoreHome({ home, backup: parts(), escrow: undefined, nowMs: 1 })
  const refusal = await work.then(
    () => undefined,
    error => error,
  )
  expect(await exists(home.path)).toBe(false)
  expect(await exists(`${home.path}.restoring`)).toBe(false)
  return { refusal, taken }
}

test('a file that is none of a home ends the restoring where it comes', async () => {
  const { refusal, taken } = await restored(
    'AAA',
    Array.from({ length: 1000 }, (_, i) => file(`../../file ${i}`)),
  )
  expect(refusal).toMatchObject({ code: 'backup-malformed' })
  expect(taken).toBe(1)
})

test('no file stands in a backup twice, in turn with another', async () => {
  const { refusal, taken } = await restored('AAA', [file('trust'), file('config.yaml'), file('trust'), file('trust')])
  expect(refusal).toMatchObject({ code: 'backup-malformed' })
  expect(taken).toBe(3)
})

test('a file of a home is no longer than one that is read', async () => {
  function* endless(): Generator<Backup> {
    const content = new Uint8Array(4 * 1024 * 1024)
    for (let part = 0; part < 1000; part++) yield file('trust', content)
  }
  const { refusal, taken } = await restored('AAA', endless())
  expect(refusal).toMatchObject({ code: 'backup-malformed' })
  expect(taken).toBe(65)
})

test('keys of a node of another nation are not put to use', async () => {
  const keys = encodeNodeKeys({ nation: parseNationId('BBB'), createdMs: 1, peerSeed: new Uint8Array(32) })
  const { refusal } = await restored('AAA', [file(NODE_KEYS, keys)])
  expect(refusal).toMatchObject({ code: 'backup-malformed' })
})
