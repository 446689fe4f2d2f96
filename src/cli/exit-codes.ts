/** Exit codes as in sysexits(3). */
export const EXIT = {
  good: 0,
  usage: 64,
  unavailable: 69,
  internal: 70,
  temporary: 75,
  noPermission: 77,
  config: 78,
} as const
