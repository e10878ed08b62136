/** Work that is done by one run at a time, and done again when it was asked for meanwhile. */
export interface WorkerLoop {
  /** Runs soon; never twice at once. */
  wake(): void
  /** Resolves when nothing is asked for any more. */
  settled(): Promise<void>
  /** Lets the run under way end and starts no other. */
  stop(): Promise<void>
}

/** `run` should do all there is; `onError` is told of what it throws, and the loop stays usable. */
export function createWorkerLoop(run: () => Promise<void>, onError: (error: unknown) => void): WorkerLoop {
  let running: Promise<void> | undefined
  let again = false
  let stopped = false

  async function loop(): Promise<void> {
    while (again && !stopped) {
      again = false
      try {
        await run()
      } catch (error) {
        onError(error)
      }
    }
    // In the same step as the last look at `again`: a wake that comes any later starts a loop of its own.
    running = undefined
  }

  return {
    wake() {
      again = true
      if (stopped) return
      running ??= loop()
    },
    async settled() {
      while (running !== undefined) await running
    },
    async stop() {
      stopped = true
      await running
    },
  }
}
