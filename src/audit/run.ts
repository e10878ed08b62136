import { equalBytes } from '../base/bytes.ts'
import { kindOf } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type AllianceId, logIdHex, type NationId } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { identityOf, type VerifySignatureAsync, verifyGenesis } from '../chain/verify-entry.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { type ParsedEntry, parseEnvelope } from '../wire/entry.ts'
import type { AuditedRun } from './audited-run.ts'
import { createChainRun } from './chain-run.ts'
import { createContentRun } from './content-run.ts'
import { type FindingBook, logName } from './finding.ts'
import type { LogPart } from './part.ts'
import { createRunFindings } from './run-findings.ts'

/** A run whose GENESIS says what the log is. */
export interface AnnouncedRun {
  readonly part: LogPart
  readonly log: LogIdentity
  readonly genesis: ParsedEntry
}

export interface GenesisRules {
  readonly allianceId: AllianceId
  readonly keyStands: (nation: NationId, signPk: Uint8Array) => boolean
}

/**
 * Reads what is announced. Undefined where nothing can be verified under that GENESIS; a key that no
 * document names, or a signature that fails, is found and the entries are looked at all the same.
 */
export function announceRun(part: LogPart, rules: GenesisRules, { add }: FindingBook): AnnouncedRun | undefined {
  const name = logName(logIdHex(part.logId), undefined)
  const place = { log: logIdHex(part.logId), seq: 0 }
  const report = (error: unknown) => {
    if (!(error instanceof ProtocolError)) throw error
    const verdict = kindOf(error.code) === 'unknown' ? 'missing' : 'false'
    add({ code: error.code, verdict, ...place, sentence: `The GENESIS of ${name} does not hold: ${error.message}.` })
  }
  try {
    const genesis = parseEnvelope(part.genesis)
    const log = identityOf(genesis, rules.allianceId)
    if (!equalBytes(log.logId, part.logId)) {
      throw new ProtocolError('entry-wrong-log', 'it is that of another log')
    }
    try {
      verifyGenesis(genesis, { ...rules, verify: verifyEd25519 })
    } catch (error) {
      report(error)
    }
    return { part, log, genesis }
  } catch (error) {
    report(error)
    return undefined
  }
}

export interface RunContext {
  readonly allianceId: AllianceId
  /** Version of the registry in force. */
  readonly registryVersion: number
  readonly verify: VerifySignatureAsync
  readonly book: FindingBook
}

export interface OpenRun {
  add(envelopes: readonly Uint8Array[]): Promise<void>
  end(): Promise<AuditedRun>
}

/** `sizes`: at which somebody says what the root is. */
export function openRun(
  { part, log, genesis }: AnnouncedRun,
  sizes: ReadonlySet<number>,
  context: RunContext,
): OpenRun {
  const logHex = logIdHex(log.logId)
  const findings = createRunFindings(logHex, log.nation, context.book)
  const { registryVersion } = context
  const content = createContentRun({ genesisVersion: log.genesisRegistryVersion, registryVersion }, findings)
  const chain = createChainRun({
    ...part,
    ...context,
    log,
    genesisLeaf: genesis.leaf,
    sizes,
    findings,
    onEntry: content.see,
  })
  return {
    add: chain.add,
    async end() {
      const links = await chain.end()
      const said = content.end()
      findings.close()
      return { part, log, logHex, genesis, chain: links, content: said }
    },
  }
}
