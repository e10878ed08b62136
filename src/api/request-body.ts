import type { Context } from 'hono'
import type { z } from 'zod'
import { concat } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { parseJsonText } from '../base/json-text.ts'
import { issueText } from '../node/mechanisms/yaml-file.ts'

/** Of a body: more than the longest list that anything takes. */
const VALUES_MAX = 1_000_000

/** Reads a JSON body of at most `bytesMax` bytes. Throws UserError `api-content-type`, `api-body-too-large` or `api-request-invalid`. */
export async function readBody<T>(c: Context, schema: z.ZodType<T>, bytesMax: number): Promise<T> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new UserError('api-content-type', `the body is ${type === '' ? 'of no said type' : `"${type}"`}, not JSON`, {
      fix: 'Send it with Content-Type: application/json.',
    })
  }
  return parseRequest(schema, parseJson(await readBytes(c, bytesMax)), 'the body')
}

/** Throws UserError `api-request-invalid`, which names the field. */
export function parseRequest<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const where = issue.path.length === 0 ? what : `${what} at ${issue.path.join('.')}`
  throw new UserError('api-request-invalid', `${where}: ${issueText(issue)}`)
}

/** Throws UserError `api-body-too-large`. */
export async function readBytes(c: Context, bytesMax: number): Promise<Uint8Array> {
  if (Number(c.req.header('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.length
    if (length > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return concat(...chunks)
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseJsonText(bytes, VALUES_MAX)
  } catch (cause) {
    throw new UserError('api-request-invalid', 'the body is no JSON in UTF-8, or holds too much of it', { cause })
  }
}

function tooLarge(bytesMax: number): UserError {
  return new UserError('api-body-too-large', `the body has more than ${bytesMax} bytes`, {
    fix: 'Send it in smaller parts.',
    data: { bytesMax },
  })
}
