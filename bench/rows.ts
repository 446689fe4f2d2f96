/** What is measured, in the order of the table: DESIGN figures with their targets first, then what only informs. */

/** `most`/`least` of the figure itself, or of its ratio to the peer's. */
export interface Target {
  readonly of: 'figure' | 'ratio'
  readonly most?: number
  readonly least?: number
}

export interface RowKind {
  readonly title: string
  readonly unit: string
  /** Whose figure the ratio is taken to. */
  readonly against?: 'socat' | 'bare node'
  readonly target?: Target
}

const share: Target = { of: 'figure', least: 99.5 }
const most = (figure: number): Target => ({ of: 'figure', most: figure })
const ratio = (figure: number): Target => ({ of: 'ratio', most: figure })

/** Line rates at which bulk transfer is measured, in bits per second; the last three have a target. */
export const RATES = [9600, 57_600, 115_200, 460_800, 921_600] as const
export type Rate = (typeof RATES)[number]

function goodputRows(): Record<string, RowKind> {
  const ways = { up: 'to the modem', down: 'from the modem', both: 'both at once, the slower' }
  return Object.fromEntries(
    RATES.flatMap((rate) =>
      Object.entries(ways).map(([way, words]): [string, RowKind] => [
        `goodput-${way}-${rate}`,
        {
          title: `goodput at ${rate} baud, ${words}`,
          unit: '% of the line',
          ...(rate >= 115_200 ? { target: share } : {}),
        },
      ]),
    ),
  )
}

const against = 'socat' as const

export const ROWS = {
  ...goodputRows(),
  'cpu-down': { title: 'unthrottled, pty → TCP: processor time', unit: 'ms/MB', against, target: ratio(1.3) },
  'cpu-up': { title: '921600 baud full, TCP → pty: processor time', unit: 'ms/MB', against, target: ratio(1.3) },
  'delay-up-p50': { title: 'delay of a byte, TCP → pty, median', unit: 'µs', against, target: ratio(1.5) },
  'delay-down-p50': { title: 'delay of a byte, pty → TCP, median', unit: 'µs', against, target: ratio(1.5) },
  'delay-up-p99': { title: 'delay of a byte, TCP → pty, 99 %', unit: 'µs', against, target: most(1000) },
  'delay-down-p99': { title: 'delay of a byte, pty → TCP, 99 %', unit: 'µs', against, target: most(1000) },
  'small-up': { title: '115200 baud full of 16-byte chunks, TCP → pty', unit: '% CPU', against, target: ratio(1.5) },
  'small-down': { title: '115200 baud full of 16-byte chunks, pty → TCP', unit: '% CPU', against, target: ratio(1.5) },
  start: { title: 'start of the process to listening', unit: 'ms', against: 'bare node', target: ratio(3) },
  'start-connect': { title: 'first AT to CONNECT, without the modem’s own time', unit: 'ms', target: most(50) },
  dial: { title: 'warm dial: client to first byte at the peer, without CIPSTART', unit: 'ms', target: most(5) },
  'drop-dcd': { title: 'carrier drop to the end at the client, with DCD', unit: 'ms', target: most(60) },
  'drop-word': { title: 'the same without wires (+PDP: DEACT in the stream)', unit: 'ms', target: most(3000) },
  'drop-closed': { title: 'the peer closes, without wires (CLOSED in the stream)', unit: 'ms', target: most(3000) },
  'rss-idle': { title: 'resident memory, idle', unit: 'MiB', against, target: most(60) },
  'rss-load': { title: 'resident memory, after full load', unit: 'MiB', against, target: most(60) },
  'slope-day': { title: 'heap over a day of virtual time', unit: 'KiB/h', target: most(20) },
  'slope-run': { title: 'resident memory over the run at full load', unit: 'MiB/h' },
  recovery: { title: 'recovery: offline over modem’s times and pauses, worst', unit: '×', target: most(1.2) },
  'window-dtr': { title: 'command window in a live session, DTR', unit: 'ms' },
  'window-plus': { title: 'command window in a live session, +++', unit: 'ms' },
  'line-plain': { title: 'a 16-byte line pty → TCP that ends in a letter', unit: 'µs', against },
  'line-crlf': { title: 'a 16-byte line pty → TCP that ends in CR LF', unit: 'µs', against },
  'ask-1': { title: 'request and response of 1 byte', unit: 'µs', against },
  'ask-64': { title: 'request and response of 64 bytes', unit: 'µs', against },
  'ask-1460': { title: 'request and response of 1460 bytes', unit: 'µs', against },
  session: { title: 'short session, connect to closed, +++ included', unit: 'ms' },
  'idle-cpu': { title: 'processor time of an idle hour', unit: 's', against },
  'calls-up': { title: 'system calls, TCP → pty', unit: '1/MB', against },
  'calls-down': { title: 'system calls, pty → TCP', unit: '1/MB', against },
  'heap-up': { title: 'garbage, TCP → pty', unit: 'KiB/MB' },
  'heap-down': { title: 'garbage, pty → TCP', unit: 'KiB/MB' },
  'rss-routes': { title: 'resident memory of 100 more routes', unit: 'MiB' },
  'rss-queue': { title: 'resident memory of 50 clients that wait', unit: 'MiB' },
} satisfies Record<string, RowKind> as Readonly<Record<string, RowKind>>
