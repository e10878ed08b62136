import type { Server } from 'node:http'

/** What is being answered may end; then connections are cut. */
const CLOSE_GRACE_MS = 5_000

export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  server.close(() => resolve())
  server.closeIdleConnections()
  await promise
  clearTimeout(cut)
}
