import { fromBase64, toBase64 } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { documentsOf } from '../../registry/evidence.ts'
import { encodeSignedDoc } from '../../registry/signed-doc.ts'
import { parseTrust, type Trust } from '../../registry/trust-string.ts'
import type { EdgeNode } from '../edge.ts'
import { documentItem } from '../knowledge/evidence-book.ts'
import { proposeBounds } from '../knowledge/log-bounds.ts'
import type { AppliedDocuments, NodeService } from '../orders/node-service.ts'

type AllianceSources = Pick<EdgeNode, 'book' | 'store' | 'pins' | 'documentSpread'>
type AllianceCommands = Pick<NodeService, 'documents' | 'applyDocuments' | 'pin' | 'bounds'>

export interface KeepingHooks {
  /** Makes the operator's pin last beyond this run. */
  keepTrust(trust: Trust): Promise<void>
  /** Documents that were taken in last, too: the next command reads them from the home. */
  keepDocuments(): Promise<void>
}

/** What an operator asks of a running node about the alliance's documents; what is kept is in the home then. */
export function createAllianceCommands(
  node: AllianceSources,
  { keepTrust, keepDocuments }: KeepingHooks,
): AllianceCommands {
  const { book, store } = node
  return {
    documents: () => documentsOf(book.documentSet()).map(doc => toBase64(encodeSignedDoc(doc))),
    async applyDocuments(documents): Promise<AppliedDocuments> {
      const items = documents.map(text => documentItem(parseBase64(text)))
      const { documents: fresh, ...result } = await book.apply(items, 'operator')
      void node.documentSpread.spread(fresh)
      await keepDocuments()
      return { ...result, registryVersion: book.directory().registry.version }
    },
    async pin(text) {
      const trust = parseTrust(text)
      node.pins.assertHeld(trust)
      await keepTrust(trust)
      await node.pins.pinTo(trust)
    },
    bounds: (nation, size) => proposeBounds(nation, store, book, size),
  }
}

function parseBase64(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch (cause) {
    throw new UserError('api-request-invalid', 'a document is not base64', { cause })
  }
}
