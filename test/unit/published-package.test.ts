import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exchangeManifest, publishedLock, publishedManifest, restoreManifest } from '../../scripts/manifest.mjs'

const root = join(import.meta.dirname, '../..')
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

describe('the published package', () => {
  const manifest = publishedManifest(readJson(join(root, 'package.json')))
  const lock = publishedLock(readJson(join(root, 'package-lock.json')), manifest)

  test('brings neither the pinned Node nor the tools of a clone', () => {
    const paths = Object.keys(lock.packages)
    expect(paths.length).toBeGreaterThan(50)
    expect(paths.filter(path => /node-linux|vitest|typescript|biome|knip/.test(path))).toEqual([])
    expect(Object.keys(manifest)).not.toEqual(
      expect.arrayContaining(['devDependencies', 'optionalDependencies', 'scripts']),
    )
    expect(manifest).not.toHaveProperty('overrides')
  })

  test('names a locked version with its integrity for each of its dependencies', () => {
    for (const [name, version] of Object.entries(manifest['dependencies'] as Record<string, string>)) {
      expect(lock.packages[`node_modules/${name}`]).toMatchObject({
        version,
        integrity: expect.stringMatching(/^sha512-/),
      })
    }
  })

  test('keeps its command, the files it needs and the Node it asks for', () => {
    expect(manifest).toMatchObject({
      bin: { tocsin: 'dist/cli/launcher.cjs' },
      engines: { node: '>=24.21' },
      files: expect.arrayContaining(['dist', 'npm-shrinkwrap.json', 'LICENSE']),
    })
  })
})

describe('packing', () => {
  let clone: string
  const path = (name: string) => join(clone, name)
  const original = readFileSync(join(root, 'package.json'), 'utf8')
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'tocsin-pack-'))
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(root, name), path(name))
  })
  afterEach(() => rmSync(clone, { recursive: true }))

  test('exchanges package.json and puts back the very bytes', () => {
    exchangeManifest(clone)
    expect(readJson(path('package.json'))).not.toHaveProperty('scripts')
    expect(existsSync(path('npm-shrinkwrap.json'))).toBe(true)
    restoreManifest(clone)
    expect(readFileSync(path('package.json'), 'utf8')).toBe(original)
    expect(existsSync(path('npm-shrinkwrap.json'))).toBe(false)
  })

  test('that was cut off is undone by the next', () => {
    exchangeManifest(clone)
    exchangeManifest(clone)
    restoreManifest(clone)
    expect(readFileSync(path('package.json'), 'utf8')).toBe(original)
  })

  test('puts nothing back over a package.json that somebody has changed since', () => {
    exchangeManifest(clone)
    writeFileSync(path('package.json'), '{"name":"mine"}')
    restoreManifest(clone)
    restoreManifest(clone)
    expect(readFileSync(path('package.json'), 'utf8')).toBe('{"name":"mine"}')
  })
})

describe('the launcher', () => {
  const text = readFileSync(join(root, 'src/cli/launcher.cjs'), 'utf8')
  // Run as a function with the two things it reads from its surroundings, so that it can meet any Node.
  const code = text.replace(/^#!.*/, '').replace('import(', 'start(')

  function launch(version: string): { started: string[]; said: string; exitCode: number | undefined } {
    const outcome = { started: [] as string[], said: '', exitCode: undefined as number | undefined }
    const process = {
      versions: { node: version },
      stderr: {
        write(line: string) {
          outcome.said += line
        },
      },
      set exitCode(status: number) {
        outcome.exitCode = status
      },
    }
    const require = () => ({ engines: { node: '>=24.21' } })
    new Function('process', 'require', 'start', code)(process, require, (file: string) => outcome.started.push(file))
    return outcome
  }

  test.each(['24.21.0', '24.100.0', '25.0.0', '100.2.3'])('starts on Node %s', version => {
    expect(launch(version)).toEqual({ started: ['./tocsin.ts'], said: '', exitCode: undefined })
  })

  test.each(['0.12.18', '8.17.0', '20.20.2', '24.20.1', '24.2.0'])('refuses Node %s in one sentence', version => {
    const said = `tocsin needs Node 24.21 or later, and this is Node ${version}.\n`
    expect(launch(version)).toEqual({ started: [], said, exitCode: 69 })
  })

  test('is executable by a shell', () => {
    expect(text.startsWith('#!/usr/bin/env node\n')).toBe(true)
  })
})
