import type { RecordsForm } from './records.ts'

/** One decoder or importer under fuzzing, and what must hold of it whatever it is given. */
export interface Target {
  readonly name: string
  /** What the mutations know of an input besides its bytes. */
  readonly form: 'bytes' | 'text' | 'protobuf' | RecordsForm
  /** Longer inputs are not tried. */
  readonly lengthMax: number
  /** Inputs to begin with. */
  seeds(): readonly Uint8Array[]
  /** Words that the format knows. */
  readonly tokens?: readonly string[]
  /** CPU time that an input may take besides its share by length; 50 ms where nothing is said. */
  readonly allowanceMs?: number
  /**
   * Feeds one input. Throws TocsinError where it is refused, and anything else, such as `PropertyError`, where something
   * is wrong. What is returned names the kind of success; inputs that reach a new kind are kept.
   */
  run(input: Uint8Array): RunResult | Promise<RunResult>
}

type RunResult = string | undefined

/** Something was accepted, and is not what it should be. */
export class PropertyError extends Error {}

export function assertHolds(condition: boolean, property: string): asserts condition {
  if (!condition) throw new PropertyError(property)
}
