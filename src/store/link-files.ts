import { copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const LEFT_OUT: ReadonlySet<string> = new Set(['LOCK', 'LOG', 'LOG.old', 'lost'])

/**
 * Makes the files of a LevelDB appear at `to` as well. Hard links cost no room, and what opens them there changes none:
 * LevelDB writes new files, and removes names. Where there are no links, copies.
 */
export async function linkFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const name of await readdir(from)) {
    if (LEFT_OUT.has(name)) continue
    await link(join(from, name), join(to, name)).catch(() => copyFile(join(from, name), join(to, name)))
  }
}
