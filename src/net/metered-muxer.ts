import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { ProtocolError } from '../base/errors.ts'
import { type MuxerLimits, MuxerMeter } from './muxer-meter.ts'

/**
 * A yamux whose connections end where the other side breaks `limits`: by itself it collects a frame of any announced
 * length, answers pings without end, and takes what is sent on a stream that no handler reads yet.
 */
export function meteredMuxer(
  create: () => StreamMuxerFactory<StreamMuxer>,
  limits: MuxerLimits,
): () => StreamMuxerFactory<StreamMuxer> {
  return () => {
    const factory = create()
    return {
      protocol: factory.protocol,
      createStreamMuxer(connection: MessageStream): StreamMuxer {
        const meter = new MuxerMeter(limits, { has: id => find(id) !== undefined, isUndecided }, Date.now())
        // Before the muxer's own listener, so that it never sees what breaks the limits.
        connection.addEventListener('message', event => {
          const fault = meter.take(event.data instanceof Uint8Array ? [event.data] : event.data, Date.now())
          if (fault === null) return
          event.stopImmediatePropagation()
          connection.abort(new ProtocolError('net-flood-frames', `the peer ${fault}`))
        })
        const muxer = factory.createStreamMuxer(connection)
        return muxer

        function find(streamId: number) {
          const id = String(streamId)
          return muxer.streams.find(stream => stream.id === id)
        }

        function isUndecided(streamId: number): boolean {
          return find(streamId)?.protocol === ''
        }
      },
    }
  }
}
