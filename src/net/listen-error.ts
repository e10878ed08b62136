import { UserError } from '../base/errors.ts'

/** Turns what libp2p throws when it cannot listen into a sentence for the operator that names the place. */
export function listenError(error: unknown, listen: readonly string[]): UserError {
  const text = error instanceof Error ? error.message : String(error)
  const data = { listen: listen.join(' ') }
  const taken = /EADDRINUSE: address already in use (\S+)/.exec(text)
  if (taken?.[1] !== undefined) {
    const port = taken[1].slice(taken[1].lastIndexOf(':') + 1)
    return new UserError('net-port-taken', `port ${port} is taken by another program (${taken[1]})`, {
      fix: 'Stop that program (perhaps another tocsin daemon), or set another port in net.listen.',
      data: { ...data, port: Number(port) },
      cause: error,
    })
  }
  const known = [
    [/EACCES/, 'this user may not listen there', 'Use a port above 1023, or grant the right to bind it.'],
    [/EADDRNOTAVAIL/, 'this machine has no such address', 'Use an address of this machine, or /ip4/0.0.0.0.'],
    [/ENOTFOUND|EAI_/, 'the host name does not resolve', 'Use an IP address in net.listen.'],
  ] as const
  const [, why, fix] = known.find(([pattern]) => pattern.test(text)) ?? [null, text.slice(0, 300), 'Check net.listen.']
  return new UserError('net-listen-failed', `cannot listen on ${data.listen}: ${why}`, { fix, data, cause: error })
}
