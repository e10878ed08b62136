import { StringDecoder } from 'node:string_decoder'
import { UserError } from '../../base/errors.ts'

const LINE_LENGTH_MAX = 64 * 1024

/**
 * The lines of a stream, trimmed, without empty ones; each batch is what has arrived, at most `most` lines, so that
 * whoever types or tails gets an answer at once. Throws UserError `import-line-too-long`.
 */
export async function* readLineBatches(
  stream: AsyncIterable<Uint8Array>,
  most: number,
): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split(/\r\n|\r|\n/)
    rest = lines.pop() ?? ''
    if (rest.length > LINE_LENGTH_MAX) {
      throw new UserError('import-line-too-long', `a line is longer than ${LINE_LENGTH_MAX} characters`, {
        fix: 'Give one value a line.',
      })
    }
    yield* batchesOf(lines, most)
  }
  yield* batchesOf([rest + decoder.end()], most)
}

function* batchesOf(lines: readonly string[], most: number): Generator<readonly string[]> {
  const values = lines.map(line => line.trim()).filter(line => line !== '')
  for (let from = 0; from < values.length; from += most) yield values.slice(from, from + most)
}
