/**
 * The package.json that is published: without what only a clone needs. The pinned Node in particular must not come with a
 * global install. `npm pack` reads the file from disk, so it is exchanged for the moment of packing; the original lies in
 * `.tocsin/` meanwhile, and whatever runs next puts it back if packing was cut off.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** @typedef {Record<string, unknown>} Manifest */
/** @typedef {{ lockfileVersion: number, packages: Record<string, Record<string, unknown>> } & Record<string, unknown>} LockFile */

const CLONE_ONLY = ['devDependencies', 'optionalDependencies', 'overrides', 'allowScripts', 'scripts', 'private']

/** @param {Manifest} manifest @returns {Manifest} */
export function publishedManifest(manifest) {
  return Object.fromEntries(Object.entries(manifest).filter(([field]) => !CLONE_ONLY.includes(field)))
}

/**
 * The lock file that travels with the package (`npm-shrinkwrap.json`), so that a global install has the very versions that
 * were tested, with their integrity.
 *
 * @param {LockFile} lock @param {Manifest} manifest the published one @returns {LockFile}
 */
export function publishedLock(lock, manifest) {
  /** @type {LockFile['packages']} */
  const packages = {}
  for (const [path, entry] of Object.entries(lock.packages)) {
    const pinnedNode = /^node_modules\/node-(linux|darwin|win)-/.test(path)
    if (path !== '' && !entry.dev && !pinnedNode) packages[path] = entry
  }
  const { name, version, license, dependencies, bin, engines } = manifest
  return { ...lock, packages: { '': { name, version, license, dependencies, bin, engines }, ...packages } }
}

/** @param {object} value */
const render = value => `${JSON.stringify(value, null, 2)}\n`

/** @param {string} root */
const paths = root => ({
  manifest: join(root, 'package.json'),
  original: join(root, '.tocsin/package.json.unpacked'),
  lock: join(root, 'package-lock.json'),
  shrinkwrap: join(root, 'npm-shrinkwrap.json'),
})

/** Puts the published package.json and lock file in place. @param {string} root */
export function exchangeManifest(root) {
  restoreManifest(root)
  const { manifest, original, lock, shrinkwrap } = paths(root)
  const text = readFileSync(manifest, 'utf8')
  const published = publishedManifest(JSON.parse(text))
  const publishedShrinkwrap = publishedLock(JSON.parse(readFileSync(lock, 'utf8')), published)
  mkdirSync(dirname(original), { recursive: true })
  writeFileSync(`${original}.part`, text)
  renameSync(`${original}.part`, original)
  writeFileSync(shrinkwrap, render(publishedShrinkwrap))
  writeFileSync(manifest, render(published))
}

/**
 * Puts the original package.json back. Does nothing where it is in place, or where package.json has been changed since.
 *
 * @param {string} root
 */
export function restoreManifest(root) {
  const { manifest, original, shrinkwrap } = paths(root)
  if (!existsSync(original)) return
  rmSync(shrinkwrap, { force: true })
  const published = render(publishedManifest(JSON.parse(readFileSync(original, 'utf8'))))
  if (readFileSync(manifest, 'utf8') === published) renameSync(original, manifest)
  else rmSync(original)
}
