/**
 * Runs daemons under steady load and kills them at random: `npm run soak -- --minutes N [--nations K] [--rate R]
 * [--svg FILE] [--seed X]`. Every nation publishes in turn (`--rate` indicators a second in all, some seen and some
 * withdrawn again); all but the first are ended by `kill -9` now and then and started again a while later. Writes the
 * curves to FILE and one JSON line to stdout. Exit status: 0 where at the end all nations hold and show the same and
 * nothing that was acknowledged is lost, else 1.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSandboxHomes } from '../src/cli/sandbox/sandbox-alliance.ts'
import { installNative } from '../src/crypto/native.ts'
import { systemRandom } from '../src/node/mechanisms/random-system.ts'
import { randomFrom } from '../test/support/seeded-random.ts'
import { plotSvg } from './soak/plot.ts'
import { panelsOf, type Recording, summaryOf } from './soak/recording.ts'
import { runSoak } from './soak/run.ts'

/** `EX_USAGE` of sysexits.h */
const EXIT_USAGE = 64
const say = (line: string) => process.stderr.write(`${line}\n`)

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      nations: { type: 'string', default: '3' },
      rate: { type: 'string', default: '20' },
      svg: { type: 'string', default: join(tmpdir(), 'tocsin-soak.svg') },
      seed: { type: 'string' },
    },
  })
  const [minutes, nations, rate] = [values.minutes, values.nations, values.rate].map(Number) as [number, number, number]
  const seed = Number(values.seed ?? Date.now() % 2 ** 31)
  if (!(minutes > 0) || !(nations >= 2 && nations <= 16) || !(rate > 0) || !Number.isSafeInteger(seed)) {
    say('Give --minutes N, --nations K (2 to 16), --rate R (indicators a second), --svg FILE, --seed X.')
    return EXIT_USAGE
  }
  const root = await mkdtemp(join(tmpdir(), 'tocsin-soak-'))
  try {
    const homes = await openSandboxHomes(join(root, 'homes'), nations, {
      clock: { now: Date.now },
      random: systemRandom,
    })
    say(`Seed ${seed}; ${nations} nations in ${root} for ${minutes} minutes`)
    const recording: Recording = await runSoak(homes, { minutes, rate, random: randomFrom(seed), say })
    const title = `${nations} nations, ${rate} indicators a second, ${minutes} minutes (red: a daemon is killed)`
    await writeFile(values.svg, plotSvg(title, panelsOf(recording), recording.kills))
    process.stdout.write(
      `${JSON.stringify({ minutes, nations, rate, seed, svg: values.svg, ...summaryOf(recording) })}\n`,
    )
    return recording.end.equal && recording.end.lost === 0 ? 0 : 1
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 })
  }
}

installNative()
process.exitCode = await main()
