import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { probeAddress } from '../../src/net/address-probe.ts'
import { openTestHost } from '../scenario/net-alliance.ts'

const TIMES = { nameMs: 5_000, tcpMs: 300, answerMs: 300 }
const FOREVER = new AbortController().signal

describe('the probe of an address', () => {
  const servers: Server[] = []
  const sockets: Socket[] = []

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const server of servers.splice(0)) server.close()
  })

  /** The address of a server that treats each connection so. */
  async function listen(onConnection: (socket: Socket) => void): Promise<string> {
    const server = createServer(socket => {
      sockets.push(socket.on('error', () => {}))
      onConnection(socket)
    })
    servers.push(server.listen(0, '127.0.0.1'))
    await once(server, 'listening')
    return `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`
  }

  async function probed(address: string) {
    const steps = await probeAddress(address, FOREVER, TIMES)
    return steps.map(({ step, fault }) => [step, fault?.code ?? 'ok'])
  }

  it('passes a node, by its address and by a name', async () => {
    const host = await openTestHost()
    const [address = ''] = host.addresses
    const port = /tcp\/(\d+)/.exec(address)?.[1]
    const well = [
      ['name', 'ok'],
      ['tcp', 'ok'],
      ['noise', 'ok'],
    ]
    expect(await probed(address)).toEqual(well)
    expect(await probed(`/dns4/localhost/tcp/${port}`)).toEqual(well)
    await host[Symbol.asyncDispose]()
  })

  it('says that nothing listens', async () => {
    const address = await listen(() => {})
    const [server] = servers.splice(0)
    server?.close()
    await once(server!, 'close')
    const steps = await probeAddress(address, FOREVER, TIMES)
    expect(steps.at(-1)).toMatchObject({ step: 'tcp', fault: { code: 'net-nothing-listens' } })
    expect(steps.at(-1)?.detail).toContain(address.split('/').at(-1))
    expect(steps.at(-1)?.fault?.fix).toContain('port')
  })

  it('says that a name does not resolve, and why', async () => {
    const steps = await probeAddress('/dns4/node.invalid/tcp/7117', FOREVER, TIMES)
    expect(steps).toMatchObject([{ step: 'name', fault: { code: 'net-name-unresolved' } }])
    expect(steps[0]?.detail).toMatch(/^node\.invalid does not resolve: .*(ENOTFOUND|EAI_AGAIN|in time)/)
  })

  it('says that a port takes connections and is silent', async () => {
    expect((await probed(await listen(() => {}))).at(-1)).toEqual(['noise', 'net-silent'])
  })

  it('says that another program answers, and shows the beginning of its answer', async () => {
    const address = await listen(socket => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
    const steps = await probeAddress(address, FOREVER, TIMES)
    expect(steps.at(-1)).toMatchObject({ step: 'noise', fault: { code: 'net-not-libp2p' } })
    expect(steps.at(-1)?.detail).toContain('SSH-2.0')
  })

  it('says that libp2p answers without Noise', async () => {
    const address = await listen(socket => void socket.write('\x13/multistream/1.0.0\n\x03na\n'))
    expect((await probed(address)).at(-1)).toEqual(['noise', 'net-not-libp2p'])
  })

  it('says that the connection is cut', async () => {
    const address = await listen(socket => void socket.once('data', () => socket.resetAndDestroy()))
    expect((await probed(address)).at(-1)).toEqual(['noise', 'net-reset'])
    expect((await probed(await listen(socket => void socket.end()))).at(-1)).toEqual(['noise', 'net-reset'])
  })

  it.each(['nonsense', '/ip4/192.0.2.1/udp/1', '/ip4/192.0.2.1', '/ip4/192.0.2.1/tcp/1/ws', ''])(
    'says that "%s" cannot be called',
    async address => {
      expect(await probed(address)).toEqual([['name', 'net-address-invalid']])
    },
  )

  it('ends with its signal, and leaves no connection behind', async () => {
    let closed = 0
    const address = await listen(socket => void socket.resume().on('close', () => closed++))
    const ending = new AbortController()
    const probing = probeAddress(address, ending.signal, TIMES)
    setTimeout(() => ending.abort(new Error('enough')), 50)
    await expect(probing).rejects.toThrow('enough')
    await expect.poll(() => closed).toBe(1)
  })
})
