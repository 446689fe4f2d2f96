/**
 * Virtual time for the soak: replaces the global timers and clocks, as `vi.useFakeTimers` does, but lets a real
 * microtask queue run dry between two timers without waiting for a real timer: a hundred times as many faults per minute.
 */

interface Pending {
  at: number
  order: number
  readonly every: number | undefined
  readonly action: () => void
  /** Fired for the last time, or cancelled. */
  over: boolean
}

const realImmediate = globalThis.setImmediate
const realNow = performance.now.bind(performance)
const realRandom = Math.random.bind(Math)
const GLOBALS = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
] as const

export class Clock {
  readonly #heap: Pending[] = []
  #now = 0
  #order = 0
  #restore: (() => void) | undefined
  /** Timers that are armed. */
  pending = 0

  get now(): number {
    return this.#now
  }

  /** Takes the globals over; `chance` becomes `Math.random`, so that a life can be replayed. */
  install(chance: () => number): void {
    const saved = GLOBALS.map((name) => [name, globalThis[name]] as const)
    const RealDate = Date
    const arm = (action: () => void, ms: number | undefined, every: boolean): Pending =>
      this.#arm(action, Math.max(1, Math.trunc(ms ?? 1)), every)
    const cancel = (timer: Pending | undefined): void => this.#cancel(timer)
    Object.assign(globalThis, {
      setTimeout: (action: () => void, ms?: number) => arm(action, ms, false),
      setInterval: (action: () => void, ms?: number) => arm(action, ms, true),
      setImmediate: (action: () => void) => this.#arm(action, 0, false),
      clearTimeout: cancel,
      clearInterval: cancel,
      clearImmediate: cancel,
      Date: this.#dateFrom(RealDate),
    })
    performance.now = () => this.#now
    Math.random = chance
    this.#restore = () => {
      Object.assign(globalThis, Object.fromEntries(saved), { Date: RealDate })
      performance.now = realNow
      Math.random = realRandom
    }
  }

  uninstall(): void {
    this.#restore?.()
    this.#restore = undefined
  }

  /** Lets `ms` of virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.passUntil(() => false, ms)
  }

  /** Lets virtual time pass until `condition` holds, or `ms` are over. @returns whether it holds */
  async passUntil(condition: () => boolean, ms: number): Promise<boolean> {
    const end = this.#now + ms
    await settled()
    for (;;) {
      if (condition()) return true
      const next = this.#first()
      if (!next || next.at > end) break
      this.#take()
      this.#now = Math.max(this.#now, next.at)
      if (next.every === undefined) this.#cancel(next)
      else this.#enter(next, next.every)
      next.action()
      await settled()
    }
    this.#now = end
    return condition()
  }

  #arm(action: () => void, ms: number, every: boolean): Pending {
    this.pending += 1
    const timer = { at: 0, order: 0, every: every ? ms : undefined, action, over: false }
    this.#enter(timer, ms)
    return timer
  }

  #enter(timer: Pending, ms: number): void {
    timer.at = this.#now + ms
    this.#order += 1
    timer.order = this.#order
    this.#sift(timer)
  }

  #cancel(timer: Pending | undefined): void {
    if (!timer || timer.over) return
    timer.over = true
    this.pending -= 1
  }

  #dateFrom(RealDate: DateConstructor): DateConstructor {
    const wall = (): number => Date.UTC(2026, 0, 1) + Math.trunc(this.#now)
    return class extends RealDate {
      constructor(...given: unknown[]) {
        super(...((given.length === 0 ? [wall()] : given) as [number]))
      }
      static override now(): number {
        return wall()
      }
    } as DateConstructor
  }

  #first(): Pending | undefined {
    while (this.#heap[0]?.over === true) this.#take()
    return this.#heap[0]
  }

  #sift(timer: Pending): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    for (let up = (at - 1) >> 1; at > 0 && earlier(timer, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up]!
      at = up
    }
    heap[at] = timer
  }

  #take(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let least = 2 * at + 1
      if (least + 1 < heap.length && earlier(heap[least + 1]!, heap[least])) least += 1
      if (least >= heap.length || !earlier(heap[least]!, last)) break
      heap[at] = heap[least]!
      at = least
    }
    heap[at] = last
  }
}

function earlier(one: Pending, other: Pending | undefined): boolean {
  return other === undefined || one.at < other.at || (one.at === other.at && one.order < other.order)
}

/** Every promise and every `process.nextTick` has had its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve))
}
