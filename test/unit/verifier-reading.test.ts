import type { webcrypto } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAuditFile } from '../../src/audit/file.ts'
import { toHex } from '../../src/base/bytes.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { checkExport } from '../../src/verifier/check-export.ts'
import { createEntryIndex } from '../../src/verifier/entry-index.ts'
import { buildEntryRow } from '../../src/verifier/entry-row.ts'
import { readRows } from '../../src/verifier/row-reader.ts'
import { createTimeBarCounter, mergeTimeBars } from '../../src/verifier/time-bars.ts'
import { openWebCryptoEd25519, type SubtleEd25519 } from '../../src/verifier/webcrypto-ed25519.ts'
import { changeEnvelopes, RUN } from '../support/audit-spoiling.ts'
import { auditBytes, fileOf, inChunks, plain, soundExport, third, trustStringOf } from '../support/audit-world.ts'

const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)

describe('bars over time', () => {
  it('count every time in a bounded number of bars, wherever it lies', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 ** 53 - 1 }), { minLength: 1, maxLength: 200 }), times => {
        const counter = createTimeBarCounter()
        for (const time of times) counter.add(time)
        const bars = counter.read()!
        expect(sum(bars.counts)).toBe(times.length)
        expect(bars.counts.length).toBeLessThanOrEqual(128)
        const { fromMs, barMs, counts } = bars
        counts.forEach((count, i) => {
          const within = times.filter(time => time >= fromMs + i * barMs && time < fromMs + (i + 1) * barMs)
          expect(within).toHaveLength(count)
        })
      }),
      { numRuns: 60 },
    )
  })

  it('of several logs become one without losing a count', () => {
    const barsOf = (...times: number[]) => {
      const counter = createTimeBarCounter()
      for (const time of times) counter.add(time)
      return counter.read()!
    }
    const merged = mergeTimeBars([barsOf(0, 60_000), barsOf(1e9, 9e9), barsOf(5e12)])!
    expect(sum(merged.counts)).toBe(5)
    expect(merged.counts.length).toBeLessThanOrEqual(129)
    expect(merged.counts[0]).toBe(4)
    expect(mergeTimeBars([])).toBeUndefined()
    expect(createTimeBarCounter().read()).toBeUndefined()
  })
})

describe('the index of entries', () => {
  const index = createEntryIndex()
  index.add(
    0,
    100,
    3,
    [0, 1, 2].map(seq => ({ seq, timeMs: seq })),
  )
  index.add(0, 500, 2, [{ seq: 5, timeMs: 5 }])
  index.add(1, 900, 1, [{ seq: 9, timeMs: 9 }])

  it('finds the part of a row and of an entry, where some are missing or cannot be read', () => {
    const run = index.run(0)
    expect(run.entries).toBe(5)
    expect([0, 2, 3, 4, 5].map(row => run.placeOf(row)?.offset)).toEqual([100, 100, 500, 500, undefined])
    expect([0, 2, 3, 5, 6].map(seq => run.placeNear(seq)?.offset)).toEqual([100, 100, 500, 500, undefined])
    expect(index.run(1).placeOf(0)?.offset).toBe(900)
  })

  it('knows a run of which nothing came', () => {
    expect([index.run(7).entries, index.run(7).placeOf(0), index.run(7).bars]).toEqual([0, undefined, undefined])
  })
})

describe('a file that is checked', () => {
  const check = (bytes: Uint8Array) =>
    checkExport({
      source: inChunks(bytes),
      trust: parseTrustClaim(trustStringOf(third)),
      verify: async (...given) => verifyEd25519(...given),
      onProgress: () => {},
    })

  it('comes to what the auditor says, and its entries can be read again', async () => {
    const bytes = fileOf(soundExport)
    const { result, index } = await check(bytes)
    expect(result).toEqual(await auditBytes(bytes))
    const run = index.run(RUN.plain)
    expect(run.entries).toBe(plain.entries.length)
    expect(sum(run.bars!.counts)).toBe(plain.entries.length)
    const rows = await readRows(new Blob([new Uint8Array(bytes)]), run.placeOf(6)!)
    expect(rows.map(row => row.kind === 'entry' && row.leaf)).toEqual(
      plain.entries.slice(4, 8).map(({ leaf }) => toHex(leaf)),
    )
  })

  it('says so where it has changed since', async () => {
    const { index } = await check(fileOf(soundExport))
    await expect(readRows(new Blob(['shorter']), index.run(0).placeOf(0)!)).rejects.toThrow()
  })

  it('shows the entries before the place where it cannot be read on', async () => {
    const bytes = fileOf(soundExport)
    const places: number[] = []
    for await (const { part, offset } of readAuditFile(inChunks(bytes), 'audit')) {
      if (part.kind === 'entries' && part.run === RUN.plain) places.push(offset)
    }
    const { result, index } = await check(bytes.subarray(0, places[1]! + 9))
    expect(result.verdict).toBe('missing')
    expect(index.run(RUN.plain).entries).toBe(4)
  })

  it('shows bytes that are no entry as what they are', async () => {
    const spoiled = changeEnvelopes(RUN.plain, all => [...all.slice(0, 5), new Uint8Array([7, 7]), ...all.slice(6)])
    const { index } = await check(fileOf(spoiled(soundExport)))
    expect(index.run(RUN.plain).entries).toBe(10)
    expect(buildEntryRow(new Uint8Array([7, 7])).kind).toBe('unreadable')
  })
})

describe("R-2.3: a browser's own Ed25519", () => {
  const { subtle } = globalThis.crypto
  const own: SubtleEd25519<webcrypto.CryptoKey> = {
    importKey: key => subtle.importKey('raw', new Uint8Array(key), 'Ed25519', false, ['verify']),
    verify: (key, signature, message) =>
      subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message)),
  }

  it('is used where it decides the edge cases as it must', async () => {
    const verify = (await openWebCryptoEd25519(own))!
    const entry = plain.entries[3]!
    expect(await verify(plain.signer.publicKey, entry.headerBytes, entry.signature)).toBe(false)
    expect(await verify(plain.signer.publicKey, new Uint8Array(3), plain.signer.sign(new Uint8Array(3)))).toBe(true)
  })

  it.each<[string, Partial<SubtleEd25519<webcrypto.CryptoKey>>]>([
    ['accepts all', { verify: async () => true }],
    ['accepts nothing', { verify: async () => false }],
    ['does not know the curve', { importKey: () => Promise.reject(new DOMException('no', 'NotSupportedError')) }],
    ['fails', { verify: () => Promise.reject(new DOMException('no', 'OperationError')) }],
  ])('is left alone where it %s', async (_how, fault) => {
    expect(await openWebCryptoEd25519({ ...own, ...fault })).toBeUndefined()
  })

  it('is left alone where there is none', async () => {
    expect(await openWebCryptoEd25519(undefined)).toBeUndefined()
  })
})
