/** The journal as `run` writes it: to stdout, in the form that fits the place. */
import type { Config } from '../config/schema.ts'
import { formatFor, Journal } from '../core/log.ts'

/** A journal on stdout by the configuration's `log`. */
export function journalOnStdout(log: Config['log']): Journal {
  const format = log.format === 'auto' ? formatFor(process.stdout, process.env) : log.format
  return new Journal(log.level, format, (line) => {
    process.stdout.write(line)
  })
}
