import { lookup } from 'node:dns'
import { BlockList, connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'

/**
 * Where an edge connects to for an inner node: TCP at a number or a name, and nothing else that a document may
 * name. Whoever may publish a document must not have an edge call what only its own machine or link can reach.
 */
export interface RelayTarget {
  readonly host: string
  readonly port: number
}

const OWN_MACHINE = new BlockList()
OWN_MACHINE.addSubnet('127.0.0.0', 8)
OWN_MACHINE.addSubnet('0.0.0.0', 8)
OWN_MACHINE.addSubnet('169.254.0.0', 16)
OWN_MACHINE.addAddress('::', 'ipv6')
OWN_MACHINE.addAddress('::1', 'ipv6')
OWN_MACHINE.addSubnet('fe80::', 10, 'ipv6')

const HOST_KINDS: ReadonlySet<string> = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/** Undefined for an address that no edge connects to. */
export function relayTarget(address: string): RelayTarget | undefined {
  try {
    const [host, port, ...rest] = multiaddr(address).getComponents()
    if (host?.value === undefined || !HOST_KINDS.has(host.name) || port?.name !== 'tcp' || rest.length > 1)
      return undefined
    if (rest[0] !== undefined && rest[0].name !== 'p2p') return undefined
    return { host: host.value, port: Number(port.value) }
  } catch {
    return undefined
  }
}

/** The machine itself, or its link; of a name nothing is said. */
export function isOwnMachine(host: string): boolean {
  const family = isIP(host)
  return family === 0 ? /^localhost\.?$/i.test(host) : OWN_MACHINE.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

/** Who can be called from its own machine alone is one of several nodes there. */
export function listensToItselfAlone(listen: readonly string[]): boolean {
  return listen.length > 0 && listen.every(address => /^(?:127\.|::1$)/.test(relayTarget(address)?.host ?? ''))
}

/** `toItself`: also to the machine itself. */
export function connectTo({ host, port }: RelayTarget, toItself: boolean): Socket {
  return connect({ host, port, noDelay: true, keepAlive: true, ...(!toItself && { lookup: lookupElsewhere }) })
}

/** A name may stand for anything. */
const lookupElsewhere: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    const [first, ...others] = (found ?? []).filter(({ address }) => !isOwnMachine(address))
    if (first === undefined) callback(error ?? new Error('the name stands for this machine'), '')
    else if (options.all === true) callback(null, [first, ...others])
    else callback(null, first.address, first.family)
  })
}
