/** `cipbridge at`: one AT command through the running daemon, also beside a live session. */
import type { CommandModule } from 'yargs'
import type { Asked } from '../link/orders.ts'
import { call, errorIn, runVerb, type SocketArguments, socketOf, withSocket } from './control-client.ts'
import { EXIT } from './exit-codes.ts'

interface AtArguments extends SocketArguments {
  readonly command: string
}

export const atCommand: CommandModule<object, AtArguments> = {
  command: 'at <command>',
  describe: 'one AT command through the running daemon, also beside a live session',
  builder: (yargs) =>
    withSocket(yargs)
      .positional('command', { type: 'string', demandOption: true, describe: 'one AT command, in quotes' })
      .example("$0 at 'AT+CSQ'", 'the signal: prints the lines of the answer and its result')
      .example('$0 at \'AT+CMGL="ALL"\'', 'the messages in the memory'),
  handler: (args) => runVerb(() => ask(args)),
}

async function ask(args: AtArguments): Promise<number> {
  const answer = await call(socketOf(args), 'POST', '/at', { body: { command: args.command } })
  if (answer.code === 200) {
    const { ok, result, lines } = answer.body as Asked
    process.stdout.write([...lines, result].map((line) => `${line}\n`).join(''))
    return ok ? EXIT.good : EXIT.temporary
  }
  process.stderr.write(`cipbridge: ${errorIn(answer)}\n`)
  return answer.code === 400 || answer.code === 413 ? EXIT.usage : EXIT.temporary
}
