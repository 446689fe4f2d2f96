/** The verbs of the command line, each loaded when it is wanted. */

/** In the order of the help; each resolves with its yargs command, whose arguments are its own. */
export const VERBS: Readonly<Record<string, () => Promise<unknown>>> = {
  run: async () => (await import('./run.ts')).runCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  simulate: async () => (await import('./simulate.ts')).simulateCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  at: async () => (await import('./at.ts')).atCommand,
  events: async () => (await import('./events.ts')).eventsCommand,
  redial: async () => (await import('./redial.ts')).redialCommand,
  reset: async () => (await import('./reset.ts')).resetCommand,
  install: async () => (await import('./install.ts')).installCommand,
  uninstall: async () => (await import('./uninstall.ts')).uninstallCommand,
  states: async () => (await import('./states.ts')).statesCommand,
}
