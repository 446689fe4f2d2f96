/** Where modem families differ (modem-facts 7). */

export interface Dialect {
  readonly name: 'sim800' | 'sim900'
  /** The longest that one unit of CIPCCFG's WaitTm lasts, in ms: 100 by the manual, 200 by the application note. */
  readonly waitUnitMs: number
  /** Bounds of CIPCCFG: the SIM900 takes fewer values. */
  readonly sendSize: { readonly min: number; readonly max: number }
  readonly waitTime: { readonly min: number; readonly max: number }
}

export const DIALECTS: Readonly<Record<Dialect['name'], Dialect>> = {
  sim800: { name: 'sim800', waitUnitMs: 200, sendSize: { min: 1, max: 1460 }, waitTime: { min: 1, max: 10 } },
  sim900: { name: 'sim900', waitUnitMs: 200, sendSize: { min: 256, max: 1024 }, waitTime: { min: 2, max: 10 } },
}

/** The dialect of a modem by what it says it is (`AT+GMM`, `ATI`). */
export function dialectOf(model: string): Dialect {
  return /SIM900/.test(model) ? DIALECTS.sim900 : DIALECTS.sim800
}
