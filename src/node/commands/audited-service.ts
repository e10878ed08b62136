import { utf8 } from '../../base/bytes.ts'
import { sha256 } from '../../base/hash.ts'
import type { AuditDecision } from '../../policy/audit-record.ts'
import { exportName, proofName } from '../audit/audit-commands.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { bundleName } from '../bundles/bundle-commands.ts'
import type { NodeService } from '../orders/node-service.ts'
import type { ChangeReading } from '../reading/change-reading.ts'
import type { Reading } from '../reading/indicator-reading.ts'
import { exportOrderName } from './export-commands.ts'

/**
 * The service as somebody is to have it: whatever they read or change is in the audit log before they are answered, once
 * a call, with how much it was and never what. What is published is recorded where it is decided (`release-audit.ts`).
 */
export function auditedService(service: NodeService, { record }: Pick<AuditLog, 'record'>, by: string): NodeService {
  /** Recorded first: an order that cannot be recorded is not carried out. */
  async function change<T>(decision: Omit<AuditDecision, 'by'>, work: () => Promise<T>): Promise<T> {
    await record({ ...decision, by })
    return work()
  }

  return {
    ...service,
    held() {
      const held = service.held()
      void record({ kind: 'read', by, name: 'queue', count: held.length })
      return held
    },
    ...auditedReading(service, { record }, by),
    audit: query => {
      const kind = query.purpose === 'export' ? 'exported' : 'read'
      return change({ kind, name: `audit log from ${query.from}` }, () => service.audit(query))
    },
    exportHistory: query => {
      const kind = query.purpose === 'export' ? 'exported' : 'read'
      return change({ kind, name: exportName(query) }, () => service.exportHistory(query))
    },
    proveEntry: query => change({ kind: 'exported', name: proofName(query) }, () => service.proveEntry(query)),
    showEntry: query =>
      change({ kind: 'read', name: `entry ${query.log}/${query.seq}` }, () => service.showEntry(query)),
    applyDocuments: documents =>
      change({ kind: 'documents-given', count: documents.length, subject: sha256(utf8(documents.join())) }, () =>
        service.applyDocuments(documents),
      ),
    pin: trust => change({ kind: 'trust-pinned', subject: sha256(utf8(trust)) }, () => service.pin(trust)),
    exportIndicators: order =>
      change({ kind: 'exported', name: exportOrderName(order) }, () => service.exportIndicators(order)),
    releaseExport: (name, held) => change({ kind: 'export-released', name }, () => service.releaseExport(name, held)),
    exportBundle: order => change({ kind: 'exported', name: bundleName(order) }, () => service.exportBundle(order)),
    importBundle: (path, dryRun) =>
      dryRun
        ? service.importBundle(path, dryRun)
        : change({ kind: 'documents-given', name: 'bundle' }, () => service.importBundle(path, dryRun)),
    searchable: () => change({ kind: 'read', name: 'scan' }, () => service.searchable()),
    exportRows: () => change({ kind: 'backed-up' }, () => service.exportRows()),
    rebuildView: () => change({ kind: 'view-rebuilt', name: 'rebuild' }, () => service.rebuildView()),
    reopenItems: () => change({ kind: 'view-rebuilt', name: 'reopen' }, () => service.reopenItems()),
    incarnate: () => change({ kind: 'incarnated', name: 'asked for' }, () => service.incarnate()),
  }
}

/** What is read, and not who else could have: also for the bearer of a token. */
export function auditedReading(
  reading: Reading & ChangeReading,
  { record }: Pick<AuditLog, 'record'>,
  by: string,
): Reading & ChangeReading {
  async function read<T>(name: string, work: Promise<T>, countOf: (result: T) => number): Promise<T> {
    const result = await work
    await record({ kind: 'read', by, name, count: countOf(result) })
    return result
  }

  return {
    changesNow: reading.changesNow,
    onChange: reading.onChange,
    async changes(query) {
      const page = await reading.changes(query)
      // Whoever waits for changes reads nothing.
      if (page.events.length > 0) await record({ kind: 'read', by, name: 'changes', count: page.events.length })
      return page
    },
    lookup: values =>
      read(`lookup of ${values.length}`, reading.lookup(values), results =>
        sum(results, ({ indicators, related }) => indicators.length + related.length),
      ),
    list: query => read('list', reading.list(query), ({ indicators }) => indicators.length),
    show: idOrValue => read('show', reading.show(idOrValue), view => (view === null ? 0 : 1)),
  }
}

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0)
}
