/** What a worker is asked to do. The input in hand stands in shared memory, so that it can be told of a worker that hangs. */
export interface FuzzTask {
  readonly target: string
  readonly executions: number
  readonly seconds: number
  readonly seed: number
  readonly guided: boolean
  /** `u32 executions || u32 length || input`. */
  readonly shared: SharedArrayBuffer
}

export const SHARED_HEAD_BYTES = 8
