import { describe, expect, it } from 'vitest'
import { createAuditFileWriter } from '../../src/audit/file.ts'
import type { AuditVerdict } from '../../src/audit/finding.ts'
import { checkProof } from '../../src/audit/proof-check.ts'
import { type EntryProof, encodeProofFile, parseProofFile } from '../../src/audit/proof-file.ts'
import type { ProofResult } from '../../src/audit/proof-result.ts'
import { concat, fromUtf8, utf8 } from '../../src/base/bytes.ts'
import type { ErrorCode } from '../../src/base/codes.ts'
import { ProtocolError } from '../../src/base/errors.ts'
import { type Hash, parseHash } from '../../src/base/ids.ts'
import { buildSameSeq, encodeProof } from '../../src/chain/proof-build.ts'
import { STATUS } from '../../src/registry/registry-doc.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { encodeEnvelope } from '../../src/wire/entry.ts'
import { Checkpoint, type EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import {
  batches,
  checkpointItem,
  fileOf,
  first,
  grown,
  NATIONS,
  openWorldLog,
  plain,
  rangeOf,
  soundExport,
  successor,
  third,
  trustStringOf,
  withoutBody,
} from '../support/audit-world.ts'
import { bytesOf, TIME_MS } from '../support/chain-fixture.ts'
import { pathIn, proofOf } from '../support/entry-proof.ts'
import { entry, foundRegistry, nextRegistry, signRegistry } from '../support/registry-world.ts'

/** BBB's log of ten entries, witnessed up to the ninth: each proof is of one of its entries. */

const TRUST = trustStringOf(third)
const T = TIME_MS / 1000
const SEQ = 2
const small = checkpointItem(plain, { size: 4, cosigners: { AAA: T + 50 } })
const large = checkpointItem(plain, {
  size: 9,
  from: 4,
  cosigners: { AAA: T + 150, CCC: T + 250, DDD: T + 350 },
  postQuantumSeconds: T + 90,
})

const sound = proofOf(plain, SEQ, [4, 9], [small, large])

/** Through the bytes of a file, as whoever is given it. */
async function check(proof: EntryProof, trust = TRUST): Promise<ProofResult> {
  return checkProof(await parseProofFile(encodeProofFile(proof)), parseTrustClaim(trust))
}

function summary({ verdict, findings }: ProofResult): readonly [AuditVerdict, readonly ErrorCode[]] {
  return [verdict, findings.filter(finding => finding.verdict !== 'note').map(({ code }) => code)]
}

describe('a sound proof', () => {
  it('says who signed the entry and when, in which place, and who has held it since when', async () => {
    const { verdict, findings, alliance, entry: proven } = await check(sound)
    expect([verdict, findings]).toEqual(['proved', []])
    expect(alliance).toMatchObject({ trusted: true, registry: { version: 3 } })
    expect(proven).toMatchObject({
      seq: SEQ,
      nation: 'BBB',
      kind: 'batch',
      timeMs: TIME_MS,
      bodyHere: true,
      key: { documentVersion: 1 },
      treeSizes: [4, 9],
      receipts: {
        held: [
          { nation: 'AAA', sinceMs: TIME_MS + 50_000 },
          { nation: 'CCC', sinceMs: TIME_MS + 250_000 },
          { nation: 'DDD', sinceMs: TIME_MS + 350_000 },
        ],
        waiting: [],
        needed: 2,
        quorate: true,
      },
      standing: { reason: 'open', limit: undefined },
      postQuantum: { size: 9, timeMs: TIME_MS + 90_000 },
    })
  })

  it.each([0, 1, 3, 7, 8])('holds for entry %i too, without its body where that is sealed', async seq => {
    const proof = proofOf(plain, seq, seq < 4 ? [4, 9] : [9], [small, large])
    const bare = seq === 0 ? proof.envelope : withoutBody(plain.entries[seq]!)
    const result = await check({ ...proof, envelope: bare })
    expect(summary(result)).toEqual(['proved', []])
    expect(result.entry).toMatchObject({ seq, bodyHere: seq === 0 })
  })

  it('needs no consistency proofs between the trees: that one entry is in both, in its place, shows as much', async () => {
    const unlinked = checkpointItem(plain, { size: 9, cosigners: { CCC: T + 250 } })
    const result = await check({ ...sound, evidence: [small, unlinked] })
    expect(summary(result)).toEqual(['proved', []])
    expect(result.entry!.receipts).toMatchObject({ quorate: true, waiting: ['DDD'] })
  })

  it('stands though its author forked behind what the alliance has witnessed, and says so', async () => {
    const fork = grown({ ...plain, entries: plain.entries.slice(0, 9) }, ...batches('fork', 1))
    const proof = encodeProof(buildSameSeq(plain.entries[9]!, fork.entries[9]!, plain.entries[0]!))
    const result = await check({ ...sound, evidence: [small, large, { type: 2, body: proof }] })
    expect(summary(result)).toEqual(['proved', []])
    expect(result.entry!.standing).toEqual({ reason: 'conflict', limit: 9 })
  })
})

// --- spoiled ----------------------------------------------------------------------------------------------------------

type Spoiled = readonly [title: string, change: Partial<EntryProof>, verdict: AuditVerdict, codes: readonly ErrorCode[]]

function expectFound(cases: readonly Spoiled[]): void {
  it.each(cases)('%s', async (_, change, verdict, codes) => {
    expect(summary(await check({ ...sound, ...change }))).toEqual([verdict, codes])
  })
}

const [inSmall, inLarge] = sound.inclusions as [EntryProof['inclusions'][0], EntryProof['inclusions'][0]]
const withPath = (path: readonly Hash[]) => ({ inclusions: [inSmall, { size: 9, path }] })
const { path } = inLarge

describe('a proof is found out that has', () => {
  const wrong = ['audit-path-wrong'] as const
  expectFound([
    ['a step more', withPath([...path, bytesOf('step')]), 'false', wrong],
    ['a step less', withPath(path.slice(0, -1)), 'false', wrong],
    ['two steps swapped', withPath(path.with(0, path[1]!).with(1, path[0]!)), 'false', wrong],
    ['a bit in a step', withPath(path.with(1, parseHash(flipped(path[1]!)))), 'false', wrong],
    ['the path of its neighbour', withPath(pathIn(plain, SEQ + 1, 9)), 'false', wrong],
    ['the path to another size', { inclusions: [inSmall, { size: 9, path: pathIn(plain, SEQ, 4) }] }, 'false', wrong],
    [
      'other leaves before the entry',
      { log: { ...sound.log, before: { size: SEQ, peaks: [bytesOf('other')] } } },
      'false',
      ['audit-path-wrong', 'audit-path-wrong', 'audit-quorum-missing'],
    ],
  ])
})

/** With a bit turned in it; of the header in its prev. */
const spoilt = (field: 'headerBytes' | 'signature' | 'body') =>
  encodeEnvelope({
    ...plain.entries[SEQ]!,
    [field]: flipped(plain.entries[SEQ]![field], field === 'headerBytes' ? 50 : 5),
  })
const another = grown(openWorldLog('BBB', { nonce: bytesOf('another').subarray(0, 16) }), ...batches('x', 9))

describe('an entry is found out that is', () => {
  expectFound([
    ['another of the log', { envelope: encodeEnvelope(plain.entries[SEQ + 1]!) }, 'false', ['audit-entry-misplaced']],
    ['changed in its header', { envelope: spoilt('headerBytes') }, 'false', ['entry-signature-invalid']],
    ['changed in its signature', { envelope: spoilt('signature') }, 'false', ['entry-signature-invalid']],
    ['changed in its body', { envelope: spoilt('body') }, 'false', ['entry-body-mismatch']],
    ['of another log', { envelope: encodeEnvelope(successor.entries[SEQ]!) }, 'false', ['entry-wrong-log']],
    [
      'announced in another place',
      { log: { ...sound.log, from: 3, size: 4, before: rangeOf(plain, 3) } },
      'false',
      ['audit-entry-misplaced'],
    ],
    [
      'under another GENESIS',
      { log: { ...sound.log, genesis: encodeEnvelope(another.entries[0]!) } },
      'false',
      ['entry-wrong-log'],
    ],
    [
      'announced of another log',
      { log: { ...sound.log, logId: another.identity.logId } },
      'false',
      ['audit-entry-misplaced'],
    ],
  ])
})

const branch = grown({ ...plain, entries: plain.entries.slice(0, SEQ) }, ...batches('branch', 7))
const elsewhere = checkpointItem(another, { size: 9, cosigners: { AAA: T, CCC: T, DDD: T } })
/** A quorum for another entry in this place; `from` says how far down the branch is shown. */
const branchQuorum = (from: number, cosigners: Record<string, number>) =>
  checkpointItem(branch, { size: 9, from, cosigners })
const earlyFork = encodeProof(buildSameSeq(plain.entries[1]!, another1(), plain.entries[0]!))

describe('it is told of evidence that it', () => {
  expectFound([
    [
      'is not there',
      { evidence: [] },
      'missing',
      ['audit-tree-unsigned', 'audit-tree-unsigned', 'audit-quorum-missing'],
    ],
    ['is by less than a quorum', { evidence: [small], inclusions: [inSmall] }, 'missing', ['audit-quorum-missing']],
    ['is of another log', { evidence: [small, elsewhere] }, 'missing', ['audit-tree-unsigned', 'audit-quorum-missing']],
    [
      'is not shown to hold the entry',
      { evidence: [small, checkpointItem(plain, { size: 9, cosigners: { CCC: T, DDD: T } })], inclusions: [inSmall] },
      'missing',
      ['audit-quorum-missing'],
    ],
    ['was changed by somebody', { evidence: [small, large, spoiltNote(large)] }, 'false', ['signature-invalid']],
    [
      'has a cosignature that was changed',
      { evidence: [small, large, spoiltLine(large)] },
      'false',
      ['cosignature-invalid'],
    ],
    [
      'shows a fork before the entry, which nobody had witnessed',
      { evidence: [small, { type: 2, body: earlyFork }], inclusions: [inSmall] },
      'false',
      ['audit-beyond-limit', 'audit-quorum-missing'],
    ],
    [
      'gives the place of the entry to another one',
      { evidence: [small, branchQuorum(SEQ + 1, { AAA: T + 150, CCC: T + 250, DDD: T + 350 })], inclusions: [inSmall] },
      'false',
      ['audit-witness-contradicts', 'audit-fork', 'audit-quorum-missing'],
    ],
    [
      'shows a fork of which nobody can tell whether it is before the entry',
      { evidence: [small, branchQuorum(4, { CCC: T + 250, DDD: T + 350 })], inclusions: [inSmall] },
      'missing',
      ['audit-quorum-missing'],
    ],
  ])
})

describe('what leads to the key', () => {
  const without = (index: number) => ({ documents: sound.documents.toSpliced(index, 1) })
  expectFound([
    ['lacks the document of the nation', without(4), 'missing', ['genesis-key-unknown']],
    ['lacks a version of the registry', without(1), 'missing', ['doc-parent-unknown', 'alliance-incomplete']],
  ])

  it('lacks its beginning, and then nothing can be judged', async () => {
    const [verdict, codes] = summary(await check({ ...sound, ...without(0) }))
    expect([verdict, codes.at(-1)]).toEqual(['missing', 'alliance-incomplete'])
  })

  it('must contain what was confirmed', async () => {
    const fourth = signRegistry(nextRegistry(third))
    const foreign = foundRegistry({ name: 'Another alliance' })
    expect((await check(sound, trustStringOf(first))).verdict).toBe('proved')
    expect(summary(await check(sound, trustStringOf(fourth)))).toEqual(['missing', ['alliance-incomplete']])
    expect(summary(await check(sound, trustStringOf(foreign)))).toEqual(['false', ['registry-fingerprint-mismatch']])
  })
})

it('counts no nation that was expelled before the log began', async () => {
  const isOut = (id: string) => id === 'CCC' || id === 'DDD'
  const expelling = NATIONS.map(id => entry(id, isOut(id) ? { status: STATUS.EXPELLED } : {}))
  const fourth = signRegistry(nextRegistry(third, { nations: expelling }))
  const late = grown(
    openWorldLog('BBB', { incarnation: 1, nonce: bytesOf('late').subarray(0, 16) }, undefined, 4),
    ...batches('late', 4),
  )
  const cosigned = (cosigners: Record<string, number>) => checkpointItem(late, { cosigners })
  const documents = [...sound.documents, encodeSignedDoc(fourth.signed)]
  const judge = async (item: EvidenceItem) =>
    check({ ...proofOf(late, SEQ, [5], [item]), documents }, trustStringOf(fourth))
  const expelled = await judge(cosigned({ CCC: T, DDD: T }))
  expect(summary(expelled)).toEqual(['missing', ['audit-quorum-missing']])
  expect(expelled.findings.map(({ code }) => code)).toContain('audit-cosigner-removed')
  expect(expelled.entry!.receipts).toMatchObject({ needed: 1, waiting: ['AAA'] })
  expect(summary(await judge(cosigned({ AAA: T })))).toEqual(['proved', []])
})

describe('a file', () => {
  const file = encodeProofFile(sound)
  const reading = (bytes: Uint8Array) => parseProofFile(bytes)

  it('is refused wherever it is cut', async () => {
    for (const length of [0, 7, 20, 500, file.length - 1]) {
      await expect(reading(file.slice(0, length))).rejects.toMatchObject({ code: 'audit-file-cut' })
    }
  })

  it('is refused with a bit turned anywhere', async () => {
    for (let at = 0; at < file.length; at += 997) {
      const spoiled = file.slice()
      spoiled[at]! ^= 4
      await expect(reading(spoiled)).rejects.toBeInstanceOf(ProtocolError)
    }
  })

  it('is no export, and an export is no proof', async () => {
    const part = fileOf(soundExport)
    await expect(reading(part)).rejects.toMatchObject({ code: 'audit-file-malformed' })
  })

  it('holds one entry', async () => {
    const writer = createAuditFileWriter('proof')
    const pieces = [
      writer.opening,
      writer.add({ kind: 'header', ...sound.header }),
      writer.add({ kind: 'log', ...sound.log }),
    ]
    const two = concat(
      ...pieces,
      writer.add({ kind: 'entries', run: 0, envelopes: [sound.envelope, sound.envelope] }),
      writer.end(),
    )
    await expect(reading(two)).rejects.toThrow('has 2')
  })
})

/** BBB's second entry, signed anew as another one. */
function another1() {
  return grown({ ...plain, entries: plain.entries.slice(0, 1) }, ...batches('early', 1)).entries[1]!
}

function spoiltNote({ type, body }: EvidenceItem): EvidenceItem {
  const message = decodeLoose(Checkpoint, body, false)
  const text = fromUtf8(message.note)
  return { type, body: encode(Checkpoint, { ...message, note: utf8(text.replace('\n9\n', '\n8\n')) }) }
}

function spoiltLine({ type, body }: EvidenceItem): EvidenceItem {
  const message = decodeLoose(Checkpoint, body, false)
  const last = message.cosignatures.at(-1)!
  const text = fromUtf8(last)
  const changed = utf8(`${text.slice(0, -8)}${text.at(-8) === 'A' ? 'B' : 'A'}${text.slice(-7)}`)
  return { type, body: encode(Checkpoint, { ...message, cosignatures: message.cosignatures.with(-1, changed) }) }
}

function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const other = bytes.slice()
  other[at]! ^= 1
  return other
}
