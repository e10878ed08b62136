/**
 * What set-up has to do, decided from data alone. Plain JavaScript for Node >= 20, because it runs on whatever Node the
 * machine has, before the pinned one is there.
 *
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, link?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} LockFile `package-lock.json`, or npm's own record of what it installed
 * @typedef {{ kind: 'ready' } | { kind: 'needed', reason: string }} Need
 * @typedef {{ kind: 'pinned' } | { kind: 'machine' } | { kind: 'unsupported', sentence: string }} NodeChoice
 */

/** The npm package that carries the pinned Node of a platform, such as `linux` and `x64`. */
export function pinnedPackage(/** @type {string} */ platform, /** @type {string} */ arch) {
  return `node_modules/node-${platform}-${arch}`
}

/** Whether `version` is at least `minimum`; both of the form 24.21.0, missing parts count as 0, a leading `v` or `>=` is skipped. */
export function isAtLeast(/** @type {string} */ version, /** @type {string} */ minimum) {
  const [have, want] = [version, minimum].map(text =>
    text
      .replace(/^[^0-9]*/, '')
      .split('.')
      .map(Number),
  )
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/**
 * Whether what npm installed is what the lock file says, for this platform.
 *
 * @param {LockFile} lock
 * @param {LockFile | undefined} installed `node_modules/.package-lock.json`, which npm writes last
 * @param {string} pinned from `pinnedPackage`
 * @returns {Need}
 */
export function checkPackages(lock, installed, pinned) {
  if (installed === undefined) return { kind: 'needed', reason: 'the packages are not installed' }
  for (const [path, entry] of Object.entries(installed.packages)) {
    const locked = lock.packages[path]
    if (locked === undefined) return { kind: 'needed', reason: `${path} is not in package-lock.json` }
    if (locked.version !== entry.version || locked.integrity !== entry.integrity) {
      return { kind: 'needed', reason: `${path} is ${entry.version} and should be ${locked.version}` }
    }
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    const required = path === pinned || !(path === '' || entry.optional || entry.devOptional || entry.link)
    if (required && !(path in installed.packages)) return { kind: 'needed', reason: `${path} is missing` }
  }
  return { kind: 'ready' }
}

/**
 * Whether the generated code is that of its inputs.
 *
 * @param {string} inputsHash of everything the generator reads, and of itself
 * @param {string | undefined} stamp the hash written when it last succeeded
 * @param {boolean} outputsExist
 * @returns {Need}
 */
export function checkGenerated(inputsHash, stamp, outputsExist) {
  if (!outputsExist || stamp === undefined) return { kind: 'needed', reason: 'the protobuf code is not generated' }
  if (stamp !== inputsHash) return { kind: 'needed', reason: 'proto/ has changed' }
  return { kind: 'ready' }
}

/**
 * Which Node runs the project: the pinned one where there is one for the platform, else the machine's if it is new enough.
 *
 * @param {{ hasPinned: boolean, machineVersion: string, minimum: string, platform: string }} facts
 * @returns {NodeChoice}
 */
export function chooseNode({ hasPinned, machineVersion, minimum, platform }) {
  if (hasPinned) return { kind: 'pinned' }
  if (isAtLeast(machineVersion, minimum)) return { kind: 'machine' }
  const wanted = minimum.replace(/^[^0-9]*/, '')
  return {
    kind: 'unsupported',
    sentence:
      `Tocsin runs on Node ${wanted} or later: none is pinned for ${platform}, and this machine has ${machineVersion}. ` +
      `Install Node ${wanted} or later (https://nodejs.org) and run the command again.`,
  }
}
