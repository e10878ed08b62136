import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type AuditProgress, auditFile } from '../../audit/auditor.ts'
import type { AuditResult } from '../../audit/result.ts'
import { type CheckMark, type CheckMarks, createResumedCheck } from '../../audit/resumed-check.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import { parseHash } from '../../base/ids.ts'
import { verifyEd25519Async } from '../../crypto/ed25519-native.ts'
import { readText, writeWhole } from '../../node/home/home.ts'
import { parseTrustClaim, type TrustClaim } from '../../registry/trust-claim.ts'
import { confirmedTrust } from '../terminal/confirmed-trust.ts'
import type { CliContext } from '../terminal/context.ts'
import { openOwnHistory } from '../terminal/own-history.ts'
import { openEntriesBar } from './audit-progress.ts'
import { reportAudit } from './audit-verify.ts'

export interface AuditVerifyHistoryOptions {
  /** Else what the operator confirmed for this home. */
  readonly trust?: string
  /** Goes by nothing that an earlier run has found. */
  readonly full?: boolean
  readonly output: 'table' | 'json'
}

const SAVE_EVERY_MS = 2000
const MARKS_BYTES_MAX = 16 * 1024 * 1024

/** Verifies everything that this node holds, and prints what that came to. */
export async function verifyOwnStore(context: CliContext, options: AuditVerifyHistoryOptions): Promise<void> {
  const trust = options.trust === undefined ? undefined : parseTrustClaim(options.trust)
  await reportAudit(context, await auditOwnStore(context, trust, options.full === true), options.output)
}

/**
 * Verifies everything that this node holds, from the bytes and in this process. Signatures that an earlier run has checked
 * before it was ended are not computed anew where all bytes are still the same; `full`: all are. Without `trust` it is
 * held against what the operator confirmed for this home.
 */
export async function auditOwnStore(
  context: CliContext,
  trust: TrustClaim | undefined,
  full = false,
): Promise<AuditResult> {
  const { path, trust: trustPath } = context.home()
  const marksPath = join(path, 'audit-verify.json')
  const claim = trust ?? (await confirmedTrust(trustPath))
  const before = full ? NO_MARKS : await readMarks(marksPath)
  const first = await runAudit(context, claim, before, marksPath)
  const result = first ?? (await runAnew(context, claim, marksPath))
  await rm(marksPath, { force: true })
  return result
}

async function runAnew(context: CliContext, claim: TrustClaim | undefined, marksPath: string): Promise<AuditResult> {
  context.say('What an earlier run has checked is not what is here now: all of it is checked again.')
  const result = await runAudit(context, claim, NO_MARKS, marksPath)
  return result!
}

/** Undefined where the marks are of something else. */
async function runAudit(
  context: CliContext,
  trust: TrustClaim | undefined,
  before: CheckMarks,
  marksPath: string,
): Promise<AuditResult | undefined> {
  const check = createResumedCheck(verifyEd25519Async, before)
  const source = await openOwnHistory(context, { logs: [], withBodies: true, purpose: 'verify' })
  using bar = openEntriesBar(context, before.size > 0 ? 'verifying (resumed)' : 'verifying')
  await using saving = createSaving(() => writeMarks(marksPath, check.marks()))
  const result = await auditFile(source, {
    trust,
    verify: check.verify,
    onProgress({ entries, total }: AuditProgress) {
      bar.show(entries, total)
      saving.wake()
    },
  })
  return check.isOther() ? undefined : result
}

/** Once in a while, one at a time; ended when the last one is written. */
function createSaving(save: () => Promise<void>) {
  let last = Date.now()
  let running: Promise<void> | undefined
  return {
    wake(): void {
      if (running !== undefined || Date.now() - last < SAVE_EVERY_MS) return
      // Without marks a later run takes longer, and proves the same.
      running = save()
        .catch(() => {})
        .finally(() => {
          last = Date.now()
          running = undefined
        })
    },
    async [Symbol.asyncDispose]() {
      await running
    },
  }
}

// --- the file ---------------------------------------------------------------------------------------------------------

const NO_MARKS: CheckMarks = new Map()

const marksForm = z.strictObject({
  version: z.literal(1),
  marks: z.array(
    z.strictObject({
      key: z.string().regex(/^[0-9a-f]{64}$/),
      count: z.int().min(1),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
})

/** None where there are none that can be used. */
async function readMarks(path: string): Promise<CheckMarks> {
  const text = await readText(path, MARKS_BYTES_MAX).catch(() => undefined)
  const parsed = marksForm.safeParse(text === undefined ? undefined : jsonOf(text))
  if (!parsed.success) return NO_MARKS
  return new Map(
    parsed.data.marks.map(({ key, count, hash }): [string, CheckMark] => [
      key,
      { count, hash: parseHash(fromHex(hash)) },
    ]),
  )
}

function writeMarks(path: string, marks: CheckMarks): Promise<void> {
  const all = [...marks].map(([key, { count, hash }]) => ({ key, count, hash: toHex(hash) }))
  return writeWhole(path, JSON.stringify({ version: 1, marks: all }), { replace: true })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
