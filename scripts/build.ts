/** Compiles src to dist for a published package: type stripping does not apply under node_modules; and the verifier. */
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
// Output goes to stderr: `npm pack` prints the name of its file on stdout, for scripts.
const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['--project', 'scripts/tsconfig.build.json'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
})
if (compiled.status === 0) {
  cpSync(join(root, 'src'), dist, { recursive: true, filter: belongs })
}
const verifier = spawnSync(process.execPath, [join(root, 'scripts/build-verifier.ts')], {
  cwd: root,
  stdio: ['ignore', 2, 2],
})
process.exitCode = compiled.status === 0 && verifier.status === 0 ? 0 : 1

function belongs(path: string): boolean {
  // Of the verifier there is the page that it becomes.
  return path !== join(root, 'src/verifier') && (statSync(path).isDirectory() || isData(path))
}

/** What the code reads at run time besides code: samples, vectors, pages. */
function isData(path: string): boolean {
  return !/\.[cm]?[jt]s$/.test(path) && !basename(path).startsWith('.')
}
