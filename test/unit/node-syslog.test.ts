import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { type AuditForwarder, startAuditForwarder } from '../../src/node/audit/audit-forwarder.ts'
import { createAuditLog } from '../../src/node/audit/audit-log.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { auditMessage } from '../../src/node/mechanisms/syslog-message.ts'
import { parseSyslogTarget, type SyslogTarget } from '../../src/node/mechanisms/syslog-target.ts'
import { auditHash } from '../../src/policy/audit-record.ts'
import { openStore } from '../../src/store/open.ts'
import { AuditRecord } from '../../src/wire/gen/store.ts'

const clock = { now: () => Date.now() }
const source = { hostname: 'node.example', pid: 7 }

async function openLog() {
  const store = await openStore({ memory: true })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const audit = createAuditLog({ store, clock, random: systemRandom, logger: silentLogger })
  let reads = 0
  return {
    store,
    async read(count: number) {
      for (let i = 0; i < count; i++) await audit.record({ kind: 'read', by: 'local', name: 'lookup', count: ++reads })
    },
    forward(target: SyslogTarget): AuditForwarder {
      const forwarder = startAuditForwarder({ store, target, source, clock, logger: silentLogger, waitMs: () => 20 })
      onTestFinished(() => forwarder.stop())
      return forwarder
    },
  }
}

/** Numbers of the records that came, in their order, and the hash of each. */
function told(messages: readonly string[]): Map<number, string> {
  const ofRecords = messages.filter(message => !message.includes(' audit-head '))
  const found = ofRecords.map(message => /\[tocsin@32473 number="(\d+)" hash="([0-9a-f]{64})"/.exec(message))
  return new Map(found.map(match => [Number(match?.[1]), match?.[2] ?? '']))
}

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 5_000, interval: 10 }).toBe(true)
}

interface Receiver {
  readonly messages: string[]
  close(): Promise<void>
}

async function receiveUdp(port = 0): Promise<Receiver & { readonly port: number }> {
  const messages: string[] = []
  const socket = createSocket('udp4', bytes => messages.push(bytes.toString('utf8')))
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  let open = true
  const close = async () => {
    if (open) await new Promise<void>(resolve => socket.close(() => resolve()))
    open = false
  }
  onTestFinished(close)
  return { messages, port: socket.address().port, close }
}

/** Octet counting on a port, lines on a path. */
async function receiveStream(at: number | string): Promise<Receiver & { readonly port: number }> {
  const messages: string[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', bytes => {
      rest = Buffer.concat([rest, bytes])
      for (
        let next = takeFrame(rest, typeof at === 'string');
        next !== undefined;
        next = takeFrame(rest, typeof at === 'string')
      ) {
        messages.push(next.message)
        rest = next.rest
      }
    })
  })
  if (typeof at === 'string') server.listen(at)
  else server.listen(at, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>(resolve => server.close(() => resolve()))
  }
  onTestFinished(close)
  return { messages, port: typeof at === 'string' ? 0 : (server.address() as AddressInfo).port, close }
}

function takeFrame(bytes: Buffer, isLines: boolean): { message: string; rest: Buffer } | undefined {
  const end = bytes.indexOf(isLines ? 0x0a : 0x20)
  if (end < 0) return undefined
  if (isLines) return { message: bytes.toString('utf8', 0, end), rest: bytes.subarray(end + 1) }
  const length = Number(bytes.toString('latin1', 0, end))
  expect(length).toBeGreaterThan(0)
  if (bytes.length < end + 1 + length) return undefined
  return { message: bytes.toString('utf8', end + 1, end + 1 + length), rest: bytes.subarray(end + 1 + length) }
}

test('a message is RFC 5424, and says neither what it is about nor who is to read it', () => {
  const record: AuditRecord = {
    ...AuditRecord.empty(),
    ...{
      number: 5,
      timeMs: Date.UTC(2026, 10, 21, 12, 0, 0, 7),
      kind: 5,
      by: 'an"na]\\',
      rule: 'rule 1\n<34>1 forged',
    },
    ...{
      name: 'secret.example',
      audience: 'DEU,FRA',
      item: new Uint8Array(16).fill(0xab),
      readers: ['DEU', 'FRA'],
      count: 3,
    },
  }
  const hash = auditHash(new Uint8Array([1]))
  expect(auditMessage(record, hash, { hostname: 'node 1.example', pid: 7 })).toBe(
    `<108>1 2026-11-21T12:00:00.007Z node1.example tocsin 7 refused [tocsin@32473 number="5" hash="${toHex(hash)}" ` +
      'by="an\\"na\\]\\\\" rule="rule 1 <34>1 forged" count="3"] refused by an"na]\\',
  )
})

test.each([
  ['udp://192.0.2.1', { kind: 'udp', host: '192.0.2.1', port: 514 }],
  ['udp://[2001:db8::1]:5514', { kind: 'udp', host: '2001:db8::1', port: 5514 }],
  ['tcp://syslog.cert.example', { kind: 'tcp', host: 'syslog.cert.example', port: 601 }],
  ['tls://siem.cert.example', { kind: 'tls', host: 'siem.cert.example', port: 6514 }],
  ['unix:/dev/log', { kind: 'unix', path: '/dev/log' }],
])('%s is a target', (text, target) => expect(parseSyslogTarget(text)).toEqual(target))

test.each([
  '',
  'udp://',
  'udp://a b',
  'tcp://host:0',
  'tcp://host:70000',
  'tcp://u@host:1',
  'unix:log',
  'dtls://host:6514',
  `unix:/${'x'.repeat(200)}`,
])('%j is none', text => expect(parseSyslogTarget(text)).toBeUndefined())

describe('a log reaches its receiver', () => {
  test('by UDP, with the head of the chain first', async () => {
    const log = await openLog()
    await log.read(3)
    const receiver = await receiveUdp()
    log.forward({ kind: 'udp', host: '127.0.0.1', port: receiver.port })
    await until(() => receiver.messages.length === 4)
    expect(receiver.messages[0]).toMatch(/ audit-head \[tocsin@32473 number="2" hash="[0-9a-f]{64}"\] /)
    await log.read(2)
    await until(() => told(receiver.messages).size === 5)
    const lines = await log.store.auditRecords(0, 10)
    expect([...told(receiver.messages.slice(1))]).toEqual(
      lines.map(line => [line.number, toHex(auditHash(line.bytes))]),
    )
  })

  test('by TCP, also more than one page of it', async () => {
    const log = await openLog()
    await log.read(600)
    const receiver = await receiveStream(0)
    const forwarder = log.forward({ kind: 'tcp', host: '127.0.0.1', port: receiver.port })
    await until(() => receiver.messages.length === 601)
    expect([...told(receiver.messages.slice(1)).keys()]).toEqual(Array.from({ length: 600 }, (_, i) => i))
    expect(forwarder.status()).toMatchObject({ behind: 0, dropped: 0, error: '' })
  })

  test('by a Unix socket, a line each', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-syslog-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const log = await openLog()
    const receiver = await receiveStream(join(folder, 'log'))
    log.forward({ kind: 'unix', path: join(folder, 'log') })
    await log.read(5)
    await until(() => told(receiver.messages).size === 5)
  })
})

describe('a receiver that is away', () => {
  test('gets by TCP what it has missed when it is back, and whatever may have been lost at the break', async () => {
    const log = await openLog()
    const first = await receiveStream(0)
    const forwarder = log.forward({ kind: 'tcp', host: '127.0.0.1', port: first.port })
    await log.read(10)
    await until(() => told(first.messages).size === 10)
    await first.close()
    await log.read(300)
    await until(() => forwarder.status().error !== '')
    expect(forwarder.status().behind).toBeGreaterThanOrEqual(300)
    const second = await receiveStream(first.port)
    await until(() => forwarder.status().behind === 0)
    await until(() => told(second.messages).has(309))
    expect([...told([...first.messages, ...second.messages]).keys()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 310 }, (_, i) => i),
    )
  })

  test('gets by UDP what it has missed too, where its machine says that nobody listens', async () => {
    const log = await openLog()
    const first = await receiveUdp()
    const forwarder = log.forward({ kind: 'udp', host: '127.0.0.1', port: first.port })
    await log.read(10)
    await until(() => told(first.messages).size === 10)
    await first.close()
    await log.read(100)
    await until(() => forwarder.status().error !== '')
    const second = await receiveUdp(first.port)
    await until(() => told(second.messages).has(109))
    expect(told([...first.messages, ...second.messages]).size).toBe(110)
  })

  test('holds up nobody, also one that takes connections and reads nothing', async () => {
    const log = await openLog()
    const sockets: Socket[] = []
    const server = createServer(socket => void sockets.push(socket.pause()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const forwarder = log.forward({ kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    const started = performance.now()
    await log.read(500)
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(log.store.audit().next).toBe(500)
    await forwarder.stop()
    expect(performance.now() - started).toBeLessThan(8_000)
  })

  test('is told where a datagram socket is in the place of a stream', async () => {
    const log = await openLog()
    const forwarder = log.forward({ kind: 'unix', path: '/nonexistent/log' })
    await until(() => forwarder.status().error.includes('ENOENT'))
    expect(forwarder.status().downSinceMs).toBeGreaterThan(0)
  })
})

test('a forwarder goes on where the one before it has come to', async () => {
  const log = await openLog()
  const receiver = await receiveStream(0)
  const target = { kind: 'tcp', host: '127.0.0.1', port: receiver.port } as const
  const first = log.forward(target)
  await log.read(4)
  await until(() => told(receiver.messages).size === 4)
  await first.stop()
  receiver.messages.length = 0
  await log.read(2)
  log.forward(target)
  await until(() => told(receiver.messages).has(5))
  expect([...told(receiver.messages).keys()]).toEqual([4, 5])
})

test('what is recorded at the very end still leaves', async () => {
  const log = await openLog()
  const receiver = await receiveStream(0)
  const forwarder = log.forward({ kind: 'tcp', host: '127.0.0.1', port: receiver.port })
  await log.read(1)
  await until(() => receiver.messages.length > 0)
  await log.read(40)
  await forwarder.stop()
  await until(() => told(receiver.messages).size === 41)
})
