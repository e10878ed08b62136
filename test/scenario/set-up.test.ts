import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pinnedPackage } from '../../scripts/setup-plan.mjs'

const root = join(import.meta.dirname, '../..')

/** Stands for the npm that runs us: does what `npm ci` does that set-up looks at, and writes down that it was called. */
const npm = `
  const fs = require('node:fs')
  fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n')
  if (fs.existsSync('npm-fails')) process.exit(7)
  if (fs.existsSync('npm-hangs')) setInterval(() => {}, 1000)
  else {
    fs.mkdirSync('node_modules', { recursive: true })
    const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'))
    delete packages['']
    if (fs.existsSync('pinned-node')) {
      const folder = 'node_modules/node-' + process.platform + '-' + process.arch + '/bin'
      fs.mkdirSync(folder, { recursive: true })
      fs.mkdirSync('node_modules/.bin')
      fs.copyFileSync('pinned-node', folder + '/node')
      fs.chmodSync(folder + '/node', 0o755)
    }
    fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }))
  }`

const generator = `
  import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
  mkdirSync('src/wire/gen', { recursive: true })
  writeFileSync('src/wire/gen/small.ts', readFileSync('proto/small.proto'))`

describe('set-up of a fresh clone', () => {
  let clone: string
  const path = (name: string) => join(clone, name)
  const write = (name: string, text: string) => {
    mkdirSync(dirname(path(name)), { recursive: true })
    writeFileSync(path(name), text)
  }
  const read = (name: string) => readFileSync(path(name), 'utf8')
  const npmCalls = () => (existsSync(path('npm-calls')) ? read('npm-calls').trim().split('\n') : [])
  const lockFile = (version: string) => JSON.stringify({ packages: { '': {}, 'node_modules/level': { version } } })

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'tocsin-clone-'))
    mkdirSync(path('scripts'))
    for (const name of readdirSync(join(root, 'scripts')).filter(name => name.endsWith('.mjs'))) {
      copyFileSync(join(root, 'scripts', name), path(`scripts/${name}`))
    }
    write('package.json', JSON.stringify({ type: 'module', engines: { node: '>=24.21' } }))
    write('package-lock.json', lockFile('1.0.0'))
    write('proto/small.proto', '// first')
    write('scripts/generate-proto.ts', generator)
    write('npm/npm-cli.cjs', npm)
    write('program.ts', "console.log('ran with', process.argv.slice(2).join(' ')); process.exitCode = 5")
  })
  afterEach(() => rmSync(clone, { recursive: true }))

  function start(...args: string[]) {
    const env = { ...process.env, npm_execpath: path('npm/npm-cli.cjs') }
    const child = spawn(process.execPath, [path('scripts/setup.mjs'), ...args], { cwd: tmpdir(), env, stdio: 'pipe' })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const ended = new Promise<{ status: number | null; signal: string | null; stdout: string; stderr: string }>(
      resolve => {
        child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
      },
    )
    return { child, ended }
  }
  const setUp = (...args: string[]) => start(...args).ended

  test('installs, generates, runs the program and passes its exit status on', async () => {
    const { status, stdout, stderr } = await setUp('program.ts', 'a', '--b')
    expect(status).toBe(5)
    expect(stdout).toBe('ran with a --b\n')
    expect(stderr).toContain('the packages are not installed')
    expect(npmCalls()).toEqual([expect.stringMatching(/^ci --include=dev /)])
    expect(read('src/wire/gen/small.ts')).toBe('// first')
  })

  test('does nothing and says nothing the second time', async () => {
    await setUp()
    expect(await setUp()).toEqual({ status: 0, signal: null, stdout: '', stderr: '' })
    expect(npmCalls()).toHaveLength(1)
  })

  test('installs again when the lock file has changed, and generates again when proto/ has', async () => {
    await setUp()
    write('package-lock.json', lockFile('1.0.1'))
    expect((await setUp()).stderr).toContain('node_modules/level is 1.0.0 and should be 1.0.1')
    expect(npmCalls()).toHaveLength(2)
    write('proto/small.proto', '// second')
    expect((await setUp()).stderr).toContain('proto/ has changed')
    expect(read('src/wire/gen/small.ts')).toBe('// second')
    expect(npmCalls()).toHaveLength(2)
  })

  test('is done once by two commands at the same time', async () => {
    const outcomes = await Promise.all([setUp('program.ts'), setUp('program.ts')])
    expect(outcomes.map(({ status }) => status)).toEqual([5, 5])
    expect(npmCalls()).toHaveLength(1)
  })

  test('ends with the status of npm and a sentence when npm fails, and succeeds after that', async () => {
    write('npm-fails', '')
    const { status, stdout, stderr } = await setUp('program.ts')
    expect({ status, stdout }).toEqual({ status: 7, stdout: '' })
    expect(stderr).toContain('The packages could not be installed: npm ci ended with status 7')
    rmSync(path('npm-fails'))
    expect((await setUp('program.ts')).status).toBe(5)
  })

  test('ends at once when it is interrupted, and begins anew the next time', async () => {
    write('npm-hangs', '')
    const { child, ended } = start('program.ts')
    while (npmCalls().length === 0) await new Promise(resolve => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ signal: 'SIGINT', stdout: '' })
    expect(existsSync(path('.tocsin/setup.lock'))).toBe(false)
    rmSync(path('npm-hangs'))
    expect((await setUp('program.ts')).status).toBe(5)
  })

  test('refuses before it installs where no Node is new enough, with one sentence and status 69', async () => {
    write('package.json', JSON.stringify({ type: 'module', engines: { node: '>=999.0' } }))
    const { status, stderr } = await setUp('program.ts')
    expect(status).toBe(69)
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^Tocsin runs on Node 999\.0 or later: none is pinned for /)
    expect(npmCalls()).toEqual([])
  })

  describe('with a pinned Node for the platform', () => {
    const pinned = pinnedPackage(process.platform, process.arch)
    beforeEach(() => {
      write(
        'package-lock.json',
        JSON.stringify({ packages: { '': {}, [pinned]: { version: '24.21.0', optional: true } } }),
      )
      write(
        'program.ts',
        "import { execSync } from 'node:child_process'\nconsole.log(execSync('node -p 1').toString())",
      )
    })

    test('runs the program and its children under it, and links it for npm where npm has not', async () => {
      write('pinned-node', `#!/bin/sh\necho pinned\nexec ${process.execPath} "$@"\n`)
      const { stdout, status } = await setUp('program.ts')
      expect({ stdout, status }).toEqual({ stdout: 'pinned\npinned\n1\n\n', status: 0 })
      expect(realpathSync(path('node_modules/.bin/node'))).toBe(realpathSync(path(`${pinned}/bin/node`)))
    })

    test("runs under the machine's Node if the pinned one does not work here and the other is new enough", async () => {
      write('pinned-node', '#!/no/such/loader\n')
      const { stdout, status } = await setUp('program.ts')
      expect({ stdout, status }).toEqual({ stdout: '1\n\n', status: 0 })
    })
  })

  test('passes a termination on to the program', async () => {
    write('program.ts', "process.on('SIGTERM', () => process.exit(9)); setInterval(() => {}, 1000); console.log('up')")
    const { child, ended } = start('program.ts')
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ status: 9, stdout: 'up\n' })
  })
})
