import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parseNationId } from '../../src/base/ids.ts'
import {
  type Alliance,
  allianceFileOf,
  installAlliance,
  readHeldAlliance,
} from '../../src/node/home/founding-alliance.ts'
import type { Home } from '../../src/node/home/home.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { type CliRun, runCliHere } from './cli.ts'
import { found, makeHome, PASSPHRASE, signNation } from './nation-homes.ts'

/** A folder in which somebody types commands, with the homes that they are for. */
export interface Desk {
  readonly path: string
  readonly deu: Home
  readonly fra: Home
  /** Of DEU, which governs, and FRA; the home of DEU has it in force, and the file `invite` holds it. */
  readonly alliance: Alliance
  /** `home` is a folder of this one; `args` are the words of a command line, none with a space in it. */
  run(home: string, args: string, env?: Readonly<Record<string, string>>): Promise<CliRun>
}

export async function createDesk(path: string): Promise<Desk> {
  mkdirSync(path)
  const passphraseFile = join(path, 'passphrase')
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 })
  const deu = await makeHome(path, 'DEU', ['/ip4/127.0.0.1/tcp/7117'])
  const fra = await makeHome(path, 'FRA')
  const alliance = await signNation(await signNation(await found([deu, fra]), deu), fra)
  await installAlliance(deu, alliance, trustOf(alliance.directory.registry))
  writeFileSync(join(path, 'invite'), allianceFileOf(alliance.evidence))
  return {
    path,
    deu,
    fra,
    alliance,
    run(home, args, env = {}) {
      const set = { TOCSIN_HOME: join(path, home), TOCSIN_PASSPHRASE_FILE: passphraseFile, ...env }
      return runCliHere(args.split(' '), { cwd: path, env: set })
    },
  }
}

export async function expectOk(running: Promise<CliRun>): Promise<CliRun> {
  const ran = await running
  expect(ran, ran.stderr).toMatchObject({ status: 0 })
  return ran
}

/** Gives what was said. */
export async function expectRefusal(running: Promise<CliRun>, code: string, status: number): Promise<string> {
  const ran = await running
  expect(ran.stderr).toContain(`error ${code}: `)
  expect(ran.status).toBe(status)
  return ran.stderr
}

/** The document of the nation that a home has in force. */
export async function inForceAt(home: Home, nation = 'DEU') {
  const held = await readHeldAlliance(home)
  return held!.directory.member(parseNationId(nation))!.doc!
}

/** Everything in the home, secrets too: nothing half-applied is what it was. */
export function contentsOf(home: Home): Readonly<Record<string, string>> {
  const files = readdirSync(home.path, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'latin1')]),
  )
}
