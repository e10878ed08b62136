import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { CLAIMS, INDICATORS, LOOKUPS } from '../../src/cli/indicator/indicator-shape.ts'
import {
  createRowWriter,
  type OutputFormat,
  openOutput,
  printRecord,
  printRows,
  type Shape,
} from '../../src/cli/terminal/output.ts'
import { createTestNode } from '../support/test-node.ts'

interface Row {
  readonly name: string
  readonly size: number | null
}

const SHAPE: Shape<Row> = {
  columns: [
    { name: 'name', cell: row => row.name },
    { name: 'size', cell: row => row.size },
  ],
}

/** What is written, to a terminal or to a pipe. */
async function written(isTTY: boolean, print: (out: ReturnType<typeof openOutput>) => Promise<void>): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY })
  const chunks: Buffer[] = []
  stream.on('data', chunk => chunks.push(chunk))
  await print(openOutput(stream))
  stream.end()
  return Buffer.concat(chunks).toString()
}

const rows = (format: OutputFormat, ...all: Row[]) => written(false, out => printRows(out, format, all, SHAPE))
const a: Row = { name: 'a', size: 1 }

describe('rows', () => {
  test('as a table are lined up, without lines or colours', async () => {
    const text = await rows('table', a, { name: 'a longer name', size: null }, { name: '日本', size: 3 })
    expect(text).toBe('NAME           SIZE\na              1\na longer name  -\n日本           3\n')
  })

  test('as CSV are quoted where they must be', async () => {
    const text = await rows('csv', { name: 'a "b", c', size: null }, { name: 'line\nbreak', size: 0 })
    expect(text).toBe('name,size\n"a ""b"", c",\n"line\nbreak",0\n')
  })

  test('as JSON are one array, as JSON lines a line each', async () => {
    expect(JSON.parse(await rows('json', a, a))).toEqual([a, a])
    expect(
      (await rows('ndjson', a, a))
        .split('\n')
        .slice(0, 2)
        .map(line => JSON.parse(line)),
    ).toEqual([a, a])
  })

  test.each([
    ['table', ''],
    ['json', '[]\n'],
    ['ndjson', ''],
    ['csv', 'name,size\n'],
  ] as const)('of which there are none are %s too', async (format, text) => {
    expect(await rows(format)).toBe(text)
  })

  test('written in parts read as if written at once', async () => {
    for (const format of ['json', 'ndjson', 'csv'] as const) {
      const parts = await written(false, async out => {
        const writer = createRowWriter(out, format, SHAPE)
        for (const part of [[], [a], [a, a], []]) await writer.write(part)
        await writer.end()
      })
      expect(parts).toBe(await rows(format, a, a, a))
    }
  })

  test('never steer a terminal, and in a pipe are raw where the format has no escapes of its own', async () => {
    const steering: Row = { name: '\u001b[31mred\u202e\u0085', size: 1 }
    expect(await rows('table', steering)).toContain('\\u001b[31mred\\u202e\\u0085')
    expect(JSON.parse(await rows('json', steering))).toEqual([steering])
    expect(await rows('json', steering)).toContain('\\u202e')
    expect(await rows('csv', steering)).toContain(steering.name)
    expect(await written(true, out => printRows(out, 'csv', [steering], SHAPE))).not.toContain('\u001b')
  })
})

test('a record as a table leaves out what is not said', async () => {
  expect(await written(false, out => printRecord(out, 'table', { name: 'x', size: null }, SHAPE))).toBe('name  x\n')
})

test('waits where the reader is slow', async () => {
  const stream = new PassThrough({ highWaterMark: 10 })
  const out = openOutput(stream)
  let done = false
  const writing = out.write('x'.repeat(100)).then(() => {
    done = true
  })
  await new Promise(resolve => setImmediate(resolve))
  expect(done).toBe(false)
  stream.resume()
  await writing
})

describe('values', () => {
  async function held() {
    const node = createTestNode()
    const drafts = [
      { type: 'url', value: 'https://evil.example/a.b', original: 'HTTPS://evil.example/a.b' },
      { type: 'domain', value: 'c2.example', original: 'c2[.]example' },
    ]
    await node.publish(drafts.map(draft => ({ kind: 'claim', draft })))
    return (await node.list({ limit: 10 })).indicators
  }

  test.each(['table', 'json', 'ndjson', 'csv'] as const)(
    'as %s are broken on a terminal and raw in a pipe',
    async format => {
      const indicators = await held()
      const shown = await written(true, out => printRows(out, format, indicators, INDICATORS))
      expect(shown).toContain('hxxps://evil[.]example/a.b')
      expect(shown).toContain('c2[.]example')
      expect(shown).not.toMatch(/evil\.example|c2\.example/)
      const raw = await written(false, out => printRows(out, format, indicators, INDICATORS))
      expect(raw).toContain('https://evil.example/a.b')
      expect(raw).not.toContain('hxxps')
    },
  )

  test('are broken once, also where the source had done so', async () => {
    const [, domain] = await held()
    expect(await written(true, out => printRows(out, 'csv', domain!.claims, CLAIMS))).toContain(',c2[.]example,')
    const found = { result: 'found', reason: '', indicators: [domain!], related: [], moreRelated: false } as const
    const lookup = { query: 'c2[.]example', ...found }
    const shown = await written(true, out => printRows(out, 'csv', [lookup], LOOKUPS))
    expect(shown).toContain('c2[.]example,found,exact,domain,c2[.]example,')
  })
})
