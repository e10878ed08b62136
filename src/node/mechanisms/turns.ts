/** Runs what it is given one after the other, in the order of the calls; a failure concerns its own caller alone. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const result = last.then(work)
    last = result.then(noop, noop)
    return result
  }
}

function noop(): void {}
