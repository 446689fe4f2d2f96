/** Wakes the one activity that waits; who is woken looks at what is the case, the bell carries no news. */
import { after, reasonOf } from '../core/time.ts'

export class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves when it rings, or rang since the last wait, or after `ms`. Rejects when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#wake = undefined
        this.#rung = false
        settle()
      }
      const onAbort = (): void => finish(() => reject(reasonOf(signal)))
      const timer = after(Math.max(0, ms), () => finish(resolve))
      this.#wake = () => finish(resolve)
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      else if (this.#rung) this.#wake()
    })
  }
}
