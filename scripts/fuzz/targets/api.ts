import type { z } from 'zod'
import { parseRequest } from '../../../src/api/request-body.ts'
import * as requests from '../../../src/api/request-schema.ts'
import { utf8 } from '../../../src/base/bytes.ts'
import { TocsinError, UserError } from '../../../src/base/errors.ts'
import { buildDraftItem } from '../../../src/node/rules/draft-item.ts'
import { context } from '../../../test/support/indicator-claims.ts'
import { assertHolds, type Target } from '../target.ts'
import { textOf } from '../text.ts'

const SCHEMAS = Object.entries(requests).flatMap(([name, value]) =>
  typeof value === 'object' ? [[name, value as z.ZodType] as const] : [],
)
const TOKENS = [
  '{"',
  '":',
  '"}',
  '[',
  ']',
  'null',
  'true',
  '1e999',
  '-1',
  '1.5',
  '""',
  '"items":',
  '"kind":"claim"',
  '"__proto__":',
  '"\\ud800"',
]

function jsonOf(input: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(input))
  } catch {
    throw new UserError('api-request-invalid', 'no JSON')
  }
}

/** One body as every request. */
const request: Target = {
  name: 'api-request',
  form: 'text',
  lengthMax: 8192,
  tokens: TOKENS,
  seeds: () =>
    [
      { values: ['evil.example'] },
      { from: '0', limit: '10', purpose: 'list' },
      { log: 'ab', seq: 1, withBody: true },
      { logs: [], withBodies: true, purpose: 'export' },
      { name: 'a', clearance: 'tlp=GREEN', expiresMs: 1 },
      { nation: 'AAA', size: '3' },
      { type: 'domain', limit: '10', cursor: 'a' },
      { documents: ['AAAA'] },
      { trust: 'tocsin1-a' },
      { key: 'a'.repeat(64), signature: `${'A'.repeat(86)}==` },
    ].map(each => utf8(JSON.stringify(each))),
  run(input) {
    const value = jsonOf(input)
    return SCHEMAS.flatMap(([name, schema]) => (isTaken(schema, value) ? [name] : [])).join(' ')
  },
}

function isTaken(schema: z.ZodType, value: unknown): boolean {
  try {
    parseRequest(schema, value, 'the body')
    return true
  } catch (error) {
    if (error instanceof TocsinError) return false
    throw error
  }
}

/** Up to the item that is to be signed. */
const publish: Target = {
  name: 'api-publish',
  form: 'text',
  lengthMax: 8192,
  tokens: TOKENS,
  seeds: () =>
    [
      {
        kind: 'claim',
        draft: {
          ...{ type: 'domain', value: 'evil.example', marking: { tlp: 2, pap: 1, exercise: false }, confidence: 80 },
          ...{ validFromMs: 1_790_000_000_000, validUntilMs: 1_800_000_000_000, labels: ['a'], lineage: 'observed' },
          references: [{ sourceName: 'a', url: 'https://a.example/' }],
        },
      },
      {
        kind: 'context',
        json: '{"type":"malware","id":"malware--00000000-0000-4000-8000-000000000002","name":"x"}',
        tlp: 2,
      },
      { kind: 'group', id: 'a'.repeat(32), version: 1, prevHash: '', name: 'g', members: ['AAA', 'BBB'], maxTlp: 3 },
    ].map(item => utf8(JSON.stringify({ items: [item] }))),
  run(input) {
    const { items } = parseRequest(requests.publishRequest, jsonOf(input), 'the body')
    const kinds = items.map(item => {
      const { id } = buildDraftItem(item, context())
      assertHolds(id.length === 16, 'an item has an id')
      return item.kind
    })
    return kinds.slice(0, 2).join(' ')
  },
}

export const apiTargets: readonly Target[] = [request, publish]
