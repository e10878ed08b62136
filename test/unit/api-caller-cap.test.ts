import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { capCallers } from '../../src/api/caller-cap.ts'

test('whoever holds as many connections as are allowed gets no more until one ends, and others get theirs', async () => {
  const server = createServer().listen(0, '0.0.0.0')
  capCallers(server, 2)
  server.on('connection', socket => !socket.destroyed && socket.write('welcome'))
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  async function call(localAddress: string): Promise<{ readonly socket: Socket; readonly welcome: boolean }> {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    sockets.push(socket)
    const welcome = await new Promise<boolean>(resolve => {
      socket.once('data', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
    return { socket, welcome }
  }
  const first = await call('127.0.0.1')
  expect([first.welcome, (await call('127.0.0.1')).welcome]).toEqual([true, true])
  expect((await call('127.0.0.1')).welcome).toBe(false)
  expect((await call('127.0.0.2')).welcome).toBe(true)
  first.socket.destroy()
  await expect.poll(async () => (await call('127.0.0.1')).welcome).toBe(true)
})
