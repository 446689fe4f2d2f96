/** What may differ from life to life, and what may go wrong in one: drawn at random, within what can be survived. */
import type { ConfigInput } from '../../src/config/schema.ts'
import { CURES, FAULT_KINDS, type FaultType, type ModemFault } from '../../src/virtual-modem/faults.ts'
import { KNOBS, type Knobs } from '../../src/virtual-modem/knobs.ts'
import type { Random } from './random.ts'

/** Sides of knobs on which nobody could be exact, and why. */
export const PHYSICAL_LIMITS: Partial<
  Record<keyof Knobs, { readonly values: readonly unknown[]; readonly why: string }>
> = {
  escapedData: {
    values: ['lost', 'delivered'],
    why: 'thrown away it is nowhere to be had again; between answers it looks like answers',
  },
  plusLeaks: { values: [true], why: 'the modem itself adds +++ to what the peer gets' },
  urcInData: { values: ['injected'], why: 'RING in the stream looks like any text of the peer' },
  readGap: { values: [30], why: 'no UART pauses so long in a line; held back so long, text would be delayed' },
  closeSign: { values: ['dcd'], why: 'without a word a payload that ends like one cannot be told from it' },
  start: { values: ['off'], why: 'no wire switches it on here' },
  lineShare: { values: [0.6], why: 'a queue that tells nothing says nothing of commands that CTS holds up either' },
  hangUpWord: { values: ['OK', 'NO CARRIER'], why: 'no hang-up by DTR is used' },
}

/** A modem of one of the many kinds that there may be. */
export function someKnobs(random: Random): Partial<Knobs> {
  const chosen: Record<string, unknown> = { paced: random.chance(0.5) }
  for (const [name, knob] of Object.entries(KNOBS)) {
    const limits = PHYSICAL_LIMITS[name as keyof Knobs]?.values ?? []
    const others = (knob.others as readonly unknown[]).filter((value) => !limits.includes(value))
    if (name !== 'paced' && others.length > 0 && random.chance(0.12)) chosen[name] = random.pick(others)
  }
  // DCD goes off before the word has come: a payload that ends like it is taken for it.
  if (chosen.dcdOnClose === 'before') delete chosen.dcdDelay
  return chosen
}

export function someConfig(random: Random): Partial<ConfigInput> {
  const pin = random.pick([undefined, '1234', '0000'])
  return {
    ...(pin === undefined ? {} : { modem: { pin } }),
    liveness: { probeAfter: random.pick(['30s', '2m', '5m']), keepalive: random.pick(['30s', '2m']) },
  }
}

/** Commands that a single answer can be spoilt of. */
const COMMANDS = [
  '',
  '+CIPSTATUS',
  '+CIPSTART',
  '+CREG?',
  '+CIPACK',
  'ATO',
  '+CIPCLOSE',
  '+CIICR',
  '+CIFSR',
  '+CIPSHUT',
  '+CMEE',
  'E0V1Q0',
]

/**
 * What comes from outside is no fault; its words are those of `urc`. And an echo that comes back beside a connection that
 * ends gives back what was under way, behind the modem's last word: a peer that echoes may have said the same.
 */
const NOT_HERE: readonly string[] = ['message', 'call', 'echo-on'] satisfies FaultType[]
const TYPES = (Object.keys(FAULT_KINDS) as FaultType[]).filter((type) => !NOT_HERE.includes(type))

/** The noise of the fault `garbage`, byte by byte. */
export function noiseByte(index: number): number {
  return 0x80 | ((index * 73 + 0x5f) & 0x7f)
}

/** A fault with random attributes. */
export function someFault(random: Random): ModemFault {
  const type = random.pick(TYPES)
  const cure = random.chance(0.1) ? { until: random.pick(CURES) } : {}
  return { ...shaped(type, random), ...cure }
}

const SHAPES: { readonly [T in FaultType]?: (random: Random) => Omit<Extract<ModemFault, { type: T }>, 'type'> } = {
  'no-answer': (random) => ({ data: random.pick(['flows', 'stalls']) }),
  'slow-answer': (random) => ({ ms: random.span(50, 8_000) }),
  'late-answer': (random) => ({ ms: random.span(500, 30_000), command: random.pick(COMMANDS) }),
  'lost-result': (random) => ({ command: random.pick(COMMANDS) }),
  'command-failed': (random) => ({ command: random.pick(COMMANDS), cme: random.pick([0, 3, 10, 14, 100]) }),
  chopped: (random) => ({ bytes: random.whole(1, 3), ms: random.whole(1, 15) }),
  garbage: (random) => ({ bytes: random.whole(1, 20) }),
  urc: (random) => ({
    text: random.pick(['RING', '+CMTI: "SM",1', 'Call Ready', '+CREG: 2', 'UNDER-VOLTAGE WARNNING']),
    where: random.pick(['now', 'inside']),
  }),
  'sim-locked': (random) => ({ pin: random.pick(['1234', '4321']), attempts: random.whole(1, 3) }),
  'not-registered': (random) => ({ stat: random.pick([0, 2, 4]) }),
  'carrier-drops': (random) => ({ how: random.pick(['both', 'line', 'silent']) }),
  'escape-swallowed': (random) => ({ by: random.pick(['plus', 'dtr', 'both']) }),
  reboot: (random) => ({ lines: random.chance(0.7), warning: random.chance(0.3) }),
  'under-voltage': (random) => ({ power: random.pick(['warn', 'down']) }),
}

function shaped(type: FaultType, random: Random): ModemFault {
  const shape = SHAPES[type] as ((random: Random) => object) | undefined
  return { type, ...shape?.(random) } as ModemFault
}
