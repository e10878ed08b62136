import { describe, expect, test } from 'vitest'
import { readCorpus } from '../../scripts/fuzz/corpus.ts'
import { NO_COVERAGE, openCoverage } from '../../scripts/fuzz/coverage.ts'
import { fuzz } from '../../scripts/fuzz/engine.ts'
import { PropertyError, type Target } from '../../scripts/fuzz/target.ts'
import { TARGET_GROUPS, targetsNamed } from '../../scripts/fuzz/targets.ts'
import { inPieces } from '../../scripts/fuzz/text.ts'
import { concat, utf8 } from '../../src/base/bytes.ts'
import { ProtocolError } from '../../src/base/errors.ts'
import { readBackup, writeBackup } from '../../src/node/home/backup-file.ts'
import { decodeAudienceName } from '../../src/policy/audience-name.ts'
import { BackupHeader } from '../../src/wire/gen/backup.ts'
import { randomFrom } from '../support/seeded-random.ts'

/**
 * A short run of each target of `npm run fuzz`, from two seeds: one that is always the same, and one that is another each
 * time and stands in the title. `FUZZ_SEED` gives that one again.
 */

const FRESH_SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const EXECUTIONS = 250
/** Of each run: those that verify signatures are ended by it. */
const SECONDS = 0.05

const targets = (await Promise.all(TARGET_GROUPS.map(targetsNamed))).flat()

describe('every decoder and importer takes any bytes, or refuses them with a code', () => {
  for (const seed of [1, FRESH_SEED]) {
    test.each(targets.map(target => [target.name, target] as const))(`%s (seed ${seed})`, async (name, target) => {
      const corpus = readCorpus(name)
      const plan = { executions: EXECUTIONS, seconds: SECONDS, corpus, coverage: NO_COVERAGE }
      const { findings, executions, accepted } = await fuzz(target, { ...plan, random: randomFrom(seed) })
      expect(findings.map(({ what, input }) => `${what} of ${Buffer.from(input).toString('hex')}`)).toEqual([])
      expect(executions).toBeGreaterThan(0)
      expect(accepted, 'nothing sound is among the first inputs').toBeGreaterThan(0)
    })
  }
})

const planted = (run: Target['run'], more: Partial<Target> = {}): Target => ({
  name: 'planted',
  form: 'text',
  lengthMax: 4096,
  seeds: () => [utf8('seed')],
  run,
  ...more,
})

describe('the fuzzer finds', () => {
  const plan = { executions: 200_000, seconds: 20, random: randomFrom(7), coverage: NO_COVERAGE }

  test('an exception without a code, and tells it once', async () => {
    const target = planted(input => {
      if (input.length > 5) throw new TypeError(`a slip at ${input.length}`)
      throw new ProtocolError('wire-text', 'refused')
    })
    const { findings, accepted } = await fuzz(target, { ...plan, executions: 5000 })
    expect(findings.map(({ kind }) => kind)).toEqual(['exception'])
    expect(findings[0]!.what).toContain('TypeError: a slip at')
    expect(accepted).toBe(0)
  })

  test('a property that does not hold', async () => {
    const target = planted(input => {
      if (input.includes(0x80)) throw new PropertyError('no such byte')
      return undefined
    })
    expect((await fuzz(target, plan)).findings[0]!.what).toContain('no such byte')
  })

  test('an input that takes too long for its length', async () => {
    const target = planted(input => {
      const untilMs = performance.now() + (input.includes(0x7a) ? 120 : 0)
      while (performance.now() < untilMs);
      return undefined
    })
    const { findings } = await fuzz(target, { ...plan, findingsMax: 1 })
    expect(findings[0]).toMatchObject({ kind: 'slow' })
  })

  test('by coverage what is behind one comparison after another', async () => {
    using coverage = openCoverage()
    const { guarded } = await import('../support/guarded-byte.ts')
    const { findings } = await fuzz(
      planted(input => guarded(input)),
      { ...plan, coverage, random: randomFrom(3) },
    )
    expect(findings[0]?.what ?? '').toContain('the innermost')
  })
})

test('the name of an audience that is no UTF-8 is refused as bad bytes', () => {
  expect(() => decodeAudienceName(Uint8Array.of(3, 3, 0x41, 0xff, 0x41))).toThrow(ProtocolError)
})

test.each([1, 7, 4096])('a backup that goes on after its end is refused, in pieces of %d bytes', async step => {
  const parts: Uint8Array[] = []
  for await (const part of writeBackup(BackupHeader.empty(), [], inPieces(new Uint8Array(0)))) parts.push(part)
  const sound = concat(...parts)
  async function read(bytes: Uint8Array): Promise<string[]> {
    const kinds: string[] = []
    for await (const { kind } of readBackup(inPieces(bytes, step))) kinds.push(kind)
    return kinds
  }
  expect(await read(sound)).toEqual(['header'])
  for (const more of [Uint8Array.of(0), Uint8Array.of(0, 0, 0, 0), parts[1]!]) {
    await expect(read(concat(sound, more))).rejects.toMatchObject({ code: 'backup-malformed' })
  }
})
