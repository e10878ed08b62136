import { TocsinError } from '../../src/base/errors.ts'
import { choiceFrom, type Material } from './byte-mutation.ts'
import { type Coverage, CoveredCode } from './coverage.ts'
import { mutate } from './mutation.ts'
import type { Target } from './target.ts'

export interface FuzzOptions {
  readonly executions: number
  /** Ends earlier where this has passed. */
  readonly seconds: number
  readonly random: () => number
  readonly coverage: Coverage
  /** Inputs of earlier runs. */
  readonly corpus?: readonly Uint8Array[]
  /** Called with each input before it is fed. */
  readonly onInput?: (input: Uint8Array) => void
  /** Findings of one kind are told once; at so many kinds the run ends. */
  readonly findingsMax?: number
}

export interface Finding {
  readonly kind: 'exception' | 'slow'
  readonly input: Uint8Array
  /** What was thrown, or how long it took. */
  readonly what: string
}

export interface FuzzReport {
  readonly target: string
  readonly executions: number
  readonly accepted: number
  readonly seconds: number
  /** Characters of the program's text that the run reached. */
  readonly covered: number
  readonly findings: readonly Finding[]
  /** Inputs that reached something new, in the order found. */
  readonly kept: readonly Uint8Array[]
}

/** A batch lasts so long, that asking for the coverage costs little beside it. */
const BATCH_MS = 60
const BATCH_INPUTS_MAX = 4096
const ALLOWANCE_MS = 50
/** Of CPU time, for a byte of input. */
const MS_PER_BYTE = 0.005
const FEATURES_MAX = 4096
const FINDINGS_MAX = 5

interface Execution {
  readonly outcome: 'accepted' | 'refused'
  /** Which success or which refusal. */
  readonly feature: string
}

/** Feeds mutated inputs to `target`, and goes on with those that reach something new. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzReport> {
  const { coverage, random, onInput, findingsMax = FINDINGS_MAX } = options
  const choice = choiceFrom(random)
  const beginning = [...target.seeds(), ...(options.corpus ?? [])].filter(seed => seed.length <= target.lengthMax)
  const corpus: Uint8Array[] = [...beginning]
  const material: Material = { choice, corpus, tokens: (target.tokens ?? []).map(token => Buffer.from(token)) }
  const features = new Set<string>()
  const findings = new Map<string, Finding>()
  const kept: Uint8Array[] = []
  const covered = new CoveredCode()
  const started = performance.now()
  const count = { executions: 0, accepted: 0 }

  async function execute(input: Uint8Array): Promise<boolean> {
    onInput?.(input)
    count.executions++
    const begun = performance.now()
    const done = await attempt(target, input)
    const tookMs = performance.now() - begun
    if ('thrown' in done) note('exception', input, describe(done.thrown))
    else if (done.outcome === 'accepted') count.accepted++
    if (tookMs > limitMs(target, input)) await noteSlow(input)
    const feature = 'feature' in done ? done.feature : ''
    if (features.has(feature) || features.size >= FEATURES_MAX) return false
    features.add(feature)
    return true
  }

  /** Other programs take the processor now and then: only what is slow each time is. */
  async function noteSlow(input: Uint8Array): Promise<void> {
    let leastMs = Number.POSITIVE_INFINITY
    for (let again = 0; again < 3; again++) leastMs = Math.min(leastMs, await cpuMs(target, input))
    if (leastMs > limitMs(target, input)) note('slow', input, `${Math.round(leastMs)} ms for ${input.length} bytes`)
  }

  function note(kind: Finding['kind'], input: Uint8Array, what: string): void {
    const name = kind === 'slow' ? kind : what.replaceAll(/\d+|"[^"]*"/g, '#')
    if (!findings.has(name)) findings.set(name, { kind, input, what })
  }

  function keep(input: Uint8Array): void {
    corpus.push(input)
    kept.push(input)
  }

  /** What these inputs alone run. */
  async function runOf(inputs: readonly Uint8Array[]) {
    coverage.take()
    for (const input of inputs) await attempt(target, input)
    return coverage.take()
  }

  /** Finds, by halves, one input of the batch that runs something new; the others come again. */
  async function search(batch: readonly Uint8Array[]): Promise<boolean> {
    let inputs = batch
    while (inputs.length > 1) {
      const middle = inputs.length >> 1
      const half = inputs.slice(0, middle)
      inputs = covered.hasAll(await runOf(half)) ? inputs.slice(middle) : half
    }
    const run = await runOf(inputs)
    const [found] = inputs
    if (found === undefined || covered.hasAll(run)) return false
    covered.add(run)
    keep(found)
    return true
  }

  const isOver = () =>
    count.executions >= options.executions ||
    findings.size >= findingsMax ||
    performance.now() - started >= options.seconds * 1000

  for (const seed of beginning) await execute(seed)
  covered.add(coverage.take())
  while (!isOver()) {
    const batch: Uint8Array[] = []
    const batchStarted = performance.now()
    while (!isOver() && batch.length < BATCH_INPUTS_MAX && performance.now() - batchStarted < BATCH_MS) {
      const parent = choice.oneIn(3) ? corpus.at(-1 - choice.below(Math.min(corpus.length, 16))) : choice.pick(corpus)
      const input = mutate(parent ?? new Uint8Array(0), target, material)
      if (await execute(input)) keep(input)
      batch.push(input)
    }
    const run = coverage.take()
    // What ran and does not run again hangs on what came before it: a cache, or code compiled late.
    if (!covered.hasAll(run) && !(await search(batch))) covered.add(run)
  }
  return {
    target: target.name,
    ...count,
    seconds: (performance.now() - started) / 1000,
    covered: covered.size,
    findings: [...findings.values()],
    kept,
  }
}

async function attempt(target: Target, input: Uint8Array): Promise<Execution | { readonly thrown: unknown }> {
  try {
    const result = target.run(input)
    const named = result instanceof Promise ? await result : result
    return { outcome: 'accepted', feature: `+${named ?? ''}` }
  } catch (thrown) {
    if (!(thrown instanceof TocsinError)) return { thrown }
    return { outcome: 'refused', feature: `${thrown.code} ${wordsOf(thrown.message)}` }
  }
}

async function cpuMs(target: Target, input: Uint8Array): Promise<number> {
  const before = process.cpuUsage()
  await attempt(target, input)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function limitMs({ allowanceMs = ALLOWANCE_MS }: Target, input: Uint8Array): number {
  return allowanceMs + input.length * MS_PER_BYTE
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const frame = thrown.stack?.split('\n').find(line => /\/(src|scripts\/fuzz\/targets)\//.test(line)) ?? ''
  return `${thrown.name}: ${thrown.message.slice(0, 200)} ${frame.trim().replace(/file:\/\/.*?\/(src|scripts)\//, '$1/')}`
}

/** The words of a message without what it quotes, which would be new each time. */
function wordsOf(message: string): string {
  return message
    .replace(/".*"/s, '')
    .replaceAll(/[^a-z ]/g, '')
    .slice(0, 40)
}
