import type { ErrorCode } from '../../base/codes.ts'
import type { Fault } from '../../base/errors.ts'

/** Whom and what a check is about. */
export interface DiagnosisSubject {
  /** Empty for this node itself. */
  readonly nation: string
  /** Raw Ed25519 key in hex; empty for this node itself. */
  readonly peer: string
  /** Empty where the check is about no single address. */
  readonly address: string
}

/** One step towards a connection. */
export interface DiagnosisCheck extends DiagnosisSubject {
  readonly check: string
  /** 'skipped' since an earlier one failed; 'unknown' where it could not be told. */
  readonly result: 'ok' | 'failed' | 'skipped' | 'unknown'
  /** Stable; empty where all is well. */
  readonly code: ErrorCode | ''
  readonly detail: string
  /** What to do about it. */
  readonly fix: string
}

export const THIS_NODE: DiagnosisSubject = { nation: '', peer: '', address: '' }

export function passed(subject: DiagnosisSubject, check: string, detail: string): DiagnosisCheck {
  return { ...subject, check, result: 'ok', code: '', detail, fix: '' }
}

export function failed(subject: DiagnosisSubject, check: string, { code, message, fix }: Fault): DiagnosisCheck {
  return { ...subject, check, result: 'failed', code, detail: message, fix }
}

export function skipped(subject: DiagnosisSubject, checks: readonly string[], because: string): DiagnosisCheck[] {
  return checks.map(check => ({ ...subject, check, result: 'skipped', code: '', detail: because, fix: '' }))
}

export function unknown(subject: DiagnosisSubject, check: string, why: string): DiagnosisCheck {
  return { ...subject, check, result: 'unknown', code: '', detail: why, fix: '' }
}
