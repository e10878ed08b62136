import { Hono } from 'hono'
import type { NodeService } from '../node/orders/node-service.ts'
import { bytesAnswer, createStreams } from './byte-stream.ts'
import { addExportRoutes } from './export-routes.ts'
import { addFeedRoutes } from './feed-routes.ts'
import { createGate } from './gate.ts'
import { indicatorAbsent } from './reader-routes.ts'
import { parseRequest, readBody } from './request-body.ts'
import {
  approveRequest,
  audienceRequest,
  auditRequest,
  BUNDLE_BODY_BYTES_MAX,
  boundsRequest,
  bundleImportRequest,
  bundleRequest,
  DOCUMENTS_BODY_BYTES_MAX,
  diagnoseRequest,
  documentsRequest,
  entryRequest,
  eraseRequest,
  exportRequest,
  historyRequest,
  LOOKUP_BODY_BYTES_MAX,
  listRequest,
  lookupRequest,
  muteRequest,
  PUBLISH_BODY_BYTES_MAX,
  proveRequest,
  publishRequest,
  REPUBLISH_BODY_BYTES_MAX,
  rejectRequest,
  republishRequest,
  SMALL_BODY_BYTES_MAX,
  tokenRequest,
  trustRequest,
} from './request-schema.ts'
import { addScanRoutes } from './scan-routes.ts'
import { spoolBody } from './spooled-body.ts'
import type { StreamAnswer } from './stream-routes.ts'
import { addWarninglistRoutes } from './warninglist-routes.ts'

/** Bodies that are read or worked on at once; each may take its whole cap of memory. */
const BODIES_MAX = 8

/** Each calls every peer. */
const DIAGNOSES_MAX = 1

/** Each has a file of its own beside the store. */
const IMPORTS_MAX = 1

/** Each reads all that is held. */
const CHECKS_MAX = 1

/** What an operator, a command or another program on this machine may ask of the node; `folder` has room for files. */
export function createControlRoutes(service: NodeService, folder: string, streamed: StreamAnswer): Hono {
  const app = new Hono()
  const bodies = createGate(BODIES_MAX)
  const diagnoses = createGate(DIAGNOSES_MAX)
  const checks = createGate(CHECKS_MAX)
  const imports = createGate(IMPORTS_MAX)
  const streams = createStreams()

  app.get('/v1/status', c => c.json(service.status()))
  app.get('/v1/digest', async c => c.json(await service.digest()))
  app.get('/v1/peers', c => c.json({ peers: service.peers() }))
  app.get('/v1/sync', c => c.json(service.syncState()))
  app.post('/v1/sync', async c => {
    const { target } = await readBody(c, diagnoseRequest, SMALL_BODY_BYTES_MAX)
    return c.json(service.startSync(target))
  })
  app.get('/v1/registry', c => c.json(service.registry()))
  app.post('/v1/diagnose', c =>
    diagnoses(async () => {
      const { target } = await readBody(c, diagnoseRequest, SMALL_BODY_BYTES_MAX)
      return c.json({ checks: await service.diagnose(target) })
    }),
  )

  app.get('/v1/documents', c => c.json({ documents: service.documents() }))
  app.post('/v1/documents', c =>
    bodies(async () => {
      const { documents } = await readBody(c, documentsRequest, DOCUMENTS_BODY_BYTES_MAX)
      return c.json(await service.applyDocuments(documents))
    }),
  )
  app.get('/v1/bounds', c => {
    const { nation, size } = parseRequest(boundsRequest, c.req.query(), 'the query')
    return c.json({ bounds: service.bounds(nation, size) })
  })
  app.post('/v1/keys/reload', async c => c.json({ kemKeys: await service.reloadKemKeys() }))
  app.post('/v1/trust', async c => {
    const { trust } = await readBody(c, trustRequest, SMALL_BODY_BYTES_MAX)
    await service.pin(trust)
    return c.json({ pinned: true })
  })

  app.post('/v1/publish', c =>
    bodies(async () => {
      const { items, signature } = await readBody(c, publishRequest, PUBLISH_BODY_BYTES_MAX)
      return c.json({ outcomes: await service.publish(items, signature) })
    }),
  )
  app.post('/v1/lookup', c =>
    bodies(async () => {
      const { values } = await readBody(c, lookupRequest, LOOKUP_BODY_BYTES_MAX)
      return c.json({ results: await service.lookup(values) })
    }),
  )

  addScanRoutes(app, service, bodies, streams)

  app.post('/v1/audience', async c => {
    const { audience, tlp } = await readBody(c, audienceRequest, SMALL_BODY_BYTES_MAX)
    return c.json(service.audience(audience, tlp))
  })
  app.post('/v1/history', async c => {
    const { nation, group, sinceMs } = await readBody(c, historyRequest, SMALL_BODY_BYTES_MAX)
    return c.json(await service.grantHistory({ nation, group, sinceMs }))
  })
  app.get('/v1/groups', c => c.json({ groups: service.groups() }))

  app.get('/v1/tokens', async c => c.json({ tokens: await service.tokens() }))
  app.post('/v1/tokens', async c =>
    c.json(await service.addToken(await readBody(c, tokenRequest, SMALL_BODY_BYTES_MAX))),
  )
  app.post('/v1/tokens/:name/revoke', async c => {
    await service.revokeToken(c.req.param('name'))
    return c.json({ revoked: true })
  })

  addWarninglistRoutes(app, service)

  app.get('/v1/mutes', c => c.json({ muted: service.muted() }))
  app.post('/v1/mutes', async c => {
    const { nation, reason } = await readBody(c, muteRequest, SMALL_BODY_BYTES_MAX)
    await service.muteNation(nation, reason)
    return c.json({ muted: true })
  })
  app.post('/v1/mutes/:nation/remove', async c => {
    await service.unmuteNation(c.req.param('nation'))
    return c.json({ muted: false })
  })

  addFeedRoutes(app, service)

  app.get('/v1/held', c => c.json({ held: service.held() }))
  app.post('/v1/held/:id/approve', async c => {
    await service.approveHeld(c.req.param('id'), await readBody(c, approveRequest, SMALL_BODY_BYTES_MAX))
    return c.json({ approved: true })
  })
  app.post('/v1/held/:id/reject', async c => {
    const { reason } = await readBody(c, rejectRequest, SMALL_BODY_BYTES_MAX)
    await service.rejectHeld(c.req.param('id'), reason)
    return c.json({ rejected: true })
  })
  app.get('/v1/rules', c => c.json(service.rules()))
  app.post('/v1/rules/reload', async c => c.json(await service.reloadRules()))

  app.get('/v1/stream', c => streamed.answer(c, '', async () => service))
  app.get('/v1/indicators', async c =>
    c.json(await service.list(parseRequest(listRequest, c.req.query(), 'the query'))),
  )
  app.get('/v1/indicators/:idOrValue', async c => {
    const view = await service.show(c.req.param('idOrValue'))
    if (view !== null) return c.json(view)
    throw indicatorAbsent()
  })

  app.get('/v1/audit', c =>
    bodies(async () => c.json(await service.audit(parseRequest(auditRequest, c.req.query(), 'the query')))),
  )
  app.post('/v1/audit/export', async c => {
    const query = await readBody(c, exportRequest, SMALL_BODY_BYTES_MAX)
    return streams(() => service.exportHistory(query))
  })
  app.post('/v1/bundle/request', async () => bytesAnswer(service.requestBundle()))
  app.post('/v1/bundle/export', async c => {
    const { request, ...order } = await readBody(c, bundleRequest, BUNDLE_BODY_BYTES_MAX)
    return streams(() =>
      service.exportBundle({ ...order, ...(request && { request: Buffer.from(request, 'base64') }) }),
    )
  })
  app.post('/v1/bundle/import', c =>
    imports(async () => {
      const { dryRun } = parseRequest(bundleImportRequest, c.req.query(), 'the query')
      await using spooled = await spoolBody(c, folder)
      return c.json(await service.importBundle(spooled.path, dryRun === 'true'))
    }),
  )
  app.post('/v1/audit/prove', c =>
    bodies(async () => bytesAnswer(await service.proveEntry(await readBody(c, proveRequest, SMALL_BODY_BYTES_MAX)))),
  )
  app.get('/v1/alerts', c => c.json({ alerts: service.alerts() }))
  app.get('/v1/alerts/:id', c => {
    const { alert, file } = service.alertFile(c.req.param('id'))
    return c.json({ alert, file: file && Buffer.from(file).toString('base64') })
  })
  app.post('/v1/entries/show', async c =>
    c.json(await service.showEntry(await readBody(c, entryRequest, SMALL_BODY_BYTES_MAX))),
  )
  app.post('/v1/entries/erase', async c =>
    c.json(await service.eraseEntry(await readBody(c, eraseRequest, SMALL_BODY_BYTES_MAX))),
  )
  app.post('/v1/entries/purge', async c => {
    await service.purgeEntry(await readBody(c, entryRequest, SMALL_BODY_BYTES_MAX))
    return c.json({ destroyed: true })
  })
  app.get('/v1/quarantined', async c => c.json({ items: await service.quarantined() }))
  app.post('/v1/republish', c =>
    bodies(async () => {
      const { ids } = await readBody(c, republishRequest, REPUBLISH_BODY_BYTES_MAX)
      return c.json({ queued: await service.republish(ids) })
    }),
  )
  addExportRoutes(app, service)
  app.post('/v1/store/rebuild', async c => c.json(await service.rebuildView()))
  app.post('/v1/store/check', c => checks(async () => c.json(await service.checkStore())))
  app.post('/v1/store/export', () => streams(() => service.exportRows()))
  app.post('/v1/store/reopen', async c => c.json(await service.reopenItems()))
  app.post('/v1/incarnate', async c => c.json(await service.incarnate()))
  app.post('/v1/stop', c => {
    // After the answer is on its way.
    setImmediate(() => service.stop())
    return c.json({ stopping: true })
  })
  return app
}
