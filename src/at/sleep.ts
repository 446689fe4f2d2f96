/** The modem's sleep mode. */
import type { AtCommand } from './command.ts'

/** 1: it sleeps while DTR is off and nothing happens, and takes no command then; 0: never (modem-facts 1.2, 5; app note 6). */
export const sleepByDtr = (on: boolean): AtCommand => ({
  text: `+CSCLK=${on ? 1 : 0}`,
  timeoutMs: 10_000,
  parse: () => undefined,
})
