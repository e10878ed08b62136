import { readFileSync } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { UserError } from '../../base/errors.ts'
import { selfTest } from '../../crypto/self-test.ts'

/** What the machine has to offer, whatever node is to run on it. Each gives what was found, or throws what is wrong. */

const MIB = 1024 * 1024
/** A store of a million indicators needs about as much again while it is compacted. */
const FREE_BYTES_MIN = 512 * MIB

export async function checkNodeVersion(): Promise<string> {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const minimum = String(JSON.parse(manifest).engines.node).replace(/^\D*/, '')
  const here = process.versions.node
  const rank = (version: string) => {
    const [major, minor] = version.split('.').map(Number)
    return major! * 1000 + minor!
  }
  if (rank(here) >= rank(minimum)) return here
  throw new UserError('node-version', `this is Node ${here}, and ${minimum} or later is needed`, {
    fix: 'Install a newer Node.',
  })
}

export async function checkCryptography(): Promise<string> {
  selfTest()
  return 'every primitive gives its known answers'
}

export async function checkDisk(path: string): Promise<string> {
  const { bavail, bsize } = await statfs(path).catch(cause => {
    throw new UserError('file-unreadable', `the disk of ${path} cannot be asked: ${cause.message}`, { cause })
  })
  const free = bavail * bsize
  const shown = `${Math.floor(free / MIB).toLocaleString('en')} MiB free`
  if (free >= FREE_BYTES_MIN) return shown
  throw new UserError('disk-low', `${shown}, and ${FREE_BYTES_MIN / MIB} MiB should be`, {
    fix: 'Make room: with a full disk the node takes nothing in.',
  })
}

/** What can be told without asking anybody: the present is not before something that has happened. */
export async function checkClock(
  witnesses: readonly { readonly what: string; readonly timeMs: number }[],
): Promise<string> {
  const nowMs = Date.now()
  const later = witnesses.find(({ timeMs }) => timeMs > nowMs)
  if (later === undefined) return new Date(nowMs).toISOString()
  const when = new Date(later.timeMs).toISOString()
  throw new UserError(
    'clock-implausible',
    `the clock says ${new Date(nowMs).toISOString()}, but ${later.what} is of ${when}`,
    {
      fix: 'Set the clock by NTP.',
    },
  )
}

/** When a file was last written, for `checkClock`; none where there is no such file. */
export async function writtenAt(path: string): Promise<readonly { what: string; timeMs: number }[]> {
  const found = await stat(path).catch(() => undefined)
  return found === undefined ? [] : [{ what: path, timeMs: Math.floor(found.mtimeMs) }]
}

const TCP = /^\/(?:ip[46]|dns[46]?)\/([^/]+)\/tcp\/(\d+)$/

/** Whether all of the listening addresses, which are multiaddrs, are free. */
export async function checkListening(addresses: readonly string[]): Promise<string> {
  for (const address of addresses) {
    const [, host = '', port] = TCP.exec(address) ?? []
    await tryListening(address, host, Number(port))
  }
  return addresses.length === 0 ? 'this node only dials' : `${addresses.join(' ')} free`
}

async function tryListening(address: string, host: string, port: number): Promise<void> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  await promise.catch(cause => {
    const taken = cause.code === 'EADDRINUSE'
    const message = taken ? 'another program holds it' : cause.message
    throw new UserError(taken ? 'net-port-taken' : 'net-listen-failed', `cannot listen on ${address}: ${message}`, {
      fix: 'Stop that program, or set another address in net.listen.',
      cause,
    })
  })
  server.close()
}
