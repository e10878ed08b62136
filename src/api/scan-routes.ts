import type { Hono } from 'hono'
import { z } from 'zod'
import type { ScanCommands } from '../node/reading/scan-commands.ts'
import { LOOKUPS_MAX } from '../store/caps.ts'
import type { createStreams } from './byte-stream.ts'
import type { createGate } from './gate.ts'
import { readBody } from './request-body.ts'
import { LOOKUP_BODY_BYTES_MAX } from './request-schema.ts'

const subjectsRequest = z.strictObject({
  subjects: z
    .array(z.strictObject({ type: z.string(), value: z.string() }))
    .min(1)
    .max(LOOKUPS_MAX),
})

/** What a search of texts asks of the daemon; `bodies` and `streams` are those of the other control routes. */
export function addScanRoutes(
  app: Hono,
  service: ScanCommands,
  bodies: ReturnType<typeof createGate>,
  streams: ReturnType<typeof createStreams>,
): void {
  app.post('/v1/scan/searchable', () => streams(() => service.searchable()))
  app.post('/v1/scan/indicators', c =>
    bodies(async () => {
      const { subjects } = await readBody(c, subjectsRequest, LOOKUP_BODY_BYTES_MAX)
      return c.json({ indicators: await service.indicatorsOf(subjects) })
    }),
  )
}
