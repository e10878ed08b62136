import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { endProcess, ip, type Network, spawnIn } from './net-namespaces.ts'

/**
 * A gateway that translates addresses, in two processes, since not every kernel does: whom a machine inside calls, the
 * gateway calls from its own address; nobody outside reaches what is inside.
 */
export interface Gateway extends AsyncDisposable {
  /** The namespace of the machine inside. */
  readonly inside: string
}

/** Takes every call to the port, whomever it is for, and says for whom it is before it passes it on. */
const INNER = `
import { connect, createServer } from 'node:net'
const [path, port] = process.argv.slice(1)
createServer(call => {
  const out = connect(path)
  out.write(call.localAddress.replace('::ffff:', '').padEnd(16))
  call.pipe(out).pipe(call)
  for (const [end, other] of [[call, out], [out, call]]) end.on('error', () => other.destroy()).on('close', () => other.destroy())
}).listen(Number(port), '0.0.0.0', () => console.log('ready'))
`

const OUTER = `
import { connect, createServer } from 'node:net'
const [path, port] = process.argv.slice(1)
createServer(call => {
  call.on('error', () => {})
  call.once('readable', () => {
    const out = connect(Number(port), call.read(16).toString().trim())
    call.pipe(out).pipe(call)
    for (const [end, other] of [[call, out], [out, call]]) end.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
}).listen(path, () => console.log('ready'))
`

/** Puts itself in the place of a machine of the network, and that behind it. */
export async function openGateway(network: Network, place: number, port: number): Promise<Gateway> {
  const { namespace: outside, address } = network.machines[place]!
  const inside = network.add('inside')
  const between = network.add('between')
  ip('-n', between, 'link', 'add', 'name', 'in', 'type', 'veth', 'peer', 'name', 'wire', 'netns', inside)
  ip('-n', between, 'address', 'add', '192.168.77.1/24', 'dev', 'in')
  ip('-n', between, 'link', 'set', 'in', 'up')
  ip('-n', inside, 'address', 'add', '192.168.77.2/24', 'dev', 'wire')
  ip('-n', inside, 'link', 'set', 'wire', 'up')
  ip('-n', inside, 'route', 'add', 'default', 'via', '192.168.77.1')
  // It listens where it did, and nobody comes.
  ip('-n', inside, 'address', 'add', `${address}/32`, 'dev', 'lo')
  // Whatever address is called there, the gateway answers.
  ip('-n', between, 'route', 'add', 'local', '10.77.0.0/24', 'dev', 'lo')
  const path = join(tmpdir(), `${basename(inside)}.sock`)
  const processes = [await run(outside, OUTER, path, port), await run(between, INNER, path, port)]
  return {
    inside,
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map(child => endProcess(child)))
      await rm(path, { force: true })
    },
  }
}

async function run(namespace: string, program: string, path: string, port: number) {
  const args = ['--input-type=module', '--eval', program, path, String(port)]
  const child = spawnIn(namespace, process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}
