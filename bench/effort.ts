import { PEERS, type Peer } from './bridges.ts'

/** How much is measured: enough for figures, or only enough to see that everything works. */
export interface Effort {
  /** Which of the peers are compared with, if they are installed. */
  readonly peers: readonly Peer[]
  /** Repetitions of what is compared with a peer, ours and theirs in turn. */
  readonly rounds: number
  readonly pings: number
  readonly megabytes: number
  /** Of a line that is full of small chunks, and of an idle one, in ms. */
  readonly spanMs: number
  /** Of bulk transfer at a line rate, in ms of line time. */
  readonly goodputMs: number
  readonly rates: readonly number[]
  /** The run at full load over which memory is looked at, in ms. */
  readonly runMs: number
  /** Virtual hours of it. */
  readonly hours: number
}

export const FULL: Effort = {
  peers: PEERS,
  rounds: 5,
  pings: 300,
  megabytes: 16,
  spanMs: 2000,
  goodputMs: 4000,
  rates: [9600, 57_600, 115_200, 460_800, 921_600],
  runMs: 60_000,
  hours: 24,
}

export const QUICK: Effort = {
  peers: ['socat'],
  rounds: 1,
  pings: 30,
  megabytes: 1,
  spanMs: 200,
  goodputMs: 500,
  rates: [115_200],
  runMs: 1000,
  hours: 2,
}
