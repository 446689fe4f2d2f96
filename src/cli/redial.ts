/** `cipbridge redial`: drops the connection in order; the next client dials anew. */
import type { CommandModule } from 'yargs'
import { call, errorIn, runVerb, type SocketArguments, socketOf, withSocket } from './control-client.ts'
import { EXIT } from './exit-codes.ts'

export const redialCommand: CommandModule<object, SocketArguments> = {
  command: 'redial',
  describe: 'drops the connection in order, so that the next client dials anew; ends a pause of recovery',
  builder: (yargs) => withSocket(yargs).example('$0 redial', 'returns at once; `cipbridge events` shows what follows'),
  handler: (args) => runVerb(() => order(socketOf(args), '/redial')),
}

/** Gives an order and prints what the daemon makes of it. @returns the exit code */
export async function order(socket: string, path: '/redial' | '/reset'): Promise<number> {
  const answer = await call(socket, 'POST', path)
  if (answer.code !== 202) {
    process.stderr.write(`cipbridge: ${errorIn(answer)}\n`)
    return EXIT.temporary
  }
  process.stdout.write(`${(answer.body as { message: string }).message}\n`)
  return EXIT.good
}
