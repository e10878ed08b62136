import { equalBytes, fromHex, toHex } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { type AllianceId, type NationId, parseHash } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { buildRegistryHead, type VerifiedRegistryHead, verifyRegistryHead } from '../../chain/registry-head.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'
import type { Verdict } from '../../net/verdict.ts'
import type { Directory } from '../../registry/directory.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import type { StatedRegistry } from '../knowledge/log-status.ts'
import type { RegistryHints } from './registry-hints.ts'

export interface RegistryHeadsOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  directory(): Pick<Directory, 'nationsOfWitness'> & {
    readonly registry: Pick<Directory['registry'], 'version' | 'hash'>
  }
  readonly hints: Pick<RegistryHints, 'hint'>
  readonly clock: Clock
}

/** EvidenceItem.type of a head: on its way alone, and no part of the evidence. */
export const REGISTRY_HEAD = 5

/** What is said from a clock further ahead is not passed on: it could not be replaced before that time. */
const AHEAD_MS_MAX = 600_000
/** A nation has at most 64 nodes, and an alliance 512 nations; the one heard of longest ago is forgotten first. */
const HEADS_MAX = 4096

/**
 * who has which registry in force, by what the nodes say and sign. So a node that is kept from newer versions is
 * seen by the others, and one that others are ahead of asks for what it lacks. Nothing else follows from it.
 */
export function createRegistryHeads({ allianceId, nation, directory, hints, clock }: RegistryHeadsOptions) {
  /** By witness key: the last said. Insertion order is age. */
  const heads = new Map<string, VerifiedRegistryHead>()

  /** Throws ProtocolError for what is wrong whatever one knows. */
  function take(item: EvidenceItem): Verdict {
    const head = verifyRegistryHead(item.body, allianceId)
    const known = directory().nationsOfWitness(head.witnessPk)
    if (known.length === 0) return 'ignore'
    if (!known.includes(head.nation))
      throw new ProtocolError('note-malformed', 'a head of a registry by a key of another nation')
    const key = toHex(head.witnessPk)
    const isNew = head.timeMs > (heads.get(key)?.timeMs ?? -1)
    if (!isNew || head.timeMs > clock.now() + AHEAD_MS_MAX) return 'ignore'
    heads.delete(key)
    heads.set(key, head)
    if (heads.size > HEADS_MAX) heads.delete(heads.keys().next().value as string)
    follow(head)
    return 'accept'
  }

  function follow(head: VerifiedRegistryHead): void {
    const here = directory().registry
    const isOther = head.version === here.version && !equalBytes(head.hash, fromHex(here.hash))
    hints.hint(head.nation, isOther ? Number.MAX_SAFE_INTEGER : head.version)
  }

  return {
    take,
    /** What this node says now. */
    make(witness: Ed25519Signer): EvidenceItem {
      const { version, hash } = directory().registry
      const head = { nation, version, hash: parseHash(fromHex(hash)), timeMs: clock.now() }
      return { type: REGISTRY_HEAD, body: buildRegistryHead(allianceId, head, witness) }
    },
    /** Of each nation the furthest that one of its nodes said last, in the order of nations. */
    stated(): readonly StatedRegistry[] {
      const furthest = new Map<NationId, VerifiedRegistryHead>()
      for (const head of heads.values()) {
        const other = furthest.get(head.nation)
        if (other === undefined || head.version > other.version) furthest.set(head.nation, head)
      }
      return [...furthest.values()]
        .sort((a, b) => (a.nation < b.nation ? -1 : 1))
        .map(head => ({ nation: head.nation, version: head.version, hash: toHex(head.hash), timeMs: head.timeMs }))
    },
  }
}

export type RegistryHeads = ReturnType<typeof createRegistryHeads>

export interface RegistryHeadTimerOptions {
  /** What this node says; undefined while it may say nothing. */
  make(): EvidenceItem | undefined
  /** Of the registry in force. */
  hash(): string
  spread(items: readonly EvidenceItem[]): Promise<void>
  readonly intervalMs: number
  readonly logger: Logger
}

/** Says again and again which registry is in force here: what was said once nobody knows to be true still. */
export function startRegistryHeadTimer({ make, hash, spread, intervalMs, logger }: RegistryHeadTimerOptions) {
  let said = ''
  const timer = setInterval(() => {
    say().catch(error => logger.error({ err: error }, 'the registry in force could not be told'))
  }, intervalMs)

  async function say(): Promise<void> {
    const item = make()
    if (item === undefined) return
    said = hash()
    await spread([item])
  }

  return {
    say,
    /** Another may be in force, or this node may say it only now. */
    wake(): void {
      if (said !== hash()) say().catch(error => logger.error({ err: error }, 'the registry in force could not be told'))
    },
    stop(): void {
      clearInterval(timer)
    },
  }
}
