import { expect, test } from 'vitest'
import { ceiling, pin, policy, roles } from '../../src/cli/alliance/alliance-propose-change.ts'

const refusal = expect.objectContaining({ code: 'change-value' })

test('roles are read by their names, in any case', async () => {
  expect(await roles('DEU', 'publish, WITNESS')).toEqual({ kind: 'roles', nation: 'DEU', roles: [1, 3] })
  await expect(roles('DEU', 'KING')).rejects.toThrow(refusal)
  await expect(roles('DEU', '')).rejects.toThrow(refusal)
})

test('a ceiling is a level of TLP or none', async () => {
  expect(await ceiling('DEU', 'amber+strict')).toEqual({ kind: 'ceiling', nation: 'DEU', maxTlp: 4 })
  expect(await ceiling('DEU', 'TLP:RED')).toMatchObject({ maxTlp: 5 })
  expect(await ceiling('DEU', 'none')).toMatchObject({ maxTlp: 0 })
  await expect(ceiling('DEU', 'PURPLE')).rejects.toThrow(refusal)
})

test('a policy is set by fields with whole numbers, and none of them by zero but for the liars', async () => {
  expect(await policy(['skew-seconds=60', 'byzantine-nations=0'])).toEqual({
    kind: 'policy',
    fields: { skewSeconds: 60, byzantineNations: 0 },
  })
  expect(await policy(['byzantine-nations=default'])).toEqual({
    kind: 'policy',
    fields: { byzantineNations: undefined },
  })
  for (const text of ['skew-seconds=0', 'skew-seconds=1.5', 'skew-seconds=', 'skew-seconds', 'colour=red']) {
    await expect(policy([text]), text).rejects.toThrow(refusal)
  }
})

test('a document is named by its whole hash', async () => {
  const hash = 'ab'.repeat(32)
  expect(await pin('DEU', hash)).toEqual({ kind: 'pin', nation: 'DEU', hash })
  await expect(pin('DEU', 'ab')).rejects.toThrow(refusal)
})
