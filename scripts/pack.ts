/** What `npm pack` runs before (build, then exchange package.json) and after it (put package.json back). */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { exchangeManifest, restoreManifest } from './manifest.mjs'

const root = join(import.meta.dirname, '..')

function before(): number {
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: ['ignore', 2, 2] })
  if (built.status === 0) exchangeManifest(root)
  return built.status ?? 1
}

function after(): number {
  restoreManifest(root)
  return 0
}

const steps: Readonly<Record<string, () => number>> = { before, after }
const step = steps[process.argv[2] ?? '']
if (step === undefined) {
  process.stderr.write('Say which: pack.ts before, or pack.ts after. It is npm pack that runs both.\n')
  process.exitCode = 64
} else process.exitCode = step()
