import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './node-alliance.ts'

/** A resolver of Debian on a loopback port, with names to resolve below `test.` and `example.`, and a policy zone. */
export interface Resolver extends AsyncDisposable {
  /** The status, and addresses in the answer: `NXDOMAIN`, `NOERROR 198.51.100.7`, or `TIMEOUT`. */
  ask(name: string, type?: 'A' | 'AAAA'): string
  log(): string
}

/** What every name below `test.` and below `example.` resolves to. */
export const ADDRESSES = {
  test: ['198.51.100.7', '2001:db8:0:1::7'],
  example: ['198.51.100.8', '2001:db8::1:0:0:8'],
} as const

const READY_TIMEOUT_MS = 10_000

/** `zone`: what stands in the zone `tocsin.rpz`. */
export async function startNamed(program: string, zone: string): Promise<Resolver> {
  const folder = folderWith(zone)
  const port = await freePort()
  writeFileSync(
    join(folder, 'named.conf'),
    `options {
  directory "${folder}"; pid-file none; session-keyfile "${folder}/session.key"; managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion yes; dnssec-validation no; empty-zones-enable no;
  response-policy { zone "tocsin.rpz"; } qname-wait-recurse no;
};
controls { };
zone "tocsin.rpz" { type primary; file "rpz.zone"; };
zone "test" { type primary; file "test.zone"; };
zone "example" { type primary; file "example.zone"; };
`,
  )
  return await running(
    spawn(program, ['-g', '-c', join(folder, 'named.conf')]),
    folder,
    port,
    /reload done: .*\n(?:.*\n)*.* running\n|running\n(?:.*\n)*.*reload done/,
  )
}

/** `configuration` after the clause `server` that is here already. */
export async function startUnbound(program: string, configuration: string, zone = ''): Promise<Resolver> {
  const folder = folderWith(zone)
  const port = await freePort()
  const file = join(folder, 'unbound.conf')
  const upstream = Object.keys(ADDRESSES).map(
    name => `auth-zone:
  name: "${name}"
  zonefile: "${folder}/${name}.zone"
  for-upstream: yes
  for-downstream: no
`,
  )
  writeFileSync(
    file,
    `server:
  directory: "${folder}"
  interface: 127.0.0.1@${port}
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  pidfile: ""
  module-config: "respip iterator"
  local-zone: "test." nodefault
  local-zone: "example." nodefault
${upstream.join('')}${configuration.replaceAll('@FOLDER@', folder)}`,
  )
  const check = spawnSync(program.replace(/unbound$/, 'unbound-checkconf'), [file], { encoding: 'utf8' })
  if (check.status !== 0) throw new Error(`unbound-checkconf: ${check.stderr}`)
  return await running(spawn(program, ['-d', '-c', file]), folder, port, /start of service/)
}

function folderWith(zone: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-dns-'))
  writeFileSync(join(folder, 'rpz.zone'), zone)
  for (const [name, [ipv4, ipv6]] of Object.entries(ADDRESSES)) {
    const head = `$TTL 60\n@ IN SOA ns hostmaster 1 60 60 60 60\n@ IN NS ns\nns IN A 127.0.0.1\n`
    writeFileSync(join(folder, `${name}.zone`), `$ORIGIN ${name}.\n${head}* IN A ${ipv4}\n* IN AAAA ${ipv6}\n`)
  }
  return folder
}

/** `ready`: what it says when it has read its zones. */
async function running(child: ChildProcess, folder: string, port: number, ready: RegExp): Promise<Resolver> {
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (log += chunk))
  const resolver: Resolver = {
    ask: (name, type = 'A') => ask(port, name, type),
    log: () => log,
    async [Symbol.asyncDispose]() {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined
      child.kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (!ready.test(log)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the resolver does not start: ${log}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return resolver
}

function ask(port: number, name: string, type: string): string {
  const { stdout } = spawnSync('dig', ['+tries=1', '+time=1', '-p', String(port), '@127.0.0.1', name, type], {
    encoding: 'utf8',
  })
  const status = /status: (\w+)/.exec(stdout)?.[1]
  if (status === undefined) return 'TIMEOUT'
  const answers = [...stdout.matchAll(/^[^;\s]\S*\s+\d+\s+IN\s+(?:A|AAAA|CNAME)\s+(\S+)$/gm)].map(([, data]) => data)
  return [status, ...answers].join(' ')
}
