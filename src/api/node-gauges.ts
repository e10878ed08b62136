import type { LogStatus } from '../node/knowledge/log-status.ts'
import type { Counter, NodeStatus, PeerStatus } from '../node/orders/node-service.ts'
import type { StoreSize } from '../store/upkeep.ts'

type Values = Counter['values']

/** Time series of logs and peers, of each. */
const SERIES_MAX = 10_000
const STATES = ['starting', 'ready', 'degraded'] as const
const PEER_STATES = ['connected', 'dialing', 'waiting', 'refused'] as const

/** The status of a node and its peers as measurements. */
export function nodeGauges(status: NodeStatus, peers: readonly PeerStatus[]): readonly Counter[] {
  return [...stateGauges(status), ...holdingGauges(status), ...logGauges(status.logs), ...peerGauges(peers)]
}

/** None of a store in memory. */
export function storeGauges(size: StoreSize | undefined): readonly Counter[] {
  if (size === undefined) return []
  return [
    single('store_bytes', 'Bytes of the store on disk.', size.bytes),
    single('store_free_bytes', 'Room left on the disk that the store is on.', size.freeBytes),
  ]
}

function stateGauges(status: NodeStatus): readonly Counter[] {
  const { version, nation, allianceId: alliance } = status
  return [
    gauge('info', 'Whose node this is and what it runs; always 1.', [
      { labels: { version, nation, alliance }, value: 1 },
    ]),
    gauge(
      'state',
      'The state of the node: 1 for the one it is in.',
      STATES.map(state => ({ labels: { state }, value: state === status.state ? 1 : 0 })),
    ),
    gauge(
      'problem',
      'Problems that an operator should act on, by error code.',
      [...new Set(status.problems.map(({ code }) => code))].map(code => ({ labels: { code }, value: 1 })),
    ),
    single('start_time_seconds', 'When the node was started, since the Unix epoch.', status.startedMs / 1000),
    single('registry_version', 'The version of the registry in force.', status.registryVersion),
  ]
}

function holdingGauges(status: NodeStatus): readonly Counter[] {
  return [
    single('entries', 'Entries of all logs that stand here.', status.entries),
    single('indicators', 'Indicators in the view.', status.indicators),
    single('claims', 'Claims in the view.', status.claims),
    single('backlog_entries', 'Entries committed and not yet opened into the view.', status.backlog),
    single('waiting_batches', 'Sealed batches whose key has not arrived.', status.waiting),
    single('queued_items', 'Publishes accepted and not yet signed.', status.queued),
  ]
}

function logGauges(logs: readonly LogStatus[]): readonly Counter[] {
  const each = (value: (log: LogStatus) => number): Values =>
    logs.slice(0, SERIES_MAX).map(log => ({ labels: { nation: log.nation, log: log.logId }, value: value(log) }))
  return [
    gauge(
      'log_entries',
      'Entries of a log that stand here.',
      each(log => log.size),
    ),
    gauge(
      'log_behind_entries',
      'How many entries more the farthest peer claims to hold.',
      each(log => log.behind),
    ),
    gauge(
      'log_last_entry_timestamp_seconds',
      'When the last entry was signed, by its author.',
      each(log => log.lastEntryMs / 1000),
    ),
  ]
}

function peerGauges(peers: readonly PeerStatus[]): readonly Counter[] {
  const shown = peers.slice(0, SERIES_MAX)
  const labels = ({ nation, peer }: PeerStatus) => ({ nation, peer })
  return [
    gauge(
      'peers',
      'Peers that the registry names, by the state of the connection.',
      PEER_STATES.map(state => ({ labels: { state }, value: peers.filter(peer => peer.state === state).length })),
    ),
    gauge(
      'peer_connected',
      'Whether a peer is connected.',
      shown.map(peer => ({ labels: labels(peer), value: peer.state === 'connected' ? 1 : 0 })),
    ),
    gauge(
      'peer_last_sync_timestamp_seconds',
      'When a whole sync with a peer last ended; 0 for never.',
      shown.map(peer => ({ labels: labels(peer), value: peer.lastSyncMs / 1000 })),
    ),
  ]
}

function gauge(name: string, help: string, values: Values): Counter {
  return { name, help, type: 'gauge', values }
}

function single(name: string, help: string, value: number): Counter {
  return gauge(name, help, [{ labels: {}, value }])
}
