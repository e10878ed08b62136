import { createHash } from 'node:crypto'
import { u32be } from '../base/bytes.ts'
import { prefixRange, type Reads } from './database.ts'
import { type Generation, viewPrefix } from './keys.ts'

/** `SHA256(for each record: u32 length, key without its generation, u32 length, value)`, hex. */
export async function digestView(reads: Pick<Reads, 'scan'>, generation: Generation): Promise<string> {
  const hash = createHash('sha256')
  const prefix = viewPrefix(generation)
  for await (const chunk of reads.scan(prefixRange(prefix))) {
    for (const [key, value] of chunk) {
      hash.update(u32be(key.length - prefix.length)).update(key.subarray(prefix.length))
      hash.update(u32be(value.length)).update(value)
    }
  }
  return hash.digest('hex')
}
