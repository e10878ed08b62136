import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { nativeVerifiers } from '../../src/crypto/native-verifiers.ts'

const root = join(import.meta.dirname, '../..')

it('the command verifies with the routines of the machine', () => {
  const script = `
    import { nativeVerifiers } from './src/crypto/native-verifiers.ts'
    import { runProgram } from './src/cli/program.ts'
    const before = nativeVerifiers() !== undefined
    process.argv = ['node', 'tocsin', '--version']
    await runProgram(process)
    process.stdout.write(JSON.stringify([before, nativeVerifiers() !== undefined]))`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(said).toMatch(/\[false,true\]$/)
})

it('so do the tests', () => {
  expect(nativeVerifiers()).toBeDefined()
})

it.each(['bench-child.ts', 'spec-examples.ts', 'vectors-chain.ts', 'vectors-registry.ts'])(
  'so does scripts/%s',
  name => {
    expect(readFileSync(join(root, 'scripts', name), 'utf8')).toMatch(/^installNative\(\)$/m)
  },
)
