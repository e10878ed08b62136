import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Frames } from '../../src/net/frames.ts'
import type { Host } from '../../src/net/host.ts'
import type { StreamCaps, StreamHandler } from '../../src/net/streams.ts'
import { closeAll, connectAll, openTestHost, sleep } from './net-alliance.ts'

const CAPS: StreamCaps = { streamsMaxPerPeer: 4, streamsMaxTotal: 8 }
const FOREVER = new AbortController().signal

describe('framed streams between two hosts', () => {
  let server: Host
  let client: Host
  let number = 0

  beforeAll(async () => {
    ;[server, client] = (await Promise.all([openTestHost(), openTestHost()])) as [Host, Host]
    await connectAll([server, client])
  })

  afterAll(() => closeAll([server, client]))

  /** Serves `handler` under a protocol of its own and opens a stream to it. */
  async function open(handler: StreamHandler, caps: Partial<StreamCaps> = {}): Promise<Frames> {
    const protocol = `/tocsin/test-${++number}/1`
    await server.handleStream(protocol, handler, { ...CAPS, ...caps })
    return client.openStream(server.self, protocol, FOREVER, caps)
  }

  const echo: StreamHandler = async frames => {
    for (let frame = await frames.read(); frame !== null; frame = await frames.read()) await frames.write(frame)
  }

  it('carry frames of every size there and back, and end properly', async () => {
    const frames = await open(echo)
    for (const size of [0, 1, 65_531, 65_532, 65_533, 300_000, 4 * 1024 * 1024]) {
      const frame = randomBytes(size)
      await frames.write(frame)
      const back = await frames.read()
      expect(back !== null && Buffer.compare(back, frame)).toBe(0)
    }
    await frames.close()
  })

  it('keep many small frames in order', async () => {
    const frames = await open(async inbound => {
      for (let i = 0; i < 20_000; i++) await inbound.write(Buffer.from(String(i)))
    })
    for (let i = 0; i < 20_000; i++) expect(Buffer.from((await frames.read())!).toString()).toBe(String(i))
    expect(await frames.read()).toBeNull()
    await frames.close()
  })

  it('block the writer while the reader is slow, and hold little meanwhile', async () => {
    const frame = randomBytes(64 * 1024)
    const total = 400
    let written = 0
    const frames = await open(async inbound => {
      for (; written < total; written++) await inbound.write(frame)
    })
    await sleep(500)
    const stalledAt = written
    expect(stalledAt).toBeLessThan(100)
    await sleep(300)
    expect(written).toBe(stalledAt)
    let read = 0
    while ((await frames.read()) !== null) read++
    expect(read).toBe(total)
    await frames.close()
  })

  it('carry 64 MiB to a reader that takes its time over each frame', async () => {
    const frame = randomBytes(200 * 1024)
    const total = 320
    const frames = await open(async inbound => {
      for (let i = 0; i < total; i++) await inbound.write(frame)
    })
    for (let i = 0; i < total; i++) {
      expect((await frames.read())?.length).toBe(frame.length)
      await sleep(5)
    }
    expect(await frames.read()).toBeNull()
    await frames.close()
  })

  it('serve writers that do not wait for each other', async () => {
    const frame = randomBytes(64 * 1024)
    const frames = await open(
      async inbound => {
        await Promise.all(Array.from({ length: 150 }, () => inbound.write(frame)))
      },
      { idleTimeoutMs: 2_000 },
    )
    await sleep(300)
    let read = 0
    for (; (await frames.read()) !== null; read++) if (read % 10 === 0) await sleep(5)
    expect(read).toBe(150)
    await frames.close()
  })

  it('end with a code when a frame is over the cap, on the sending side before it is sent', async () => {
    const small = { frameBytesMax: 1_000 }
    const failed = Promise.withResolvers<unknown>()
    const protocol = `/tocsin/test-${++number}/1`
    await server.handleStream(
      protocol,
      async frames => {
        await frames.read().catch(failed.resolve)
      },
      { ...CAPS, ...small },
    )
    const tooLong = await client.openStream(server.self, protocol, FOREVER)
    await tooLong.write(new Uint8Array(1_001)).catch(() => {})
    expect(await failed.promise).toMatchObject({ code: 'frame-too-large' })
    await expect(tooLong.read()).rejects.toThrow()
    const checked = await client.openStream(server.self, protocol, FOREVER, small)
    await expect(checked.write(new Uint8Array(1_001))).rejects.toMatchObject({ code: 'frame-too-large' })
    checked.abort(new Error('enough'))
  })

  it('time out when the other side says nothing', async () => {
    const failed = Promise.withResolvers<unknown>()
    const frames = await open(
      async inbound => {
        await inbound.read().catch(failed.resolve)
      },
      { idleTimeoutMs: 200 },
    )
    expect(await failed.promise).toMatchObject({ code: 'net-timeout' })
    await expect(frames.read()).rejects.toThrow()
  })

  it('time out when the other side takes nothing', async () => {
    const failed = Promise.withResolvers<unknown>()
    const writeForEver: StreamHandler = async inbound => {
      for (;;) await inbound.write(new Uint8Array(64 * 1024))
    }
    const frames = await open(inbound => writeForEver(inbound, server.self, FOREVER).catch(failed.resolve), {
      idleTimeoutMs: 300,
    })
    expect(await failed.promise).toMatchObject({ code: 'net-timeout' })
    frames.abort(new Error('enough'))
  })

  it('do not live longer than allowed, however busy', async () => {
    const frames = await open(echo, { totalTimeoutMs: 300 })
    const chat = async () => {
      for (;;) {
        await frames.write(Uint8Array.of(1))
        await frames.read()
        await sleep(20)
      }
    }
    await expect(chat()).rejects.toThrow()
  })

  it('end when the signal of the opener says so', async () => {
    const protocol = `/tocsin/test-${++number}/1`
    await server.handleStream(protocol, echo, CAPS)
    const stop = new AbortController()
    const frames = await client.openStream(server.self, protocol, stop.signal)
    const read = frames.read()
    stop.abort(new Error('enough'))
    await expect(read).rejects.toThrow('enough')
  })

  it('reset and count the stream that is one too many for a peer, and free the place again', async () => {
    const protocol = `/tocsin/test-${++number}/1`
    await server.handleStream(protocol, echo, { streamsMaxPerPeer: 2, streamsMaxTotal: 8 })
    const refusedBefore = server.counters.streamsRefused
    const three = await Promise.all([1, 2, 3].map(() => client.openStream(server.self, protocol, FOREVER)))
    const answers = await Promise.allSettled(
      three.map(async frames => {
        await frames.write(Uint8Array.of(7))
        return frames.read()
      }),
    )
    expect(answers.filter(each => each.status === 'fulfilled')).toHaveLength(2)
    expect(server.counters.streamsRefused).toBe(refusedBefore + 1)
    await Promise.all(three.map(frames => frames.close()))
    await sleep(50)
    const again = await client.openStream(server.self, protocol, FOREVER)
    await again.write(Uint8Array.of(8))
    expect(await again.read()).toEqual(Uint8Array.of(8))
    await again.close()
  })

  it('are reset when their handler throws', async () => {
    const frames = await open(async () => {
      throw new Error('a bug')
    })
    await expect(frames.read()).rejects.toThrow()
  })

  it('report a lost connection as an error, not as an end', async () => {
    const third = await openTestHost()
    await third.handleStream('/tocsin/test/1', echo, CAPS)
    await connectAll([third, client])
    const frames = await client.openStream(third.self, '/tocsin/test/1', FOREVER)
    const read = frames.read()
    const outcome = expect(read).rejects.toThrow()
    await third[Symbol.asyncDispose]()
    await outcome
  })

  it('are not opened to a peer that is not connected', async () => {
    const stranger = await openTestHost()
    await expect(client.openStream(stranger.self, '/tocsin/sync/1', FOREVER)).rejects.toMatchObject({
      code: 'net-peer-absent',
    })
    await stranger[Symbol.asyncDispose]()
  })

  it('take nothing more after close', async () => {
    const frames = await open(echo)
    await frames.write(Uint8Array.of(1))
    await frames.read()
    await frames.close()
    await expect(frames.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'net-closed' })
  })
})
