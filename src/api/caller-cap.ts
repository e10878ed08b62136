import type { Server } from 'node:net'

/** Hangs up on whoever holds `most` connections already, so that one machine cannot take the places of all. */
export function capCallers(server: Server, most: number): void {
  const held = new Map<string, number>()
  server.on('connection', socket => {
    const address = socket.remoteAddress ?? ''
    const count = (held.get(address) ?? 0) + 1
    if (count > most) {
      socket.destroy()
      return
    }
    held.set(address, count)
    socket.once('close', () => {
      const left = held.get(address)! - 1
      if (left === 0) held.delete(address)
      else held.set(address, left)
    })
  })
}
