/** Work of many that is done a few at a time, one of each in turn: who has much of it waits behind itself alone. */
export interface FairTurns {
  run<T>(whose: string, work: () => Promise<T>): Promise<T>
}

/** `atOnceMax` are done at once. How many wait is for the callers to bound. */
export function createFairTurns(atOnceMax: number): FairTurns {
  const waiting = new Map<string, { readonly starts: (() => void)[]; done: number }>()
  let running = 0

  function next(): void {
    const [whose] = waiting.keys()
    if (whose === undefined || running >= atOnceMax) return
    const queue = waiting.get(whose)!
    const start = queue.starts[queue.done++]!
    waiting.delete(whose)
    if (queue.done < queue.starts.length) waiting.set(whose, queue)
    running++
    start()
  }

  return {
    async run(whose, work) {
      await new Promise<void>(resolve => {
        const others = waiting.get(whose)
        if (others === undefined) waiting.set(whose, { starts: [resolve], done: 0 })
        else others.starts.push(resolve)
        next()
      })
      try {
        return await work()
      } finally {
        running--
        next()
      }
    },
  }
}
