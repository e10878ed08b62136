import type { StoreFault } from './upkeep.ts'

/** Told of; all of them are counted. */
const FAULTS_TOLD_MAX = 100

/** Counts what is wrong, and keeps the first of it. */
export class Faults {
  readonly #told: StoreFault[] = []
  #lost = 0
  #derived = 0

  add(harm: StoreFault['harm'], record: string, sentence: string, count = 1): void {
    if (harm === 'lost') this.#lost += count
    else this.#derived += count
    if (this.#told.length < FAULTS_TOLD_MAX) this.#told.push({ harm, record, sentence })
  }

  get lost(): number {
    return this.#lost
  }

  get derived(): number {
    return this.#derived
  }

  get told(): readonly StoreFault[] {
    return this.#told
  }
}
