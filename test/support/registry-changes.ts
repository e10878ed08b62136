import { randomBytes } from 'node:crypto'
import { fromHex, toBase64 } from '../../src/base/bytes.ts'
import type { Logger } from '../../src/base/ports.ts'
import type { BoundView } from '../../src/node/knowledge/log-bounds.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import { STATUS } from '../../src/registry/registry-doc.ts'
import { parseSignedDoc, type RootSigner } from '../../src/registry/signed-doc.ts'
import { encodeTrust } from '../../src/registry/trust-string.ts'
import { decodeLoose } from '../../src/wire/codec.ts'
import { RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import type { RunningNode, TestAlliance } from './node-alliance.ts'
import { nextRegistry } from './node-rotation.ts'

/** Governors at work: further versions of the registry of a test alliance, each given to one running node. */

export interface Governing {
  /** The version after `before` (the founding one where left out), signed by all, or by these members. */
  next(
    change?: (message: RegistryDoc) => Partial<RegistryDoc>,
    before?: Uint8Array,
    signers?: readonly number[],
  ): Uint8Array
}

export function governing({ allianceId, documents, members }: TestAlliance): Governing {
  const roots: readonly RootSigner[] = members.map(({ root }) => root)
  return {
    next: (change, before = documents[0]!, signers = members.map((_, i) => i)) =>
      nextRegistry(
        allianceId,
        before,
        signers.map(i => roots[i]!),
        Date.now(),
        change,
      ),
  }
}

export const expel = (nation: string, bounds: readonly BoundView[]) => (message: RegistryDoc) =>
  withStatus(message, nation, STATUS.EXPELLED, bounds)

export const suspend = (nation: string, bounds: readonly BoundView[]) => (message: RegistryDoc) =>
  withStatus(message, nation, STATUS.SUSPENDED, bounds)

function withStatus({ nations }: RegistryDoc, nation: string, status: number, bounds: readonly BoundView[]) {
  const given = bounds.map(({ logId, size, root }) => ({ logId: fromHex(logId), size, root: fromHex(root) }))
  return { nations: nations.map(entry => (entry.nation === nation ? { ...entry, status, bounds: given } : entry)) }
}

/** Bounds of logs that nobody has: what makes a document large. */
export function idleBounds(count: number) {
  return Array.from({ length: count }, () => ({ logId: randomBytes(32), size: 1, root: randomBytes(32) }))
}

export function apply({ service }: RunningNode, ...documents: readonly Uint8Array[]) {
  return service.applyDocuments(documents.map(toBase64))
}

/** The trust string of a registry version, whether it is in force at the node or not. */
export function trustOf({ node }: RunningNode, document: Uint8Array): string {
  const { hash, docBytes } = parseSignedDoc(document)
  const { version } = decodeLoose(RegistryDoc, docBytes, false)
  return encodeTrust({ allianceId: node.allianceId, version, hash: docHashHex(hash) })
}

export interface LogLine {
  readonly level: 'warn' | 'error'
  readonly code: string
  readonly text: string
}

/** Keeps what an operator would be told of. */
export function keepingLogger(): { readonly logger: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const keep = (level: LogLine['level']) => (data: object, message: string) => {
    const { code = '', problem = '' } = data as { code?: string; problem?: string }
    lines.push({ level, code, text: `${message} ${problem}` })
  }
  return { logger: { debug() {}, info() {}, warn: keep('warn'), error: keep('error') }, lines }
}
