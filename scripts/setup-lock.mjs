/** One set-up at a time in a working tree: a directory that names the process which holds it. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 200
/** A directory without a readable owner is one that is just being made, unless it is older than this. */
const ownerlessMs = 5_000

/**
 * Waits until nobody else holds `directory`, takes it, runs `work`, and gives it back.
 *
 * @template T
 * @param {string} directory
 * @param {() => Promise<T>} work
 * @param {(owner: number) => void} onWait called once, if another process has to be waited for
 * @returns {Promise<T>}
 */
export async function withLock(directory, work, onWait) {
  mkdirSync(dirname(directory), { recursive: true })
  let told = false
  while (!take(directory)) {
    const owner = readOwner(directory)
    if (isStale(directory, owner)) {
      discard(directory, owner)
      continue
    }
    if (!told && owner !== undefined) onWait(owner)
    told ||= owner !== undefined
    await sleep(pollMs)
  }
  const release = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

/** @param {string} directory */
function take(directory) {
  try {
    mkdirSync(directory)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
  writeFileSync(join(directory, 'pid'), String(process.pid))
  return true
}

/** @param {string} directory */
function readOwner(directory) {
  try {
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'))
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

/** @param {string} directory @param {number | undefined} owner */
function isStale(directory, owner) {
  if (owner === undefined) {
    const made = statSync(directory, { throwIfNoEntry: false })?.mtimeMs
    return made !== undefined && Date.now() - made > ownerlessMs
  }
  try {
    process.kill(owner, 0)
    return false
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH'
  }
}

/**
 * Takes a stale lock away by renaming it, so that of several waiters one does; puts it back if another was quicker and
 * the lock has a new owner.
 *
 * @param {string} directory @param {number | undefined} owner
 */
function discard(directory, owner) {
  const aside = `${directory}.${process.pid}`
  try {
    renameSync(directory, aside)
  } catch {
    return
  }
  if (readOwner(aside) === owner) rmSync(aside, { recursive: true, force: true })
  else renameSync(aside, directory)
}
