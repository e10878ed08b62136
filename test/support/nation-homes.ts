import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseNationId } from '../../src/base/ids.ts'
import { planFounding, signFounding, signOwnNation } from '../../src/node/ceremonies/founding.ts'
import { createHome } from '../../src/node/ceremonies/founding-home.ts'
import { openKeyFile } from '../../src/node/ceremonies/founding-keys.ts'
import { readOwnNode } from '../../src/node/ceremonies/founding-own.ts'
import type { Alliance } from '../../src/node/home/founding-alliance.ts'
import { type Home, homeAt } from '../../src/node/home/home.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'

/** Homes of nations in a directory of their own, as operators make them, but for keys that are quickly opened. */

export const PASSPHRASE = 'correct horse battery staple'
/** Far below what protects anything, so that the tests are quick. */
export const weak = { scryptLogN: 10 }
export const clock = { now: () => Date.now() }
export const ask = () => Promise.resolve(PASSPHRASE)

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string
}

/** The name is short: a control socket's path may have 103 bytes. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'tcs-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export async function makeHome(root: string, nation: string, listen: readonly string[] = []): Promise<Home> {
  const home = homeAt(join(root, nation), {})
  const draft = { nation: parseNationId(nation), label: `Nation ${nation}`, listen, announce: [] }
  await createHome(home, draft, ask, { clock, random: systemRandom, ...weak })
  return home
}

/** An alliance of the homes' nations that the first governs; without any nation's document. */
export async function found(homes: readonly Home[], name = 'Exercise'): Promise<Alliance> {
  const owns = await Promise.all(homes.map(home => readOwnNode(home, {})))
  const founder = owns[0]!.nationFile.nation
  const plan = planFounding({
    name,
    nations: owns.map(own => own.nationFile),
    governors: [founder],
    threshold: undefined,
    byzantineNations: undefined,
    nowMs: clock.now(),
  })
  return signFounding(plan, [await openKeyFile(homes[0]!.governorKey, ask)], weak)
}

export async function signNation(alliance: Alliance, home: Home): Promise<Alliance> {
  const own = await readOwnNode(home, {})
  return signOwnNation(alliance, own, await openKeyFile(home.rootKey, ask), clock.now(), weak)
}
