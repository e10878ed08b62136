import type { Clock } from '../../src/base/ports.ts'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly everyMs: number | undefined
  readonly run: () => void
}

/** Turns of the real event loop after each moment: what a timer set off, and what that set off, comes to rest. */
const TURNS_PER_MOMENT = 3

/**
 * Time that passes only when it is told to, for everything in this process that waits by `setTimeout` or `setInterval`
 * and reads `Date.now` or `performance.now`. What needs no timer runs on in the real event loop, in its usual order.
 */
export class VirtualTime implements Disposable {
  readonly #timers = new Map<number, Timer>()
  readonly #restore: (() => void)[] = []
  readonly #turn = globalThis.setImmediate
  /** Ids of timers by moment, ascending in `#moments`. */
  readonly #due = new Map<number, number[]>()
  readonly #moments: number[] = []
  #nowMs: number
  #order = 0

  constructor(startMs: number) {
    this.#nowMs = startMs
    const set = (handler: () => void, delayMs = 0, everyMs?: number) => this.#set(handler, delayMs, everyMs)
    const clear = (timer: unknown) => void this.#timers.delete(Number(timer))
    this.#replace(
      globalThis,
      'setTimeout',
      (handler: (...given: unknown[]) => void, delayMs?: number, ...given: unknown[]) =>
        set(() => handler(...given), delayMs),
    )
    this.#replace(
      globalThis,
      'setInterval',
      (handler: (...given: unknown[]) => void, delayMs = 1, ...given: unknown[]) =>
        set(() => handler(...given), delayMs, Math.max(1, delayMs)),
    )
    this.#replace(globalThis, 'clearTimeout', clear)
    this.#replace(globalThis, 'clearInterval', clear)
    this.#replace(Date, 'now', () => this.#nowMs)
    this.#replace(performance, 'now', () => this.#nowMs - startMs)
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** A clock that is wrong by so much. */
  clock(offByMs: () => number = () => 0): Clock {
    return { now: () => this.#nowMs + offByMs() }
  }

  /** Lets time pass, moment by moment. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await this.#rest()
    for (let next = this.#moments[0]; next !== undefined && next <= endMs; next = this.#moments[0]) {
      this.#nowMs = Math.max(this.#nowMs, next)
      removeLeast(this.#moments)
      const ids = this.#due.get(next) ?? []
      this.#due.delete(next)
      if (this.#fire(ids)) await this.#rest()
    }
    this.#nowMs = endMs
  }

  /** Lets time pass until it holds, looked at each `stepMs`; false where it does not come to that in `withinMs`. */
  async until(condition: () => boolean | Promise<boolean>, withinMs: number, stepMs = 1000): Promise<boolean> {
    for (let passedMs = 0; ; passedMs += stepMs) {
      if (await condition()) return true
      if (passedMs >= withinMs) return false
      await this.advance(stepMs)
    }
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore()
  }

  #fire(ids: readonly number[]): boolean {
    let fired = false
    for (const id of ids) {
      const timer = this.#timers.get(id)
      if (timer === undefined) continue
      fired = true
      if (timer.everyMs === undefined) this.#timers.delete(id)
      else this.#schedule(id, { ...timer, atMs: this.#nowMs + timer.everyMs })
      timer.run()
    }
    return fired
  }

  #set(run: () => void, delayMs: number, everyMs: number | undefined): object {
    const id = ++this.#order
    const atMs = this.#nowMs + Math.max(1, Math.ceil(Number.isFinite(delayMs) ? delayMs : 1))
    this.#schedule(id, { atMs, order: id, everyMs, run })
    const handle = {
      ref: () => handle,
      unref: () => handle,
      hasRef: () => true,
      close: () => void this.#timers.delete(id),
      [Symbol.toPrimitive]: () => id,
    }
    return handle
  }

  #schedule(id: number, timer: Timer): void {
    this.#timers.set(id, timer)
    const ids = this.#due.get(timer.atMs)
    if (ids !== undefined) ids.push(id)
    else {
      this.#due.set(timer.atMs, [id])
      addToHeap(this.#moments, timer.atMs)
    }
  }

  async #rest(): Promise<void> {
    for (let turn = 0; turn < TURNS_PER_MOMENT; turn++) await new Promise<void>(resolve => this.#turn(resolve))
  }

  #replace<T extends object>(owner: T, name: keyof T & string, by: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name)
    const inherited = owner[name]
    Object.defineProperty(owner, name, { configurable: true, writable: true, value: by })
    this.#restore.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name)
      else Object.defineProperty(owner, name, before)
      if (owner[name] !== inherited) throw new Error(`${name} was not restored`)
    })
  }
}

function addToHeap(heap: number[], value: number): void {
  let at = heap.push(value) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heap[parent]! <= heap[at]!) return
    ;[heap[parent], heap[at]] = [heap[at]!, heap[parent]!]
    at = parent
  }
}

function removeLeast(heap: number[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  heap[0] = last
  for (let at = 0; ; ) {
    const left = 2 * at + 1
    const right = left + 1
    let least = at
    if (left < heap.length && heap[left]! < heap[least]!) least = left
    if (right < heap.length && heap[right]! < heap[least]!) least = right
    if (least === at) return
    ;[heap[least], heap[at]] = [heap[at]!, heap[least]!]
    at = least
  }
}
