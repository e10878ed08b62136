import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { encodeKemKeys, parseKemKeys } from '../../src/crypto/node-key-file.ts'
import { type DocToSign, openKeyFile, signRecorded } from '../../src/node/ceremonies/founding-keys.ts'
import { addKemKeys, planKemCeremony, writeCeremony } from '../../src/node/ceremonies/kem-ceremony.ts'
import { newKemSecrets } from '../../src/node/ceremonies/new-keys.ts'
import { installAlliance, readHeldAlliance } from '../../src/node/home/founding-alliance.ts'
import { homeAt, makeHome as makeFolders, readKemKeys, writeWhole } from '../../src/node/home/home.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { openDaemon } from '../../src/node/open-daemon.ts'
import { DOC_TYPE } from '../../src/registry/signed-doc.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { ask, found, makeHome, signNation, temporaryDirectory, weak } from '../support/nation-homes.ts'
import { nation } from '../support/registry-world.ts'

const someDoc = (version: number, text: string): DocToSign => ({
  type: DOC_TYPE.NATION,
  allianceIdField: new Uint8Array(32),
  version,
  docBytes: utf8(text),
  allianceName: 'Exercise',
})

test('KEM keys that cannot be read are not overwritten by those of another site', async () => {
  await using folder = await temporaryDirectory()
  const home = homeAt(folder.path, {})
  await makeFolders(home)
  const [own, others] = [1, 2].map(() => newKemSecrets(systemRandom, Date.now(), 1))
  await writeWhole(home.kemKeys, encodeKemKeys(nation('AAA'), own!))
  await chmod(home.kemKeys, 0o640)
  const theirs = encodeKemKeys(nation('AAA'), others!)
  await expect(addKemKeys(home, 'AAA', theirs)).rejects.toMatchObject({ code: 'key-file-permissions' })
  await writeFile(home.kemKeys, 'half a file', { mode: 0o600 })
  await chmod(home.kemKeys, 0o600)
  await expect(addKemKeys(home, 'AAA', theirs)).rejects.toMatchObject({ code: 'key-file-malformed' })
  await writeWhole(home.kemKeys, encodeKemKeys(nation('AAA'), own!), { replace: true })
  expect(await addKemKeys(home, 'AAA', theirs)).toBe(1)
  expect(await readKemKeys(home)).toEqual([...own!, ...others!])
})

test('a key that was opened twice signs no two documents of one version, whichever is signed first (R-1.5)', async () => {
  await using folder = await temporaryDirectory()
  const { rootKey } = await makeHome(folder.path, 'AAA')
  const [first, second, third] = [
    await openKeyFile(rootKey, ask),
    await openKeyFile(rootKey, ask),
    await openKeyFile(rootKey, ask),
  ]
  await signRecorded(someDoc(2, 'one'), [first], weak)
  await expect(signRecorded(someDoc(2, 'another'), [second], weak)).rejects.toMatchObject({
    code: 'key-signed-another',
  })
  await signRecorded(someDoc(3, 'next'), [third], weak)
  const { secrets } = await openKeyFile(rootKey, ask)
  expect(secrets.signed.map(({ version }) => version)).toEqual([2, 3])
})

test('a key that signs at two places at once keeps the record of both (R-1.5)', async () => {
  await using folder = await temporaryDirectory()
  const { rootKey } = await makeHome(folder.path, 'AAA')
  const keys = [await openKeyFile(rootKey, ask), await openKeyFile(rootKey, ask)]
  const outcomes = await Promise.allSettled(
    keys.map((key, i) => signRecorded(someDoc(2, `document ${i}`), [key], weak)),
  )
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('what a crash left half written is in nobody’s way, and is not kept', async () => {
  await using folder = await temporaryDirectory()
  const home = homeAt(folder.path, {})
  await mkdir(home.keys, { recursive: true })
  // of this very process id, as in a container, and of one that cannot run
  for (const pid of [process.pid, 2 ** 22 + 1]) await writeFile(`${home.kemKeys}.${pid}.tmp`, 'secrets')
  const theirs = encodeKemKeys(nation('AAA'), newKemSecrets(systemRandom, Date.now(), 1))
  await writeWhole(home.kemKeys, theirs)
  expect(await readdir(dirname(home.kemKeys))).toEqual(['kem.keys'])
  expect(parseKemKeys(await readFile(home.kemKeys)).keys).toHaveLength(1)
})

test('what another run is writing is left alone', async () => {
  await using folder = await temporaryDirectory()
  const { kemKeys, keys } = homeAt(folder.path, {})
  await mkdir(keys, { recursive: true })
  await writeFile(`${kemKeys}.${process.ppid}.tmp`, 'half')
  await writeWhole(kemKeys, 'whole')
  expect(await readdir(keys)).toEqual(['kem.keys', `kem.keys.${process.ppid}.tmp`])
})

test('an alliance file is not taken for that of another alliance whose registry was confirmed here (R-1.4)', async () => {
  await using folder = await temporaryDirectory()
  const home = await makeHome(folder.path, 'AAA')
  const other = await makeHome(folder.path, 'BBB')
  const [ours, theirs] = [await found([home]), await found([other, home], 'Other')]
  await installAlliance(home, theirs, { ...trustOf(ours.directory.registry), version: 2 })
  const mismatch = { code: 'registry-fingerprint-mismatch' }
  await expect(readHeldAlliance(home)).rejects.toMatchObject(mismatch)
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  await expect(openDaemon({ home, environment: {}, logger })).rejects.toMatchObject(mismatch)
})

test('KEM keys that are brought here while a ceremony waits for its passphrase stay', async () => {
  await using folder = await temporaryDirectory()
  const home = await makeHome(folder.path, 'AAA')
  const signed = await signNation(await found([home]), home)
  const own = { home, nation: nation('AAA'), doc: signed.directory.member(nation('AAA'))!.doc! }
  const ceremony = await planKemCeremony(own, true, { clock: { now: Date.now }, random: systemRandom })
  const others = newKemSecrets(systemRandom, Date.now(), 1)
  await addKemKeys(home, 'AAA', encodeKemKeys(own.nation, others))
  await writeCeremony(own, ceremony)
  expect(await readKemKeys(home)).toEqual([...ceremony.secrets, ...others])
})
