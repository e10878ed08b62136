import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAuditFileWriter, readAuditFile } from '../../src/audit/file.ts'
import { type AuditPart, decodePart, encodePart } from '../../src/audit/part.ts'
import { concat, readU32be } from '../../src/base/bytes.ts'
import { turned } from '../support/audit-spoiling.ts'
import { auditBytes, fileOf, inChunks, soundExport } from '../support/audit-world.ts'

const file = fileOf(soundExport)
const sound = await auditBytes(file)

/** Records of the file, without the line before them. */
const records: Uint8Array[] = []
for (let at = file.indexOf(10) + 1; at < file.length; ) {
  const end = at + 4 + readU32be(file, at)
  records.push(file.subarray(at + 4, end))
  at = end
}

const bits = fc.record({ at: fc.nat(file.length - 1), bit: fc.nat(7) })

test('a file with any bit turned is not proved', async () => {
  await fc.assert(
    fc.asyncProperty(bits, async ({ at, bit }) => {
      const { verdict } = await auditBytes(turned(file, at, 1 << bit))
      expect(verdict).not.toBe('proved')
    }),
    { numRuns: 100, unbiased: true },
  )
})

test('a file that is cut off anywhere is not proved, and not blamed on anybody', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), async length => {
      const { verdict, findings } = await auditBytes(file.subarray(0, length))
      expect(verdict).toBe('missing')
      expect(findings.some(({ code }) => code === 'audit-file-cut')).toBe(true)
    }),
    { numRuns: 100, unbiased: true },
  )
})

/** The file with one record replaced, its end made anew: what somebody does who wants it not to be noticed. */
function resealed(index: number, record: Uint8Array): Uint8Array | undefined {
  const writer = createAuditFileWriter('audit')
  const bytes = [writer.opening]
  for (const [i, each] of records.slice(0, -1).entries()) {
    const part = partOf(i === index ? record : each)
    if (part === undefined || part.kind === 'end') return undefined
    bytes.push(writer.add(part))
  }
  return concat(...bytes, writer.end())
}

function partOf(record: Uint8Array): AuditPart | undefined {
  try {
    return decodePart(record)
  } catch {
    return undefined
  }
}

test('a bit turned by somebody who makes the end of the file anew is found, or another thing is said', async () => {
  const place = fc.record({
    index: fc.nat(records.length - 2),
    at: fc.nat(1_000_000),
    bit: fc.nat(7),
  })
  let tried = 0
  await fc.assert(
    fc.asyncProperty(place, async ({ index, at, bit }) => {
      const record = records[index]!
      const bytes = resealed(index, turned(record, at % record.length, 1 << bit))
      if (bytes === undefined) return
      tried++
      const result = await auditBytes(bytes)
      expect(result).not.toEqual(sound)
      if (result.verdict === 'proved' && result.findings.length === 0) expect(result.header).not.toEqual(sound.header)
    }),
    { numRuns: 250, unbiased: true },
  )
  expect(tried).toBeGreaterThan(125)
})

test('a file is read the same in chunks of any size', async () => {
  for (const chunk of [1, 7, 4096, file.length]) expect(await auditBytes(file, { chunk })).toEqual(sound)
})

test('parts are written as they were read', async () => {
  for await (const { part } of readAuditFile(inChunks(file), 'audit')) {
    expect(decodePart(encodePart(part))).toEqual(part)
  }
  for (const record of records) expect(encodePart(decodePart(record))).toEqual(record)
})
