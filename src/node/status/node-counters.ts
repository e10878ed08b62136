import { type NetCounters, TOPICS } from '../../net/counters.ts'
import type { EdgeNode } from '../edge.ts'
import type { Counter } from '../orders/node-service.ts'
import { allianceGauges } from './alliance-gauges.ts'

/** What the node has counted since its start, in the shape that the metrics take. */
export function nodeCounters(node: EdgeNode): readonly Counter[] {
  const net = node.host.counters
  const topics = TOPICS.map(topic => ({ topic, of: net.topics[topic] }))
  const plain = (name: string, help: string, value: number, type: Counter['type'] = 'counter'): Counter => ({
    name,
    help,
    type,
    values: [{ labels: {}, value }],
  })
  return [
    {
      name: 'gossip_messages_total',
      help: 'Gossip messages by topic and direction.',
      type: 'counter',
      values: topics.flatMap(({ topic, of }) => [
        { labels: { topic, direction: 'in' }, value: of.messagesIn },
        { labels: { topic, direction: 'out' }, value: of.messagesOut },
      ]),
    },
    {
      name: 'gossip_bytes_total',
      help: 'Bytes of gossip messages by topic and direction.',
      type: 'counter',
      values: topics.flatMap(({ topic, of }) => [
        { labels: { topic, direction: 'in' }, value: of.bytesIn },
        { labels: { topic, direction: 'out' }, value: of.bytesOut },
      ]),
    },
    {
      name: 'gossip_verdicts_total',
      help: 'Verdicts on gossip messages.',
      type: 'counter',
      values: topics.flatMap(({ topic, of }) =>
        Object.entries(of.verdicts).map(([verdict, value]) => ({ labels: { topic, verdict }, value })),
      ),
    },
    {
      name: 'refusals_total',
      help: 'Messages, entries and evidence not taken, by error code.',
      type: 'counter',
      values: [...node.refusals].map(([code, value]) => ({ labels: { code }, value })),
    },
    {
      name: 'connections_total',
      help: 'Connections by what became of them.',
      type: 'counter',
      values: [
        { labels: { event: 'opened' }, value: net.connectionsOpened },
        { labels: { event: 'closed' }, value: net.connectionsClosed },
        { labels: { event: 'refused' }, value: net.connectionsRefused },
        { labels: { event: 'revoked' }, value: net.connectionsRevoked },
        { labels: { event: 'limbo' }, value: net.limboOpened },
        { labels: { event: 'redialed' }, value: net.watchdogRedials },
      ],
    },
    ...offenceCounters(node),
    plain('dials_total', 'Attempts to connect to a peer.', net.dials),
    plain('dials_failed_total', 'Attempts that failed.', net.dialsFailed),
    plain('relays', 'Connections of inner nodes that this edge passes on (R-5.9).', net.relaysOpen, 'gauge'),
    plain('sync_frames_in_total', 'Frames received on sync streams.', net.framesIn),
    plain('sync_frames_out_total', 'Frames sent on sync streams.', net.framesOut),
    plain('sync_bytes_in_total', 'Bytes received on sync streams.', net.frameBytesIn),
    plain('sync_bytes_out_total', 'Bytes sent on sync streams.', net.frameBytesOut),
    ...auditCounters(node),
    ...allianceGauges(node),
    plain(
      'gossip_over_pace_total',
      'Entries that their author sent too fast, left to sync (R-5.6).',
      node.ingest.overPace(),
    ),
    plain('bodies_wanted', 'Bodies that are missing here (R-2.10).', node.bodies.wanted(), 'gauge'),
    plain('ingest_queued_bytes', 'Verified entries waiting for the writer.', node.ingest.queuedBytes(), 'gauge'),
  ]
}

/** Every cap that somebody can hit. */
function offenceCounters({ host, nationOf }: Pick<EdgeNode, 'host' | 'nationOf'>): readonly Counter[] {
  const { offences, topics, ...net } = host.counters
  const named = host.peers().flatMap(({ peer, offence }) => (offence === null ? [] : [{ peer, code: offence.code }]))
  return [
    {
      name: 'caps_total',
      help: 'How often a limit of the network was hit, by what it bounds.',
      type: 'counter',
      values: [
        { labels: { cap: 'calls' }, value: net.callsTurnedAway },
        { labels: { cap: 'limbo' }, value: net.limboExceeded },
        { labels: { cap: 'streams' }, value: net.streamsRefused },
        { labels: { cap: 'peers-cut' }, value: net.peersCut },
        { labels: { cap: 'verdicts-waiting' }, value: sum(topics, 'overCap') },
        { labels: { cap: 'verdicts-late' }, value: sum(topics, 'late') },
      ],
    },
    {
      name: 'offences_total',
      help: 'What peers overdid, by what it was.',
      type: 'counter',
      values: Object.entries(offences).map(([offence, value]) => ({ labels: { offence }, value })),
    },
    {
      name: 'peer_offence',
      help: 'Peers that keep overdoing something, or are cut off for it; always 1.',
      type: 'gauge',
      values: named.map(({ peer, code }) => ({
        labels: { nation: nationOf(peer) ?? '', peer, offence: code },
        value: 1,
      })),
    },
  ]
}

function sum(topics: NetCounters['topics'], of: 'overCap' | 'late'): number {
  return Object.values(topics).reduce((total, topic) => total + topic[of], 0)
}

function auditCounters({ audit, store }: EdgeNode): readonly Counter[] {
  const one = (name: string, type: Counter['type'], help: string, value: number): Counter => {
    return { name, help, type, values: [{ labels: {}, value }] }
  }
  const { next, bytes } = store.audit()
  const ofLog = [
    one('audit_records_total', 'counter', 'Records that the audit log has had.', next),
    one('audit_bytes', 'gauge', 'Bytes of the audit records that are kept.', bytes),
    one('audit_lost', 'gauge', 'Reads that could not be recorded yet.', audit.log.lost()),
  ]
  const syslog = audit.syslog()
  if (syslog === undefined) return ofLog
  return [
    ...ofLog,
    one('audit_syslog_sent_total', 'counter', 'Audit messages handed to syslog.', syslog.sent),
    one('audit_syslog_dropped_total', 'counter', 'Audit records removed before syslog took them.', syslog.dropped),
    one('audit_syslog_behind', 'gauge', 'Audit records that syslog has not been sent yet.', syslog.behind),
    one('audit_syslog_up', 'gauge', 'Whether syslog can be reached: 1 or 0.', syslog.downSinceMs === undefined ? 1 : 0),
  ]
}
