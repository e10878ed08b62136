import { rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { UserError } from '../base/errors.ts'

/** What every system takes as the path of a Unix socket; macOS has the least. */
const SOCKET_PATH_BYTES_MAX = 103

/** Throws UserError `socket-path-too-long`, or `daemon-running` where a daemon answers at the socket. */
export async function assertSocketFree(path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new UserError('socket-path-too-long', `${path} is too long for the path of a socket`, {
      fix: `Choose a home whose path has fewer than ${SOCKET_PATH_BYTES_MAX - 'control.sock'.length} bytes.`,
    })
  }
  if (await answers(path)) {
    throw new UserError('daemon-running', `a daemon is already running on ${path}`, {
      fix: 'Use it, or stop it with "tocsin stop".',
    })
  }
}

/** Listens on a socket that only its owner may open; what a dead daemon left there is removed. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await assertSocketFree(path)
  await rm(path, { force: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  // `listen` binds before it returns, so no moment passes in which another user could connect.
  const before = process.umask(0o177)
  try {
    server.listen(path, resolve)
  } finally {
    process.umask(before)
  }
  await promise.catch(cause => {
    throw new UserError('api-listen-failed', `the control socket ${path} cannot be made: ${cause.message}`, {
      fix: 'Check that the home exists and belongs to the user that runs the daemon.',
      cause,
    })
  })
  server.off('error', reject)
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}
