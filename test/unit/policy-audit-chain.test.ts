import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { Hash } from '../../src/base/ids.ts'
import { type AuditHead, type AuditLine, checkAuditChain } from '../../src/policy/audit-chain.ts'
import { type AuditDecision, auditHash, encodeAuditRecord, NO_RECORD } from '../../src/policy/audit-record.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { AuditRecord } from '../../src/wire/gen/store.ts'

const COUNT = 6

/** A chain of `COUNT` records, the whole of each field in use in one of them. */
function chain(decisions: readonly AuditDecision[] = whole()): { lines: AuditLine[]; head: AuditHead } {
  const lines: AuditLine[] = []
  let hash = NO_RECORD
  for (const [number, decision] of decisions.entries()) {
    const bytes = encodeAuditRecord({ ...decision, timeMs: 1000 + number, salt: filled(16, number) }, number, hash)
    lines.push({ number, bytes })
    hash = auditHash(bytes)
  }
  return { lines, head: { first: 0, next: lines.length, hash } }
}

function whole(): AuditDecision[] {
  const plain = Array.from(
    { length: COUNT - 1 },
    (_, i): AuditDecision => ({ kind: 'read', by: 'local', count: i + 1 }),
  )
  const run = {
    count: 3,
    by: 'anna',
    rule: 'rule 1',
    changedBy: ['rule 2'],
    approver: filled(32, 9),
    code: 'guard-denied',
  }
  const full: AuditDecision = {
    kind: 'released',
    by: 'anna',
    name: 'a name',
    rule: 'rule 3 "own" (line 9)',
    code: 'guard-denied',
    audience: 'alliance',
    item: filled(16, 1),
    entry: { logId: filled(32, 2) as never, seq: 7 },
    subject: filled(32, 3),
    count: 3,
    readers: ['AAA', 'BBB'] as never,
    index: 2,
    runs: [run],
  }
  return [...plain.slice(0, 2), full, ...plain.slice(2)]
}

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte + 1)
}

/** The line at `at` with one field of its record changed and all hashes left as they are. */
function tampered(lines: readonly AuditLine[], at: number, change: Partial<AuditRecord>): AuditLine[] {
  const { number, bytes } = lines[at]!
  return lines.with(at, {
    number,
    bytes: encode(AuditRecord, { ...decodeLoose(AuditRecord, bytes, false), ...change }),
  })
}

/** Records from `at` on, made anew so that they are a chain again. */
function rewritten(lines: readonly AuditLine[], at: number, change: Partial<AuditRecord>): AuditLine[] {
  const out = tampered(lines, at, change)
  for (let i = at + 1; i < out.length; i++) out[i] = tampered(out, i, { prev: auditHash(out[i - 1]!.bytes) })[i]!
  return out
}

test('a whole chain is good, and its head is told', () => {
  const { lines, head } = chain()
  expect(checkAuditChain(lines)).toEqual({ kind: 'good', head })
  expect(checkAuditChain(lines, { head, noted: lines.map(({ bytes }) => auditHash(bytes)) }).kind).toBe('good')
})

describe('one field of a record changed shows in the next record', () => {
  const { lines, head } = chain()
  const record = decodeLoose(AuditRecord, lines[2]!.bytes, false)
  const others: { [Field in keyof AuditRecord]?: AuditRecord[Field] } = {
    ...{ salt: filled(16, 200), timeMs: 1, kind: 4, by: 'bert', name: '', rule: 'rule 4', code: '' },
    ...{ audience: 'AAA', item: filled(16, 201), logId: filled(32, 202), seq: 8, subject: filled(32, 203) },
    ...{ count: 4, readers: ['AAA'], index: 0 },
  }
  const runs = Object.entries({
    ...{ count: 2, by: 'bert', rule: '', changedBy: [], approver: filled(32, 10), code: '' },
  }).map(([name, value]) => [`runs.${name}`, { runs: [{ ...record.runs[0]!, [name]: value }] }] as const)
  const changes = [...Object.entries(others).map(([name, value]) => [name, { [name]: value }] as const), ...runs]

  test('every field is tried', () => {
    const tried = new Set([...Object.keys(others), 'runs', 'number', 'prev'])
    expect([...Object.keys(record)].filter(name => !tried.has(name))).toEqual([])
  })
  test.each(changes)('%s', (_, change) => {
    const broken = { kind: 'broken', at: 3, reason: 'it does not continue record 2: one of the two was changed' }
    expect(checkAuditChain(tampered(lines, 2, change))).toEqual(broken)
  })
  test('number and prev show in the record itself', () => {
    expect(checkAuditChain(tampered(lines, 2, { number: 5 }))).toMatchObject({ kind: 'broken', at: 2 })
    expect(checkAuditChain(tampered(lines, 2, { prev: filled(32, 4) }))).toMatchObject({ kind: 'broken', at: 2 })
    expect(checkAuditChain(tampered(lines, 0, { prev: filled(32, 4) }))).toMatchObject({ kind: 'broken', at: 0 })
  })
  test('in the last record it shows against the head', () => {
    const last = tampered(lines, COUNT - 1, { by: 'bert' })
    expect(checkAuditChain(last).kind).toBe('good')
    expect(checkAuditChain(last, { head })).toMatchObject({ kind: 'broken', at: COUNT })
  })
  test('with all that follows made anew it shows against any later hash that was noted', () => {
    const anew = rewritten(lines, 2, { by: 'bert' })
    expect(checkAuditChain(anew).kind).toBe('good')
    for (let i = 0; i < COUNT; i++) {
      const noted = [auditHash(lines[i]!.bytes)]
      expect(checkAuditChain(anew, { noted }).kind).toBe(i < 2 ? 'good' : 'broken')
    }
  })
})

describe('records that are moved or gone show', () => {
  const { lines, head } = chain()

  test('one dropped from the middle, with and without new numbers', () => {
    for (let i = 1; i < COUNT - 1; i++) {
      const without = lines.toSpliced(i, 1)
      expect(checkAuditChain(without)).toMatchObject({ kind: 'broken', at: i + 1, reason: `record ${i} is missing` })
      const renumbered = without.map(({ bytes }, number) => ({ number, bytes }))
      expect(checkAuditChain(renumbered)).toMatchObject({ kind: 'broken', at: i })
    }
  })
  test('two that are swapped', () => {
    for (let i = 0; i < COUNT - 1; i++) {
      const swapped = lines
        .with(i, { ...lines[i]!, bytes: lines[i + 1]!.bytes })
        .with(i + 1, { ...lines[i + 1]!, bytes: lines[i]!.bytes })
      expect(checkAuditChain(swapped)).toMatchObject({ kind: 'broken', at: i })
    }
  })
  test('one that is there twice', () => {
    expect(checkAuditChain(lines.toSpliced(2, 0, lines[2]!))).toMatchObject({ kind: 'broken', at: 2 })
  })
  test('the last ones cut off, against the head', () => {
    for (let length = 0; length < COUNT; length++) {
      const cut = lines.slice(0, length)
      expect(checkAuditChain(cut).kind).toBe(length === 0 ? 'undecided' : 'good')
      expect(checkAuditChain(cut, { head })).toMatchObject({ kind: 'broken', at: length })
    }
  })
  test('the first ones cut off, since nothing in the log says so', () => {
    expect(checkAuditChain(lines.slice(2)).kind).toBe('undecided')
    expect(checkAuditChain(lines.slice(2), { head })).toMatchObject({ kind: 'broken', at: 2 })
    expect(checkAuditChain(lines.slice(2), { head, partial: true }).kind).toBe('good')
  })
  test('bytes that are no record', () => {
    expect(checkAuditChain(lines.with(1, { number: 1, bytes: new Uint8Array([255]) }))).toMatchObject({
      kind: 'broken',
      at: 1,
    })
    expect(checkAuditChain(lines.with(1, { number: 1, bytes: new Uint8Array() }))).toMatchObject({
      kind: 'broken',
      at: 1,
    })
  })
})

describe('a log whose oldest records were removed', () => {
  const below = 3
  const before: Hash = auditHash(chain().lines[below - 1]!.bytes)
  const truncated: AuditDecision = { kind: 'truncated', by: 'node', count: below, subject: before }
  const left = (decision: AuditDecision) => {
    const { lines, head } = chain([...whole(), decision])
    return { lines: lines.slice(below), head: { ...head, first: below } }
  }

  test('is good where a record says so', () => {
    const { lines, head } = left(truncated)
    expect(checkAuditChain(lines, { head })).toEqual({ kind: 'good', head })
  })
  test('is broken where more is gone than the record says, or something else', () => {
    const { lines } = left(truncated)
    expect(checkAuditChain(lines.slice(1))).toMatchObject({ kind: 'broken', at: below + 1 })
    expect(checkAuditChain(left({ ...truncated, subject: filled(32, 1) }).lines)).toMatchObject({
      kind: 'broken',
      at: below,
    })
    expect(checkAuditChain(left({ ...truncated, count: 2 }).lines)).toMatchObject({ kind: 'broken', at: below })
  })
  test('cannot answer for a hash that may have been before', () => {
    const verdict = checkAuditChain(left(truncated).lines, { noted: [before] })
    expect(verdict).toEqual({ kind: 'undecided', reason: `no record held has the hash ${toHex(before)}` })
  })
})

test('a record of a later version, with fields that are not known here, is in the chain like any other', () => {
  const { lines } = chain()
  const later = Uint8Array.from([...lines[1]!.bytes, 0xf8, 0x07, 0x01])
  const next = tampered(lines, 2, { prev: auditHash(later) })[2]!
  expect(checkAuditChain([lines[0]!, { number: 1, bytes: later }, next]).kind).toBe('good')
})

test('the hash is SHA-256 over the label and the bytes of the record', () => {
  expect(toHex(auditHash(new Uint8Array([1, 2, 3])))).toBe(
    'e5b3810d23171cda6c84ec1c9085914249a44dee69f20336ad54c2b4e473d858',
  )
})
