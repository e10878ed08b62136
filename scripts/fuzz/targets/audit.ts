import { checkAlertFile } from '../../../src/audit/alert-check.ts'
import { auditFile } from '../../../src/audit/auditor.ts'
import { compareExports } from '../../../src/audit/compare.ts'
import { createAuditFileWriter } from '../../../src/audit/file.ts'
import { type AuditPart, decodePart, encodePart } from '../../../src/audit/part.ts'
import { checkProof } from '../../../src/audit/proof-check.ts'
import { encodeProofFile, parseProofFile } from '../../../src/audit/proof-file.ts'
import { concat, equalBytes } from '../../../src/base/bytes.ts'
import { ProtocolError } from '../../../src/base/errors.ts'
import { verifyEd25519Native } from '../../../src/crypto/ed25519-native.ts'
import { parseTrustClaim } from '../../../src/registry/trust-claim.ts'
import { fileOf, plain, soundExport, third, trustStringOf } from '../../../test/support/audit-world.ts'
import { proofOf } from '../../../test/support/entry-proof.ts'
import { joinRecords, splitRecords } from '../records.ts'
import { assertHolds, type Target } from '../target.ts'
import { inPieces } from '../text.ts'

const FILE_BYTES_MAX = 256 * 1024
const sound = fileOf(soundExport)
const [smallCheckpoint, largeCheckpoint] = soundExport.evidence.slice(3)
const soundProof = encodeProofFile(proofOf(plain, 2, [4, 9], [smallCheckpoint!, largeCheckpoint!]))
const claim = parseTrustClaim(trustStringOf(third))
const verify = async (...parts: Parameters<typeof verifyEd25519Native>) => verifyEd25519Native(...parts)
const form = { kind: 'records', headBytes: sound.indexOf(10) + 1 } as const
const proofForm = { kind: 'records', headBytes: soundProof.indexOf(10) + 1 } as const
/** Verifies signatures of the whole world at each input. */
const ALLOWANCE_MS = 400

const part: Target = {
  name: 'audit-part',
  form: 'protobuf',
  lengthMax: 32 * 1024,
  seeds: () => [...(splitRecords(sound, form) ?? []), ...(splitRecords(soundProof, proofForm) ?? [])],
  run(input) {
    const decoded = decodePart(input)
    assertHolds(equalBytes(encodePart(decoded), input), 'a part is encoded as it was read')
    return decoded.kind
  },
}

const file: Target = {
  name: 'audit-file',
  form,
  lengthMax: FILE_BYTES_MAX,
  allowanceMs: ALLOWANCE_MS,
  seeds: () => [sound],
  async run(input) {
    const { verdict } = await auditFile(inPieces(input, 4096), { trust: claim, verify })
    assertHolds(verdict !== 'proved' || equalBytes(input, sound), 'no other file than the sound one is proved')
    return verdict
  },
}

/** With an end that fits, so that what is before it is judged. */
function resealed(input: Uint8Array): Uint8Array {
  const records = splitRecords(input, form)
  if (records === undefined) throw new ProtocolError('audit-file-malformed', 'no records')
  const writer = createAuditFileWriter('audit')
  const pieces = [writer.opening]
  for (const record of records) {
    const decoded: AuditPart = decodePart(record)
    if (decoded.kind !== 'end') pieces.push(writer.add(decoded))
  }
  return concat(...pieces, writer.end())
}

const content: Target = {
  name: 'audit-resealed',
  form,
  lengthMax: FILE_BYTES_MAX,
  allowanceMs: ALLOWANCE_MS,
  seeds: () => [sound, sealedSplit()],
  async run(input) {
    const { verdict, findings } = await auditFile(inPieces(resealed(input)), { trust: claim, verify })
    return `${verdict} ${findings
      .map(({ code }) => code)
      .sort()
      .slice(0, 2)}`
  },
}

/** The file without its second half of entries. */
function sealedSplit(): Uint8Array {
  const records = splitRecords(sound, form) ?? []
  return resealed(joinRecords(sound.subarray(0, form.headBytes), records.toSpliced(-3, 1)))
}

const proof: Target = {
  name: 'audit-proof',
  form: proofForm,
  lengthMax: FILE_BYTES_MAX,
  allowanceMs: ALLOWANCE_MS,
  seeds: () => [soundProof],
  async run(input) {
    const parsed = await parseProofFile(input)
    const { verdict, findings } = checkProof(parsed, claim)
    return `${verdict} ${findings
      .map(({ code }) => code)
      .sort()
      .slice(0, 2)}`
  },
}

const alert: Target = {
  name: 'audit-alert',
  form,
  lengthMax: FILE_BYTES_MAX,
  allowanceMs: ALLOWANCE_MS,
  seeds: () => [sound],
  async run(input) {
    const { verdict, findings } = await checkAlertFile(inPieces(resealed(input)), claim)
    return `${verdict} ${findings
      .map(({ code }) => code)
      .sort()
      .slice(0, 2)}`
  },
}

const comparison: Target = {
  name: 'audit-comparison',
  form,
  lengthMax: FILE_BYTES_MAX,
  allowanceMs: ALLOWANCE_MS,
  seeds: () => [sound],
  async run(input) {
    const { verdict, problems } = await compareExports([inPieces(sound), inPieces(resealed(input))], claim)
    return `${verdict} ${problems.length}`
  },
}

export const auditTargets: readonly Target[] = [part, file, content, proof, alert, comparison]
