import { toHex, u64be, utf8 } from '../base/bytes.ts'
import { labelledHash } from '../base/hash.ts'
import { type LogIdHex, logIdHex, type NationId } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { PROOF_TYPE, type VerifiedProof } from '../chain/proof.ts'
import type { Standing } from '../chain/standing.ts'
import type { Directory } from '../registry/directory.ts'
import { listOf } from '../registry/phrase.ts'

export type AlertKind =
  /** Two entries at one place, or one that follows nothing. */
  | 'fork'
  /** Two logs of one key and incarnation. */
  | 'second-log'
  /** Signed trees of one size. */
  | 'checkpoints'
  /** Two quorums for contradictory trees. */
  | 'quorum'
  /** A signed tree with a leaf that is no entry. */
  | 'bad-leaf'
  /** Registries of one version. */
  | 'registry'
  /** Documents of one nation and version. */
  | 'documents'
  /** A grant that holds something else than it says; only its readers can tell. */
  | 'grant'

/** Somebody contradicts itself, or deceives: who, where, and what comes of it. */
export interface Alert {
  /** The same at every node that knows the same: 16 digits in hex. */
  readonly id: string
  readonly kind: AlertKind
  /** Undefined where it is not one nation. */
  readonly nation: NationId | undefined
  readonly log?: LogIdHex
  /** In that log; of trees their size. */
  readonly at?: number
  /** What was done: a plain sentence. */
  readonly sentence: string
  /** What it does, as of now. */
  readonly effect: string
}

/** What is known against the author of one log. */
export interface AccusedLog {
  readonly log: LogIdentity
  readonly proofs: readonly VerifiedProof[]
  readonly standing: Standing
}

/** What proofs, checkpoints and their cosignatures show, each thing once. */
export function alertsOfLogs(logs: readonly AccusedLog[]): Alert[] {
  const found = logs.flatMap(accused => [...accused.proofs.map(proof => ofProof(proof, accused)), ...ofTrees(accused)])
  return [...new Map(found.map(alert => [alert.id, alert])).values()]
}

/** What documents of the alliance show. */
export function alertsOfDocuments(directory: Directory): Alert[] {
  const alerts: Alert[] = []
  if (directory.split !== undefined) alerts.push(ofSplit(directory.split, directory.registry.version))
  for (const { nation, siblings, doc } of directory.members()) {
    const [first] = siblings
    if (first === undefined) continue
    alerts.push({
      id: idOf('documents', utf8(nation), u64be(first.version)),
      kind: 'documents',
      nation,
      sentence: `${nation} signed ${siblings.length} documents of version ${first.version}.`,
      effect:
        doc === undefined
          ? 'None of its documents is in force; nobody else is held up.'
          : `Its document of version ${doc.version} stays in force; nobody else is held up.`,
    })
  }
  return alerts
}

/** The grant at `seq`, found wrong by a reader of it. */
export function alertOfGrant(nation: NationId, log: LogIdHex, at: number, fault: string): Alert {
  return {
    id: idOf('grant', utf8(log), u64be(at)),
    kind: 'grant',
    nation,
    log,
    at,
    sentence: `The key grant of ${nation} at ${placeOf(log, at)} ${fault}.`,
    effect: 'What can be opened with it is opened; the author was told in a sealed complaint.',
  }
}

function ofProof({ type, effect, logs }: VerifiedProof, { log, standing }: AccusedLog): Alert {
  const { nation } = log
  const key = logIdHex(log.logId)
  const place = { nation, log: key, at: effect.at, effect: effectOf(standing) }
  if (logs.length > 1) {
    const sentence = `${nation} opened ${logs.length} logs with one key and one incarnation.`
    return { id: idOf('second-log', log.signPk, u64be(log.incarnation)), kind: 'second-log', ...place, sentence }
  }
  if (effect.kind === 'bad-leaf') {
    const sentence = `${nation} signed a tree of its log ${short(key)} in which leaf ${effect.at} is no entry signed by it.`
    return { id: idOf('bad-leaf', log.logId, u64be(effect.at)), kind: 'bad-leaf', ...place, sentence }
  }
  if (effect.trees.length > 0) return ofCheckpoints(log, standing)
  const sentence =
    type === PROOF_TYPE.BROKEN_PREV
      ? `${nation} signed an entry that does not follow its entry ${placeOf(key, effect.at)}.`
      : `${nation} signed two different entries at ${placeOf(key, effect.at)}.`
  return { id: idOf('fork', log.logId, u64be(effect.at)), kind: 'fork', ...place, sentence }
}

function ofTrees({ log, standing }: AccusedLog): Alert[] {
  const alerts: Alert[] = []
  if (standing.alarms.includes('contradictory-checkpoints')) alerts.push(ofCheckpoints(log, standing))
  if (standing.alarms.includes('contradictory-quorum')) {
    alerts.push({
      id: idOf('quorum', log.logId),
      kind: 'quorum',
      nation: log.nation,
      log: logIdHex(log.logId),
      sentence: `Witnesses signed trees of the log ${short(logIdHex(log.logId))} of ${log.nation} that contradict each other, a quorum each: more of them lie than the alliance reckons with.`,
      effect: effectOf(standing),
    })
  }
  return alerts
}

function ofCheckpoints({ logId, nation }: LogIdentity, standing: Standing): Alert {
  return {
    id: idOf('checkpoints', logId),
    kind: 'checkpoints',
    nation,
    log: logIdHex(logId),
    sentence: `${nation} signed checkpoints of its log ${short(logIdHex(logId))} that contradict each other.`,
    effect: effectOf(standing),
  }
}

function ofSplit({ siblings, signersOfBoth }: NonNullable<Directory['split']>, inForce: number): Alert {
  const { version } = siblings[0]!
  const both =
    signersOfBoth.length === 0 ? 'No governor signed more than one' : `${listOf(signersOfBoth)} signed more than one`
  return {
    id: idOf(
      'registry',
      u64be(version),
      ...siblings
        .map(({ hash }) => String(hash))
        .sort()
        .map(utf8),
    ),
    kind: 'registry',
    nation: signersOfBoth.length === 1 ? signersOfBoth[0] : undefined,
    sentence: `${siblings.length} registries of version ${version} are signed by a threshold of governors each. ${both}.`,
    effect: `Version ${inForce} stays in force until the governors sign a version that continues one of them, or an operator pins one.`,
  }
}

function effectOf({ limit, quorate, reason }: Standing): string {
  const witnessed =
    quorate === undefined || quorate.size === 0 ? '' : ` ${quorate.size} are witnessed, and nobody can take them back.`
  if (!Number.isFinite(limit)) return `It limits nothing now.${witnessed}`
  const why = reason === 'bounded' || reason === 'suspended' ? `, because the log is ${reason}` : ''
  return limit === 0
    ? `Nothing of the log stands${why}.`
    : `The first ${limit} entries of the log stand, and nothing behind them${why}.${witnessed}`
}

function placeOf(log: LogIdHex, seq: number): string {
  return `${short(log)}/${seq}`
}

function short(log: LogIdHex): string {
  return log.slice(0, 16)
}

function idOf(kind: AlertKind, ...subject: readonly Uint8Array[]): string {
  return toHex(labelledHash('tocsin/alert/v1', utf8(`${kind}\0`), ...subject)).slice(0, 16)
}
