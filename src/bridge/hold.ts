/** Hold: a client that comes while the link is down waits for it, instead of being refused. */
import { Fault } from '../core/fault.ts'
import { after, reasonOf } from '../core/time.ts'

/** What holding needs of the link. */
export interface DownLink {
  readonly usable: boolean
  /** Why it is not usable; undefined before anything went wrong. */
  readonly fault: Fault | undefined
  on(event: 'usable', listener: (usable: boolean) => void): unknown
  off(event: 'usable', listener: (usable: boolean) => void): unknown
}

/**
 * Resolves as soon as the link is usable.
 * @throws Fault that stands in its way, after `ms`; the signal's reason, when the client is gone
 */
export function untilUsable(link: DownLink, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      timer.cancel()
      link.off('usable', look)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const look = (): void => {
      if (link.usable) finish(resolve)
    }
    const onAbort = (): void => finish(() => reject(reasonOf(signal)))
    const timer = after(ms, () => finish(() => reject(stillDown(link, ms))))
    link.on('usable', look)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    else look()
  })
}

function stillDown({ fault }: DownLink, ms: number): Fault {
  const why = fault?.message ?? 'it is not up yet'
  return new Fault(fault?.code ?? 'no-answer', `held for ${ms / 1000} s, and the link is still down: ${why}`, {
    cause: fault,
  })
}
