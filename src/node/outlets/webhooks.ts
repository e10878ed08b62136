import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { groupKey } from '../../policy/audience-name.ts'
import { type Clearance, parseClearance } from '../../policy/clearance.ts'
import { readSecret } from '../home/home.ts'
import { nationStatus } from '../knowledge/directory-views.ts'
import type { Knowledge } from '../knowledge.ts'
import type { NodeOptions } from '../node-options.ts'
import type { Opening } from '../opening.ts'
import type { Problem } from '../orders/node-service.ts'
import { PLAIN_CURSORS } from '../reading/cursor-seal.ts'
import { createClearedChanges } from '../reading/readers.ts'
import type { ReleaseOffice } from '../rules/release-office.ts'
import { scoringOf } from '../rules/scoring.ts'
import type { WarningBook } from '../rules/warning-book.ts'
import { startWebhook, type Webhook, type WebhookStatus } from './webhook.ts'

export interface WebhookInputs {
  readonly knowledge: Pick<Knowledge, 'book'>
  readonly opening: Pick<Opening, 'groups'>
  readonly release: Pick<ReleaseOffice, 'rules'>
  readonly warnings: WarningBook
}

export type Webhooks = ReturnType<typeof startWebhooks>

const SECRET_BYTES_MIN = 16
/** A receiver that is started anew has answered by then. */
const DOWN_SHOWN_MS = 120_000

/** The `webhooks:` of the configuration. */
export function startWebhooks({ config, store, clock, logger }: NodeOptions, inputs: WebhookInputs) {
  const { knowledge, opening, release, warnings } = inputs
  const scoring = scoringOf({ release, warnings, clock })
  const standingOf = (nation: NationId) => nationStatus(knowledge.book.directory(), nation)
  const clearanceOf = (text: string): Clearance => parseClearance(text, called => groupKey(opening.groups.find(called)))
  const all: Webhook[] = config.webhooks.map(each =>
    startWebhook({
      config: each,
      reading: () => createClearedChanges(store, clearanceOf(each.clearance), standingOf, scoring, PLAIN_CURSORS),
      secret: () => readWebhookSecret(each.secretFile),
      store,
      clock,
      logger,
    }),
  )
  return {
    status: () => all.map(webhook => webhook.status()),
    problems: () => all.flatMap(webhook => problemOf(webhook.status(), clock.now())),
    async stop(): Promise<void> {
      await Promise.all(all.map(webhook => webhook.stop()))
    },
  }
}

/** Read at each batch: one may be put in place of another. Throws UserError. */
async function readWebhookSecret(path: string): Promise<Uint8Array> {
  const secret = Buffer.from(
    Buffer.from(await readSecret(path))
      .toString('utf8')
      .trim(),
  )
  if (secret.length >= SECRET_BYTES_MIN) return secret
  throw new UserError('webhook-secret', `${path} holds fewer than ${SECRET_BYTES_MIN} characters`, {
    fix: 'Write a random text into it: openssl rand -hex 32',
  })
}

function problemOf({ name, held, reason, downSinceMs }: WebhookStatus, nowMs: number): Problem[] {
  if (downSinceMs === undefined || (!held && nowMs - downSinceMs < DOWN_SHOWN_MS)) return []
  const since = new Date(downSinceMs).toISOString()
  return [
    {
      grade: 'warning',
      code: held ? 'webhook-refused' : 'webhook-down',
      occasion: name,
      message: `the webhook ${name} has not been taken since ${since}: ${reason}`,
      fix: held
        ? 'Put the receiver right, or its address in config.yaml; it is tried again each quarter of an hour, and at a start.'
        : 'Look at the receiver; it is tried again until it answers, and nothing is lost meanwhile.',
    },
  ]
}
