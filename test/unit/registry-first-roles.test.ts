import { expect, test } from 'vitest'
import { parseNationId } from '../../src/base/ids.ts'
import { planFounding } from '../../src/node/ceremonies/founding.ts'
import { createHome } from '../../src/node/ceremonies/founding-home.ts'
import { readOwnNode } from '../../src/node/ceremonies/founding-own.ts'
import { homeAt, readKemKeys } from '../../src/node/home/home.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { describeRegistry } from '../../src/registry/describe.ts'
import { ask, clock, makeHome, temporaryDirectory, weak } from '../support/nation-homes.ts'

test('an alliance is founded with an observer as one that may observe and nothing else', async () => {
  await using directory = await temporaryDirectory()
  const member = await makeHome(directory.path, 'AAA')
  const observer = homeAt(`${directory.path}/OBS`, {})
  const draft = { nation: parseNationId('OBS'), label: 'Auditors', listen: [], announce: [], observer: true }
  await createHome(observer, draft, ask, { clock, random: systemRandom, ...weak })
  expect(await readKemKeys(observer)).toEqual([])

  const owns = await Promise.all([member, observer].map(home => readOwnNode(home, {})))
  const { registry } = planFounding({
    name: 'Audited',
    nations: owns.map(({ nationFile }) => nationFile),
    governors: [parseNationId('AAA')],
    threshold: undefined,
    byzantineNations: undefined,
    nowMs: clock.now(),
  })
  const roles = describeRegistry(registry).nations.map(entry => [entry.nation, entry.roles])
  expect(roles).toEqual([
    ['AAA', ['PUBLISH', 'RECEIVE', 'WITNESS']],
    ['OBS', ['OBSERVE']],
  ])
})
