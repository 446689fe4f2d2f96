/** `cipbridge reset`: restarts the modem; a connection is closed first. */
import type { CommandModule } from 'yargs'
import { runVerb, type SocketArguments, socketOf, withSocket } from './control-client.ts'
import { order } from './redial.ts'

export const resetCommand: CommandModule<object, SocketArguments> = {
  command: 'reset',
  describe: 'closes the connection, restarts the modem and brings it up again',
  builder: (yargs) => withSocket(yargs).example('$0 reset', 'returns at once; `cipbridge events` shows what follows'),
  handler: (args) => runVerb(() => order(socketOf(args), '/reset')),
}
