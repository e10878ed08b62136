import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { NationId } from '../../src/base/ids.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import {
  type ApprovalSubject,
  approvalInput,
  checkApproval,
  checkSubmission,
  SUBMISSION_AGE_MS_MAX,
  submissionInput,
} from '../../src/policy/approval.ts'
import type { OperatorRole, Operators } from '../../src/policy/operator.ts'
import { claimOf, IDENTITY } from '../support/guard-policy.ts'

const [anna, bert, stranger] = [1, 2, 3].map(() => createEd25519Signer(randomBytes(32))) as [Signer, Signer, Signer]
type Signer = ReturnType<typeof createEd25519Signer>
const roles = (...names: OperatorRole[]) => new Set(names)
const operators: Operators = {
  operators: [
    { name: 'anna', key: anna.publicKey, roles: roles('publish', 'approve') },
    { name: 'bert', key: bert.publicKey, roles: roles('approve') },
  ],
  local: roles('publish'),
}
const subject: ApprovalSubject = {
  allianceId: IDENTITY.allianceId,
  item: claimOf({ value: 'a.example' }),
  audience: utf8('alliance'),
  readers: ['BBB' as NationId],
}
const approve = (by: Signer, signed: ApprovalSubject, submitter = anna, of = operators) => {
  const approval = { key: by.publicKey, signature: by.sign(approvalInput(signed)) }
  const check = checkApproval(subject, approval, submitter.publicKey, of, verifyEd25519)
  return check.kind === 'refused' ? check.code : check.proof.by.name
}

test('an approval counts for exactly what was approved', () => {
  expect(approve(bert, subject)).toBe('bert')
  expect(approve(bert, { ...subject, item: claimOf({ value: 'b.example' }) })).toBe('approval-invalid')
  expect(approve(bert, { ...subject, item: claimOf({ value: 'a.example', marking: { tlp: 1 } }) })).toBe(
    'approval-invalid',
  )
  expect(approve(bert, { ...subject, audience: utf8('BBB') })).toBe('approval-invalid')
  const more = ['BBB', 'CCC'] as NationId[]
  expect(approve(bert, { ...subject, readers: more })).toBe('approval-invalid')
  const other = new Uint8Array(32).fill(1) as ApprovalSubject['allianceId']
  expect(approve(bert, { ...subject, allianceId: other })).toBe('approval-invalid')
})

test('nobody approves what they submitted, whatever name their key goes by', () => {
  expect(approve(anna, subject)).toBe('approval-same-person')
  const renamed = { ...operators, operators: operators.operators.map(each => ({ ...each, name: `not-${each.name}` })) }
  expect(approve(anna, subject, anna, renamed)).toBe('approval-same-person')
})

test('only an operator with the role approves', () => {
  expect(approve(stranger, subject)).toBe('operator-unknown')
  const without = { ...operators, operators: [{ name: 'bert', key: bert.publicKey, roles: roles('publish') }] }
  expect(approve(bert, subject, anna, without)).toBe('operator-role')
})

test('a submission is signed by an operator who may publish, for these drafts and for now', () => {
  const nowMs = Date.UTC(2026, 10, 22)
  const submit = (by: Signer, signedMs = nowMs, drafts = '[1]') => {
    const signature = by.sign(submissionInput(IDENTITY.allianceId, signedMs, '[1]'))
    const input = { allianceId: IDENTITY.allianceId, drafts, nowMs }
    const check = checkSubmission(input, { key: by.publicKey, signedMs, signature }, operators, verifyEd25519)
    return check.kind === 'refused' ? check.code : check.by.name
  }
  expect(submit(anna)).toBe('anna')
  expect(submit(anna, nowMs - SUBMISSION_AGE_MS_MAX - 1)).toBe('submission-invalid')
  expect(submit(anna, nowMs, '[2]')).toBe('submission-invalid')
  expect(submit(bert)).toBe('operator-role')
  expect(submit(stranger)).toBe('operator-unknown')
})
