import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'

/**
 * Machines of their own on one wire, as network namespaces of Linux: a bridge in a namespace in the middle, and a cable
 * from it to each. Names and addresses are of this network alone, so several stand side by side.
 */
export interface Network extends AsyncDisposable {
  readonly machines: readonly Machine[]
  /** Only machines of one group reach each other; whoever is in none is alone. */
  partition(...groups: readonly (readonly number[])[]): void
  heal(): void
  /** What `from` sends to `to` is lost. */
  mute(from: number, to: number): void
  unmute(from: number, to: number): void
  /** Whatever goes to this machine passes here; throws where the kernel has no such discipline. */
  shape(machine: number, discipline: string): void
  unshape(machine: number): void
  /** A namespace more, with nothing in it but a loopback interface; it goes with the network. */
  add(name: string): string
}

export interface Machine {
  readonly namespace: string
  readonly address: string
}

/** Why none can be made here; undefined where they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  if (process.getuid?.() !== 0) return 'network namespaces take root'
  const probe = `tcs-probe-${randomBytes(3).toString('hex')}`
  try {
    ip('netns', 'add', probe)
    try {
      ip('-n', probe, 'link', 'add', 'name', 'this', 'type', 'veth', 'peer', 'name', 'that')
      ip('-n', probe, 'link', 'add', 'name', 'bridge', 'type', 'bridge')
    } finally {
      ip('netns', 'delete', probe)
    }
    return undefined
  } catch (error) {
    return `no network namespaces can be made here: ${error instanceof Error ? error.message : error}`
  }
}

/** Whether the kernel has this queueing discipline, such as `netem delay 1ms`. */
export function hasDiscipline(discipline: string): boolean {
  const probe = `tcs-probe-${randomBytes(3).toString('hex')}`
  ip('netns', 'add', probe)
  try {
    ip('-n', probe, 'link', 'add', 'name', 'this', 'type', 'veth', 'peer', 'name', 'that')
    run('tc', ['-n', probe, 'qdisc', 'add', 'dev', 'this', 'root', ...discipline.split(' ')])
    return true
  } catch {
    return false
  } finally {
    ip('netns', 'delete', probe)
  }
}

const SUBNET = '10.77.0'
const BRIDGES = ['whole', 'left', 'right'] as const

export function openNetwork(count: number): Network {
  removeLeftovers()
  const id = `${process.pid}-${randomBytes(3).toString('hex')}`
  const middle = `tcs-${id}-m`
  const namespaces: string[] = []

  function add(name: string): string {
    const namespace = `tcs-${id}-${name}`
    ip('netns', 'add', namespace)
    namespaces.push(namespace)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    return namespace
  }

  function remove(): void {
    for (const namespace of namespaces) ip('netns', 'delete', namespace)
  }

  try {
    add('m')
    for (const bridge of BRIDGES) {
      ip('-n', middle, 'link', 'add', 'name', bridge, 'type', 'bridge')
      ip('-n', middle, 'link', 'set', bridge, 'up')
    }
    const machines = Array.from({ length: count }, (_, i) => addMachine(i))
    return {
      machines,
      partition(...groups) {
        for (let i = 0; i < count; i++) {
          const bridge = BRIDGES[1 + groups.findIndex(group => group.includes(i))]
          if (groups.some(group => group.includes(i))) ip('-n', middle, 'link', 'set', `m${i}`, 'master', bridge!)
          else ip('-n', middle, 'link', 'set', `m${i}`, 'nomaster')
        }
      },
      heal() {
        for (let i = 0; i < count; i++) ip('-n', middle, 'link', 'set', `m${i}`, 'master', 'whole')
      },
      mute: (from, to) => ip('-n', machines[from]!.namespace, 'route', 'add', 'blackhole', machines[to]!.address),
      unmute: (from, to) => ip('-n', machines[from]!.namespace, 'route', 'delete', 'blackhole', machines[to]!.address),
      shape: (i, discipline) =>
        run('tc', ['-n', middle, 'qdisc', 'add', 'dev', `m${i}`, 'root', ...discipline.split(' ')]),
      unshape: i => run('tc', ['-n', middle, 'qdisc', 'delete', 'dev', `m${i}`, 'root']),
      add,
      [Symbol.asyncDispose]: async () => remove(),
    }
  } catch (error) {
    remove()
    throw error
  }

  function addMachine(i: number): Machine {
    const namespace = add(String(i))
    const address = `${SUBNET}.${i + 1}`
    ip('-n', middle, 'link', 'add', 'name', `m${i}`, 'type', 'veth', 'peer', 'name', 'wire', 'netns', namespace)
    ip('-n', middle, 'link', 'set', `m${i}`, 'master', 'whole')
    ip('-n', middle, 'link', 'set', `m${i}`, 'up')
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'wire')
    ip('-n', namespace, 'link', 'set', 'wire', 'up')
    return { namespace, address }
  }
}

/** What runs that were killed have left, with what still runs in it. */
function removeLeftovers(): void {
  for (const line of execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n')) {
    const [namespace, pid] = /^tcs-(\d+)-[0-9a-f]{6}-\S+/.exec(line) ?? []
    if (namespace === undefined || isAlive(Number(pid))) continue
    const inside = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' })
    for (const each of inside.split('\n').filter(Boolean)) process.kill(Number(each), 'SIGKILL')
    ip('netns', 'delete', namespace)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A process on a machine; `ip` becomes it. */
export function spawnIn(
  namespace: string,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  return spawn('ip', ['netns', 'exec', namespace, command, ...args], options)
}

/** Ends a process that `spawnIn` started. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

export function ip(...args: readonly string[]): void {
  run('ip', args)
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
