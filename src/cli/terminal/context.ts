import type { Command } from 'commander'
import type { EncryptOptions } from '../../crypto/passphrase-file.ts'
import { type Home, homeAt } from '../../node/home/home.ts'
import { type ControlClient, createControlClient } from './client.ts'
import { type OutputSink, openOutput } from './output.ts'

/** What a command has to do with the world outside. */
export interface CliContext {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdin: NodeJS.ReadStream
  readonly stderr: NodeJS.WriteStream
  /** Data. */
  readonly out: OutputSink
  /** `-q`: no talk. */
  readonly quiet: () => boolean
  /** A line of talk, on standard error. */
  readonly say: (line: string) => void
  /** How costly it is to try passphrases on key files that are made here. */
  readonly keyFiles: EncryptOptions
  /** By `--home`, TOCSIN_HOME or its default. */
  readonly home: () => Home
  /** The daemon of that home. */
  readonly client: () => ControlClient
  /** For a daemon: goes on when nobody reads what it prints any more, which ends other commands. */
  readonly outliveReaders: () => void
  /** The exit status when all is done, where nothing throws. */
  readonly setExitStatus: (status: number) => void
}

interface GlobalOptions {
  readonly home?: string
  readonly quiet?: boolean
  readonly timeout?: number
  /** `--token-file`. */
  readonly tokenFile?: string
}

export function createCliContext(program: Command, process: NodeJS.Process, keyFiles: EncryptOptions): CliContext {
  const options = () => program.opts<GlobalOptions>()
  const quiet = () => options().quiet === true
  const outliving = endWithReaders([process.stdout, process.stderr], process)
  const home = () => homeAt(options().home, process.env)
  return {
    environment: process.env,
    stdin: process.stdin,
    stderr: process.stderr,
    out: openOutput(process.stdout),
    quiet,
    say(line) {
      if (!quiet()) process.stderr.write(`${line}\n`)
    },
    keyFiles,
    home,
    client() {
      const { timeout, tokenFile = process.env.TOCSIN_TOKEN_FILE } = options()
      return createControlClient(home(), timeout === undefined ? undefined : timeout * 1000, tokenFile)
    },
    outliveReaders: outliving,
    setExitStatus(status) {
      process.exitCode = status
    },
  }
}

/** A reader that has seen enough, such as `head`, is no error. Returns what makes the process live on without it. */
function endWithReaders(streams: readonly NodeJS.WriteStream[], process: NodeJS.Process): () => void {
  let outlives = false
  for (const stream of streams) {
    stream.on('error', error => {
      if (!('code' in error) || error.code !== 'EPIPE') throw error
      if (!outlives) process.exit()
    })
  }
  return () => {
    outlives = true
  }
}
