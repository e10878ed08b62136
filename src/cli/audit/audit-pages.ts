import { fromBase64, fromHex } from '../../base/bytes.ts'
import { StoreError } from '../../base/errors.ts'
import { parseHash } from '../../base/ids.ts'
import { AUDIT_LIMIT_MAX, type AuditPage, type AuditQuery } from '../../node/audit/audit-page.ts'
import type { AuditHead, AuditLine } from '../../policy/audit-chain.ts'
import type { ControlClient } from '../terminal/client.ts'

/** The audit log of the running node from record `from` on, up to where it went when this was asked. */
export interface AuditRun {
  readonly head: AuditHead
  readonly lines: AsyncIterable<AuditLine>
}

export async function readAudit(
  client: ControlClient,
  from: number | undefined,
  purpose: AuditQuery['purpose'],
): Promise<AuditRun> {
  const ask = (at: number) => client.audit({ from: at, limit: AUDIT_LIMIT_MAX, purpose })
  const page = await ask(from ?? 0)
  const head = { first: page.head.first, next: page.head.next, hash: parseHash(fromHex(page.head.hash)) }
  return { head, lines: follow(page, head.next, ask) }
}

async function* follow(
  first: AuditPage,
  next: number,
  ask: (from: number) => Promise<AuditPage>,
): AsyncGenerator<AuditLine> {
  for (let page = first; ; ) {
    const lines = page.records.map(({ number, bytes }) => ({ number, bytes: decoded(bytes) }))
    const last = lines.at(-1)
    for (const line of lines) {
      if (line.number >= next) return
      yield line
    }
    if (last === undefined || last.number + 1 >= next) return
    page = await ask(last.number + 1)
  }
}

function decoded(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch (cause) {
    throw new StoreError('api-answer-invalid', 'a record of the audit log is not base64', { cause })
  }
}
