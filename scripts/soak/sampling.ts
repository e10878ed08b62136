import { readdirSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'

/** What a daemon takes of its machine. */
export interface Usage {
  readonly rssMib: number
  /** In use, as V8 says. */
  readonly heapMib: number
  /** Open files and sockets. */
  readonly handles: number
  readonly diskMib: number
}

const MIB = 1024 * 1024
const METRICS_WITHIN_MS = 5_000
const METRICS_BYTES_MAX = 4 * MIB

/** Undefined where the process is gone or does not answer. */
export async function usageOf(pid: number, socketPath: string, data: string): Promise<Usage | undefined> {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const rssMib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
    const handles = readdirSync(`/proc/${pid}/fd`).length
    const metrics = await readMetrics(socketPath)
    const heapMib = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(metrics)?.[1]) / MIB
    return { rssMib, heapMib, handles, diskMib: folderBytes(data) / MIB }
  } catch {
    return undefined
  }
}

/** Of all files below; one that goes away meanwhile counts nothing. */
export function folderBytes(path: string): number {
  let bytes = 0
  for (const name of readdirSync(path, { recursive: true }) as string[]) {
    const found = statSync(join(path, name), { throwIfNoEntry: false })
    if (found?.isFile()) bytes += found.size
  }
  return bytes
}

function readMetrics(socketPath: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const asked = request({ socketPath, path: '/metrics', timeout: METRICS_WITHIN_MS }, answer => {
    let text = ''
    answer.setEncoding('utf8').on('data', piece => {
      text += piece
      if (text.length > METRICS_BYTES_MAX) asked.destroy(new Error('too long an answer'))
    })
    answer.on('end', () => resolve(text)).on('error', reject)
  })
  asked.on('timeout', () => asked.destroy(new Error('no answer'))).on('error', reject)
  asked.end()
  return promise
}
