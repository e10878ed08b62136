import { describe, expect, test } from 'vitest'
import { createAuditor } from '../../src/audit/auditor.ts'
import { createAuditFileWriter, readAuditFile } from '../../src/audit/file.ts'
import { type AuditPart, encodePart, PART_BYTES_MAX } from '../../src/audit/part.ts'
import { concat, u32be, utf8 } from '../../src/base/bytes.ts'
import { encode } from '../../src/wire/codec.ts'
import { AuditEnd, AuditPart as PartMessage } from '../../src/wire/gen/audit.ts'
import { findingsOf, turned } from '../support/audit-spoiling.ts'
import { auditBytes, fileOf, inChunks, plain, runOf, soundExport } from '../support/audit-world.ts'

type Content = Exclude<AuditPart, { readonly kind: 'end' }>

const header: Content = { kind: 'header', ...soundExport.header }
const log: Content = { kind: 'log', ...runOf(plain).part }
const alert: Content = {
  kind: 'alert',
  timeMs: 5,
  code: 'audit-fork',
  message: 'seen',
  nation: plain.identity.nation,
  place: { logId: plain.identity.logId, seq: 3 },
}
const entries: Content = { kind: 'entries', run: 0, envelopes: runOf(plain).envelopes }

function fileWith(...parts: readonly Content[]): Uint8Array {
  const writer = createAuditFileWriter('audit')
  return concat(writer.opening, ...parts.map(part => writer.add(part)), writer.end())
}

/** A file whose records are these bytes, whatever they are. */
function rawFile(...records: readonly Uint8Array[]): Uint8Array {
  return concat(utf8('tocsin-audit/1\n'), ...records.flatMap(record => [u32be(record.length), record]))
}

const codesOf = async (bytes: Uint8Array) => {
  const { verdict, findings } = await auditBytes(bytes)
  expect(verdict).not.toBe('proved')
  return findings.map(({ code }) => code)
}
const sound = fileOf(soundExport)

describe('a file is refused', () => {
  const cases: readonly [title: string, bytes: Uint8Array, code: string][] = [
    ['that is something else', utf8('{"format":"tocsin-audit/1"}\n'), 'audit-file-malformed'],
    ['that is a proof file', createAuditFileWriter('proof').opening, 'audit-file-malformed'],
    ['that is empty', new Uint8Array(0), 'audit-file-cut'],
    ['that ends after its first line', utf8('tocsin-audit/1\n'), 'audit-file-cut'],
    ['without its header', fileWith(log), 'audit-file-malformed'],
    ['with two headers', fileWith(header, header), 'audit-file-malformed'],
    ['with a log behind entries', fileWith(header, log, entries, log), 'audit-file-malformed'],
    ['with entries of a log that is not announced', fileWith(header, entries), 'audit-file-malformed'],
    [
      'with entries of a log before',
      fileWith(header, log, log, { ...entries, run: 1 }, entries),
      'audit-file-malformed',
    ],
    ['with an inclusion path', fileWith(header, { kind: 'inclusion', size: 1, path: [] }), 'audit-file-malformed'],
    ['with something behind its end', concat(sound, u32be(2), Uint8Array.of(8, 7)), 'audit-file-malformed'],
    ['with half a record behind its end', concat(sound, Uint8Array.of(0)), 'audit-file-cut'],
    [
      'with a part of an unknown type',
      rawFile(encodePart(header), encode(PartMessage, { type: 99, body: utf8('x') })),
      'audit-file-malformed',
    ],
    ['with a record over the cap', concat(utf8('tocsin-audit/1\n'), u32be(PART_BYTES_MAX + 1)), 'frame-too-large'],
    [
      'with an ENTRIES part of none',
      rawFile(encodePart(header), encodePart({ ...entries, envelopes: [] })),
      'audit-file-malformed',
    ],
    ['with a compact range of another size', fileWith(header, { ...log, from: 3 }), 'audit-file-malformed'],
    [
      'with a log that ends before it begins',
      fileWith(header, { ...log, ...runOf(plain, 6).part, kind: 'log', size: 5 }),
      'audit-file-malformed',
    ],
    [
      'whose end counts otherwise',
      rawFile(
        encodePart(header),
        encode(PartMessage, {
          type: 7,
          body: encode(AuditEnd, {
            documents: 1,
            evidence: 0,
            alerts: 0,
            logs: 0,
            entries: 0,
            hash: new Uint8Array(32),
          }),
        }),
      ),
      'audit-file-altered',
    ],
    ['whose bytes were changed', turned(sound, 40), 'audit-file-altered'],
  ]
  test.each(cases)('%s', async (_title, bytes, code) => {
    expect(await codesOf(bytes)).toContain(code)
  })

  test('with what was read before it, and the place', async () => {
    const entry = sound.length - 500
    const { findings, counts } = await auditBytes(sound.subarray(0, entry))
    expect(counts.entries).toBeGreaterThan(20)
    const cut = findings.find(({ code }) => code === 'audit-file-cut')!
    expect(findingsOf({ findings: [cut] })).toEqual(['missing audit-file-cut plain/7'])
    expect(cut.sentence).toMatch(/It was read up to entry 7 of log /)
  })
})

test('what the exporter noted is handed on, and proves nothing', async () => {
  const { alerts, verdict } = await auditBytes(fileWith(header, alert))
  expect(alerts).toEqual([alert])
  expect(verdict).toBe('missing')
})

test('a reader says where in the file a record stands', async () => {
  let at = -1
  for await (const { part, offset } of readAuditFile(inChunks(sound, 333), 'audit')) {
    const record = encodePart(part)
    expect(sound.subarray(offset + 4, offset + 4 + record.length)).toEqual(record)
    expect(offset).toBeGreaterThan(at)
    at = offset
  }
})

test('an auditor says how far it is', async () => {
  const auditor = createAuditor({ trust: undefined, verify: async () => true })
  const seen: number[] = []
  for await (const { part } of readAuditFile(inChunks(sound), 'audit')) {
    await auditor.add(part)
    const { entries: done, total } = auditor.progress()
    if (part.kind === 'entries') expect(total).toBe(27)
    seen.push(done)
  }
  expect(seen.at(-1)).toBe(27)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
})

test('memory for the entries of a file does not grow with their number', async () => {
  // every signature is still open: no more than two parts may be
  let open = 0
  let most = 0
  const auditor = createAuditor({
    trust: undefined,
    verify: async () => {
      most = Math.max(most, ++open)
      await new Promise(resolve => setImmediate(resolve))
      open--
      return true
    },
  })
  for await (const { part } of readAuditFile(inChunks(sound), 'audit')) await auditor.add(part)
  await auditor.end()
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(8)
})
