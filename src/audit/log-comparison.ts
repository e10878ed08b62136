import { toHex } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type LogIdHex, logIdHex, type NationId } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { verifyProof } from '../chain/proof.ts'
import { buildSameSeq } from '../chain/proof-build.ts'
import { checkSignature, type GenesisContext, identityOf } from '../chain/verify-entry.ts'
import { parseEnvelope } from '../wire/entry.ts'
import type { Proof } from '../wire/gen/tocsin.ts'
import type { LogOutcome, Side } from './compare-log.ts'
import type { LogPart } from './part.ts'

/** `ahead`: nothing contradicts, and one has more. It is said of a log and of the whole. */
export type ComparisonVerdict = 'same' | 'ahead' | 'different' | 'undecided'

/** What the comparison of one log came to. */
export interface LogComparison {
  readonly log: LogIdHex
  /** Whose it is; undefined where its GENESIS cannot be read. */
  readonly nation: NationId | undefined
  readonly verdict: ComparisonVerdict
  /** Of `ahead`: which file has more, and how many entries. */
  readonly ahead?: { readonly side: Side; readonly by: number }
  /** Of `different`: the first entry that is not the same, or the one up to which that can be told. */
  readonly seq?: number
  /** The two leaves there, in hex, and whether the author signed each. */
  readonly leaves?: readonly { readonly leaf: string; readonly signed: boolean }[]
  /** That the author said two different things: it holds by itself. */
  readonly proof?: Proof
  /** For people: a plain sentence that stands alone. */
  readonly sentence: string
}

const NAMES = ['The first file', 'The second file'] as const

export function nameOfSide(side: Side): string {
  return NAMES[side]
}

/** `run` is that of the first file. */
export function describeLog(run: LogPart, outcome: LogOutcome, context: GenesisContext): LogComparison {
  const author = authorOf(run, context)
  return { log: logIdHex(run.logId), nation: author?.nation, ...describeOutcome(run, outcome, author, context) }
}

/** Of a log that the other file has not; `asked`: it was to hold it. */
export function describeLonely(run: LogPart, side: Side, asked: boolean, context: GenesisContext): LogComparison {
  const by = run.size - run.from
  const base = { log: logIdHex(run.logId), nation: authorOf(run, context)?.nation }
  const sentence = `${NAMES[side]} alone has this log, with ${entryCount(by)}.`
  if (!asked) return { ...base, verdict: 'same', sentence: `${sentence} The other was not asked for it.` }
  return { ...base, verdict: 'ahead', ahead: { side, by }, sentence }
}

/** The author of a log by its GENESIS; undefined where that is none. */
export function authorOf({ genesis }: LogPart, { allianceId }: GenesisContext): LogIdentity | undefined {
  try {
    return identityOf(parseEnvelope(genesis), allianceId)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** A proof that holds, or undefined: it is not for us to judge where a document of the author is missing. */
export function provenBy(context: GenesisContext, build: () => Proof): Proof | undefined {
  try {
    const proof = build()
    verifyProof(proof, context)
    return proof
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

type Description = Omit<LogComparison, 'log' | 'nation'>

function describeOutcome(
  run: LogPart,
  outcome: LogOutcome,
  author: LogIdentity | undefined,
  context: GenesisContext,
): Description {
  switch (outcome.kind) {
    case 'same':
      return { verdict: 'same', sentence: `Both files have the same ${entryCount(outcome.size)}.` }
    case 'ahead': {
      const { side, by } = outcome
      const sentence = `${NAMES[side]} has ${entryCount(by)} more, after the same history.`
      return { verdict: 'ahead', ahead: { side, by }, sentence }
    }
    case 'fork-before': {
      const sentence = `The histories differ at an entry before ${outcome.seq}; exports that begin earlier show which.`
      return { verdict: 'different', seq: outcome.seq, sentence }
    }
    case 'other-tree': {
      const { side, tree } = outcome
      const sentence = `${NAMES[side]} has other entries than the checkpoint of size ${tree.size} in the other file, which the author signed.`
      return { verdict: 'different', seq: tree.size - 1, sentence }
    }
    case 'undecided':
      return { verdict: 'undecided', sentence: `This log cannot be compared: ${outcome.reason}.` }
    case 'fork':
      return describeFork(run, outcome, author, context)
  }
}

function describeFork(
  run: LogPart,
  { seq, entries }: Extract<LogOutcome, { kind: 'fork' }>,
  author: LogIdentity | undefined,
  context: GenesisContext,
): Description {
  const signed = entries.map(entry => author !== undefined && checkSignature(entry, author, context))
  const leaves = entries.map(({ leaf }, side) => ({ leaf: toHex(leaf), signed: signed[side]! }))
  const said = { verdict: 'different', seq, leaves } as const
  const forged = signed.indexOf(false)
  if (author === undefined || forged >= 0) {
    const sentence = `Entry ${seq} is not the same, and the author did not sign that of the ${forged === 0 ? 'first' : 'second'} file.`
    return { ...said, sentence }
  }
  const proof = provenBy(context, () => buildSameSeq(...entries, parseEnvelope(run.genesis)))
  const sentence = `${author.nation} signed two different entries ${seq} of one log.`
  if (proof !== undefined) return { ...said, proof, sentence }
  return { ...said, sentence: `${sentence} No document in the files names its key.` }
}

function entryCount(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`
}
