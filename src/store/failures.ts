import { type ErrorDetail, StoreError, TocsinError, UserError } from '../base/errors.ts'

/** What LevelDB throws, put into the words of this project. The cause stays attached. */

export function openFailure(cause: unknown, location: string): TocsinError {
  if (cause instanceof TocsinError) return cause
  const detail: ErrorDetail = { cause, data: { location } }
  if (hasCode(cause, 'LEVEL_LOCKED')) {
    return new UserError('store-locked', `another daemon runs on this home: ${location} is in use`, {
      ...detail,
      fix: 'Stop that daemon with "tocsin stop", or give this one a home of its own with --home.',
    })
  }
  return (
    known(cause, detail) ?? new StoreError('store-open-failed', `the store at ${location} cannot be opened`, detail)
  )
}

export function writeFailure(cause: unknown): TocsinError {
  if (cause instanceof TocsinError) return cause
  return (
    known(cause, { cause }) ??
    new StoreError('store-write-failed', 'writing to the store failed', {
      cause,
      fix: 'Look at the disk and its messages; the daemon tries again, and nothing acknowledged is lost.',
    })
  )
}

export function readFailure(cause: unknown): TocsinError {
  if (cause instanceof TocsinError) return cause
  return known(cause, { cause }) ?? new StoreError('store-read-failed', 'reading from the store failed', { cause })
}

/** The batch contradicts what is held: a fault of the calling code. */
export function misuse(message: string, data: ErrorDetail['data'] = {}): StoreError {
  return new StoreError('store-misuse', message, { data })
}

export function damaged(message: string, detail: ErrorDetail = {}): StoreError {
  return new StoreError('store-damaged', message, {
    fix: 'Stop the daemon and run "tocsin store repair": it keeps what is whole, and the peers give the rest again.',
    ...detail,
  })
}

function known(cause: unknown, detail: ErrorDetail): TocsinError | undefined {
  if (hasCode(cause, 'LEVEL_CORRUPTION')) return damaged('the store is damaged', detail)
  if (mentions(cause, /no space left|ENOSPC|quota exceeded|EDQUOT/i)) {
    return new StoreError('store-full', 'the disk is full', {
      ...detail,
      fix: 'Free space on the disk that holds the data directory; the daemon goes on by itself.',
    })
  }
  return undefined
}

const CAUSES_MAX = 8

function* chain(thrown: unknown): Generator<Error> {
  let error = thrown
  for (let depth = 0; error instanceof Error && depth < CAUSES_MAX; depth++) {
    yield error
    error = error.cause
  }
}

function hasCode(cause: unknown, code: string): boolean {
  return chain(cause).some(error => 'code' in error && error.code === code)
}

function mentions(cause: unknown, pattern: RegExp): boolean {
  return chain(cause).some(
    error => pattern.test(error.message) || ('code' in error && pattern.test(String(error.code))),
  )
}
