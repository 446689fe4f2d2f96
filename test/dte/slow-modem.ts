/** A modem that works off one command line after the other, each in its own time, as real ones do (modem-facts 0.3). */
import type { TestPort } from './test-port.ts'

export interface Habit {
  readonly ms: number
  /** Lines of the answer, framed when they are sent. */
  readonly lines: readonly string[]
}

/** Answers whatever is written to `port`; what `habits` does not name is answered after 5 ms: a query with `1`. */
export function slowModem(port: TestPort, habits: Readonly<Record<string, Habit>>): { readonly asked: string[] } {
  const queue: string[] = []
  const asked: string[] = []
  let busy = false
  const next = (): void => {
    const line = queue.shift()
    if (line === undefined || busy) return
    busy = true
    const { ms, lines } = habits[line] ?? { ms: 5, lines: usual(line) }
    setTimeout(() => {
      busy = false
      port.say(lines.map((text) => `\r\n${text}\r\n`).join(''))
      next()
    }, ms)
  }
  port.onWritten = (text) => {
    for (const line of text.split('\r').filter((part) => part !== '')) {
      asked.push(line)
      queue.push(line)
      if (!busy) next()
    }
  }
  return { asked }
}

function usual(line: string): string[] {
  const name = /^AT(\+\w+)\?$/.exec(line)?.[1]
  return name === undefined ? ['OK'] : [`${name}: 1`, 'OK']
}
