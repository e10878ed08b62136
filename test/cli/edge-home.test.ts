import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { allianceViewOf } from '../../src/cli/alliance/alliance-view.ts'
import { homeAt } from '../../src/node/home/home.ts'
import { KEY_STATUS, USE } from '../../src/registry/node-key.ts'
import { temporaryDirectory } from '../support/nation-homes.ts'
import { createDesk, type Desk, expectOk, expectRefusal, inForceAt } from '../support/typed-commands.ts'

/** The home of an edge node as it is typed. */

const directory = await temporaryDirectory()
afterAll(() => directory[Symbol.asyncDispose]())

let desk: Desk
let init: string
let count = 0

beforeEach(async () => {
  desk = await createDesk(join(directory.path, String(count++)))
  const { fingerprint } = allianceViewOf(desk.alliance.directory)
  init = `init invite --nation DEU --edge --listen /ip4/192.0.2.7/tcp/7117 --trust ${fingerprint}`
})

const edgeHome = () => homeAt(join(desk.path, 'EDGE'), {})

async function addEdge(): Promise<string> {
  await expectOk(desk.run('EDGE', init))
  const { stderr } = await expectOk(desk.run('EDGE', 'nation export --node -O edge.json'))
  await expectOk(desk.run('DEU', 'nation add-node edge.json --yes'))
  return stderr.match(/\/ip4\/192\.0\.2\.7\/tcp\/7117\/p2p\/\w+/)![0]
}

describe('an edge', () => {
  test('is made with a peer key and nothing else, and its nation takes it into its document', async () => {
    const address = await addEdge()
    expect(readdirSync(edgeHome().keys)).toEqual(['node.keys'])
    expect(readFileSync(edgeHome().nodeKeys, 'utf8')).not.toMatch(/sign|witness|mldsa/)
    const { nodes } = await inForceAt(desk.deu)
    expect(nodes[1]).toMatchObject({ use: USE.EDGE, status: KEY_STATUS.ACTIVE, addresses: ['/ip4/192.0.2.7/tcp/7117'] })
    const { stdout } = await expectOk(desk.run('EDGE', 'nation export --node'))
    expect(stdout).toContain('"format": "tocsin-node/1"')

    // The inner node names what was printed, and is in nobody's address book then.
    writeFileSync(desk.deu.config, `nation: DEU\nnet: { edges: ["${address}"] }\n`)
    await expectOk(desk.run('DEU', 'nation address --yes'))
    expect((await inForceAt(desk.deu)).nodes[0]!.addresses).toEqual([])
    const { stdout: checks } = await desk.run('DEU', 'doctor -o json')
    expect(checks).toContain('listens on nothing, reaches others through 1 edge node')
  })

  test('takes no key that reads or signs, and does not start beside one', async () => {
    await addEdge()
    await expectOk(desk.run('DEU', 'nation kem-export -O kem.age'))
    await expectRefusal(desk.run('EDGE', 'nation kem-import kem.age'), 'edge-node', 69)
    await expectRefusal(desk.run('EDGE', 'nation rotate node'), 'edge-node', 69)
    await expectRefusal(desk.run('EDGE', 'nation rotate kem'), 'edge-node', 69)
    writeFileSync(join(edgeHome().keys, 'kem.keys'), 'anything', { mode: 0o600 })
    expect(await expectRefusal(desk.run('EDGE', 'start'), 'edge-holds-keys', 69)).toContain('kem.keys')
    const { stdout } = await desk.run('EDGE', 'doctor -o json')
    expect(stdout).toContain('edge-holds-keys')
  })

  test('has no edges itself', async () => {
    await addEdge()
    const address = '/ip4/192.0.2.9/tcp/7117/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
    writeFileSync(edgeHome().config, `nation: DEU\nnet: { edges: ["${address}"] }\n`)
    await expectRefusal(desk.run('EDGE', 'start'), 'config-invalid', 64)
    await expectRefusal(desk.run('OTHER', `${init} --through ${address}`), 'usage-invalid', 64)
    await expectRefusal(desk.run('OTHER', init.replace(' --nation DEU', '')), 'usage-invalid', 64)
  })
})

test('a further node names in its configuration what it is to reach others through', async () => {
  const address = await addEdge()
  const further = init.replace('--edge --listen /ip4/192.0.2.7/tcp/7117', `--through ${address}`)
  await expectOk(desk.run('DEU2', further))
  expect(readFileSync(homeAt(join(desk.path, 'DEU2'), {}).config, 'utf8')).toContain(`  edges:\n    - ${address}`)
})

test('what is no address of an edge is refused and named', async () => {
  for (const text of ['/ip4/192.0.2.7/tcp/7117', '/ip4/192.0.2.7/tcp/7117/p2p/Qm', 'edge.example']) {
    writeFileSync(desk.deu.config, `nation: DEU\nnet: { edges: ["${text}"] }\n`)
    expect(await expectRefusal(desk.run('DEU', 'nation address --yes'), 'config-invalid', 64)).toContain('net.edges.0')
  }
})
