import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toBase64 } from '../../src/base/bytes.ts'

/** Go's own signed notes and transparency-log trees (`golang.org/x/mod/sumdb`), as a program of ours built over them. */

const SOURCES = join(import.meta.dirname, '../interop/go')
/** Where Debian's golang-golang-x-mod-dev puts its sources: no module proxy, no network. */
const GOPATH = '/usr/share/gocode'
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** Why the program cannot be built here; undefined where it can. */
export function goMissing(): string | undefined {
  if (spawnSync('go', ['version']).status !== 0) return 'golang-go is not installed'
  if (!existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb'))) return 'golang-golang-x-mod-dev is not installed'
  return undefined
}

export type GoQuestion =
  | { readonly kind: 'record'; readonly record: Uint8Array }
  | {
      readonly kind: 'inclusion'
      readonly path: readonly Uint8Array[]
      readonly index: number
      readonly leaf: Uint8Array
      readonly size: number
      readonly root: Uint8Array
    }
  | {
      readonly kind: 'consistency'
      readonly path: readonly Uint8Array[]
      readonly fromSize: number
      readonly fromRoot: Uint8Array
      readonly size: number
      readonly root: Uint8Array
    }
  | { readonly kind: 'note'; readonly note: Uint8Array; readonly keys: readonly GoKey[] }

export interface GoKey {
  readonly name: string
  /** 0x01 or 0x04. */
  readonly type: number
  readonly key: Uint8Array
}

/** Without an error it is a yes. */
export interface GoAnswer {
  readonly error: string
  /** Base64. */
  readonly hash?: string
  readonly text?: string
  readonly verified?: readonly string[]
  readonly unknown?: readonly string[]
}

/** What Go makes of a tree of its own; bytes are base64, roots and notes of size 1, 2, … */
export interface GoTree {
  readonly leaves: readonly string[]
  readonly roots: readonly string[]
  readonly notes: readonly string[]
  readonly origin: string
  readonly key: string
  readonly witness: string
  readonly witnessKey: string
  readonly timeSeconds: number
  readonly inclusions: readonly GoProof[]
  readonly consistencies: readonly GoProof[]
}

/** Of leaf `at` in the tree of `size`, or from the tree of size `at` to that of `size`. */
export interface GoProof {
  readonly at: number
  readonly size: number
  readonly path: readonly string[]
}

export interface GoSumdb extends Disposable {
  check(questions: readonly GoQuestion[]): readonly GoAnswer[]
  make(size: number): GoTree
}

/** Builds it into a folder of its own. */
export function buildGoSumdb(): GoSumdb {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-go-'))
  const program = join(folder, 'sumdb')
  const env = { ...process.env, GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOCACHE: join(folder, 'cache') }
  const sources = readdirSync(SOURCES).map(name => join(SOURCES, name))
  execFileSync('go', ['build', '-o', program, ...sources], { env })
  const run = (args: readonly string[], input = '') =>
    JSON.parse(execFileSync(program, args, { input, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX }))
  return {
    check: questions =>
      run(
        ['check'],
        JSON.stringify(questions, (_, value) => bytesAsBase64(value)),
      ),
    make: size => run(['make', String(size)]),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function bytesAsBase64(value: unknown): unknown {
  return value instanceof Uint8Array ? toBase64(value) : value
}
