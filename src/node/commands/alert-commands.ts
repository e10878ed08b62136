import type { AlertKind } from '../../audit/alert.ts'
import { createAuditFileWriter } from '../../audit/file.ts'
import { equalBytes, fromHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { type AllianceId, type LogId, type NationId, parseLogId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { encodeFact } from '../../chain/checkpoint-facts.ts'
import { buildContradiction } from '../../chain/contradiction.ts'
import { encodeProof } from '../../chain/proof-build.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import type { AlertBook, SeenAlert } from '../audit/alert-book.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import type { ProofPiece } from '../knowledge/log-evidence.ts'
import type { AlertView, NodeService } from '../orders/node-service.ts'

interface Parts {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly book: Pick<EvidenceBook, 'checkpoints' | 'proofs' | 'documents'>
  readonly alerts: Pick<AlertBook, 'list'>
  readonly clock: Clock
}

/** Who contradicts itself, and the proof of it. */
export function createAlertCommands(node: Parts): Pick<NodeService, 'alerts' | 'alertFile'> {
  function found(id: string): SeenAlert {
    const [alert, ...others] = node.alerts.list().filter(each => each.id.startsWith(id))
    if (alert !== undefined && others.length === 0) return alert
    const message = alert === undefined ? `there is no alert ${id}` : `several alerts begin with ${id}`
    throw new UserError('alert-absent', message, { fix: '"tocsin alerts list" has their ids.' })
  }

  return {
    alerts: () => node.alerts.list().map(viewOf),
    alertFile(id) {
      const alert = found(id)
      return { alert: viewOf(alert), file: alert.kind === 'grant' ? null : fileOf(evidenceFor(alert, node), node) }
    },
  }
}

function viewOf({ nation, log, at, ...alert }: SeenAlert): AlertView {
  return { ...alert, nation: nation ?? '', log: log ?? '', at: at ?? null }
}

/** What shows it besides the documents, with all that says how much of the log is witnessed. */
function evidenceFor({ kind, log, at }: SeenAlert, { book }: Parts): readonly EvidenceItem[] {
  if (log === undefined) return []
  const logId = parseLogId(fromHex(log))
  const facts = book.checkpoints(logId)
  const checkpoints: EvidenceItem[] = facts.map(fact => ({ type: EVIDENCE.CHECKPOINT, body: encodeFact(fact) }))
  const contradiction = kind === 'checkpoints' ? buildContradiction(facts) : undefined
  if (contradiction !== undefined) checkpoints.unshift({ type: EVIDENCE.PROOF, body: encodeProof(contradiction) })
  const proofs = book.proofs().filter(piece => shows(piece, kind, logId, at))
  return [...proofs.map(({ item }) => item), ...checkpoints]
}

function shows(
  { verified: { logs, effect } }: ProofPiece,
  kind: AlertKind,
  logId: LogId,
  at: number | undefined,
): boolean {
  if (effect.at !== at || !logs.some(log => equalBytes(log.logId, logId))) return false
  if (logs.length > 1) return kind === 'second-log'
  return effect.kind === 'bad-leaf' ? kind === 'bad-leaf' : kind === 'fork'
}

/** An export that holds nothing but this evidence and the documents by which it is judged. */
function fileOf(evidence: readonly EvidenceItem[], { allianceId, nation, book, clock }: Parts): Uint8Array {
  const writer = createAuditFileWriter('audit')
  const header = {
    allianceId,
    madeMs: clock.now(),
    exporter: nation,
    logs: [],
    sinceMs: 0,
    sinceSeq: 0,
    withBodies: false,
  }
  return Buffer.concat([
    writer.opening,
    writer.add({ kind: 'header', ...header }),
    ...book.documents(nation).map(({ body }) => writer.add({ kind: 'document', signedDoc: body })),
    ...evidence.map(item => writer.add({ kind: 'evidence', item })),
    writer.end(),
  ])
}
