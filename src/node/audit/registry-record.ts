import { fromHex } from '../../base/bytes.ts'
import type { Logger } from '../../base/ports.ts'
import type { DocHashHex } from '../../registry/doc-fields.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import type { AuditLog } from './audit-log.ts'

/** Puts into the audit log which registry is in force, whenever that is another. */
export function createRegistryRecord(
  book: Pick<EvidenceBook, 'directory'>,
  audit: Pick<AuditLog, 'record'>,
  logger: Logger,
) {
  let recorded: DocHashHex | undefined
  return (): void => {
    const { version, hash } = book.directory().registry
    if (recorded === hash) return
    recorded = hash
    audit
      .record({ kind: 'registry-applied', by: 'node', subject: fromHex(hash), count: version })
      .catch(error => logger.error({ err: error }, 'a decision was not recorded'))
  }
}
