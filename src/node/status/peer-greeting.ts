import { ProtocolError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import type { Host } from '../../net/host.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { Hello } from '../../wire/gen/tocsin.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../wire/sync-frame.ts'
import { SYNC_PROTOCOL } from '../network/sync-service.ts'

/** What a connected peer says of itself when it is asked, and when. Unsigned. */
export interface Greeting {
  readonly hello: Hello
  /** Our clock less its clock, as of the middle of the exchange. */
  readonly skewMs: number
}

/** Exchanges greetings of `/tocsin/sync/1` and nothing else. Throws ProtocolError where the peer does not greet. */
export async function greet(
  { host, clock }: { readonly host: Host; readonly clock: Clock },
  peer: PeerKeyHex,
  own: Hello,
  signal: AbortSignal,
): Promise<Greeting> {
  const frames = await host.openStream(peer, SYNC_PROTOCOL, signal)
  try {
    const askedMs = clock.now()
    await frames.write(encodeSyncMessage({ kind: 'hello', message: own }))
    const frame = await frames.read()
    const middleMs = (askedMs + clock.now()) / 2
    if (frame === null) throw new ProtocolError('sync-refused', 'the peer ended the stream without a greeting')
    const answer = parseSyncMessage(frame)
    if (answer.kind !== 'hello') {
      throw new ProtocolError('sync-unexpected-frame', `the peer answered a greeting with ${answer.kind}`)
    }
    await frames.close()
    return { hello: answer.message, skewMs: middleMs - answer.message.timeMs }
  } catch (error) {
    frames.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}
