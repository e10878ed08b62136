import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'

const STAGE = join(import.meta.dirname, '../../src/node/outlets/export-stage.ts')
const LINES = 20_000
const KILLS = 4

/** Writes version after version, each of lines with its number, until it is killed. */
const WRITER = `
import { stageFile, stageFolder } from ${JSON.stringify(STAGE)}
const [kind, path, from] = process.argv.slice(1)
for (let serial = Number(from); ; serial++) {
  const stage = await (kind === 'file' ? stageFile : stageFolder)({ path, mode: 0o640, serial })
  const text = (serial + '\\n').repeat(${LINES / 10})
  for (let i = 0; i < 10; i++) await stage.write([{ file: 'a.txt', text }, { file: 'b.txt', text }])
  await stage.publish()
}`

function startWriter(kind: 'file' | 'folder', path: string, from: number): ChildProcess {
  const args = ['--input-type=module', '--eval', WRITER, kind, path, String(from)]
  return spawn(process.execPath, args, { stdio: 'inherit' })
}

/** A version that the writer of this round has begun. */
function isOf(round: number, name: string): boolean {
  return Number(/\.(\d+)(?:\.tmp)?$/.exec(name)?.[1] ?? 0) >= 1000 * (round + 1)
}

async function assertWhole(path: string, lines: number): Promise<number> {
  const [first, ...others] = (await readFile(path, 'utf8')).trimEnd().split('\n')
  expect(others.length + 1).toBe(lines)
  expect(others.every(line => line === first)).toBe(true)
  return Number(first)
}

test.each(['file', 'folder'] as const)('a %s that is killed over is the old one or the new one', async kind => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-export-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'bad')
  let last = 0
  for (let round = 0; round < KILLS; round++) {
    const writer = startWriter(kind, path, 1000 * (round + 1))
    const isWriting = async () => existsSync(path) && (await readdir(folder)).some(name => isOf(round, name))
    await expect.poll(isWriting, { timeout: 20_000, interval: 5 }).toBe(true)
    await pause(7 * round)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    if (kind === 'file') {
      last = await assertWhole(path, 2 * LINES)
    } else {
      last = await assertWhole(join(path, 'a.txt'), LINES)
      expect(await assertWhole(join(path, 'b.txt'), LINES)).toBe(last)
    }
  }
  expect(last).toBeGreaterThanOrEqual(1000)
  // What was begun and not ended does not pile up: this version, the one before, and one that was being written.
  expect((await readdir(folder)).length).toBeLessThanOrEqual(kind === 'file' ? 2 : 5)
})
