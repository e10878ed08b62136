import { parentPort, workerData } from 'node:worker_threads'
import { installNative } from '../../src/crypto/native.ts'
import { randomFrom } from '../../test/support/seeded-random.ts'
import { readCorpus } from './corpus.ts'
import { NO_COVERAGE, openCoverage } from './coverage.ts'
import { fuzz } from './engine.ts'
import { type FuzzTask, SHARED_HEAD_BYTES } from './task.ts'

/** One target in a thread of its own: what `scripts/fuzz.ts` starts. */

const { target: name, seed, guided, shared, executions, seconds } = workerData as FuzzTask
installNative()
using coverage = guided ? openCoverage() : NO_COVERAGE
// Only what is loaded now is counted by blocks.
const { targetsNamed } = await import('./targets.ts')
const head = new Uint32Array(shared, 0, 2)
const held = new Uint8Array(shared, SHARED_HEAD_BYTES)
const [target] = await targetsNamed(name)
if (target === undefined) throw new RangeError(`there is no target ${name}`)
parentPort?.postMessage('loaded')
const report = await fuzz(target, {
  ...{ executions, seconds, coverage, corpus: readCorpus(name), random: randomFrom(seed) },
  onInput(input) {
    held.set(input.subarray(0, held.length))
    head[1] = Math.min(input.length, held.length)
    head[0]!++
  },
})
parentPort?.postMessage(report)
