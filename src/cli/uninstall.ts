/** `cipbridge uninstall`: takes away what `install` brought. */
import type { Argv, CommandModule } from 'yargs'
import { runVerb } from './control-client.ts'
import { EXIT } from './exit-codes.ts'
import { Changes, type Ground } from './install/changes.ts'
import { groupNumber, isBooted, needRoot, order, orderIfBooted, refuseBesidePackage } from './install/machine-words.ts'
import {
  CONFIG_FOLDER,
  DROP_INS,
  LINK,
  OUTSIDE_PATHS,
  PROGRAM_FOLDER,
  STATE_FOLDER,
  UNIT,
  USER,
} from './install/places.ts'
import { type GroundArguments, groundOf, withGround } from './install.ts'

interface UninstallArguments extends GroundArguments {
  readonly purge: boolean
}

export const uninstallCommand: CommandModule<object, UninstallArguments> = {
  command: 'uninstall',
  describe: 'stops the service and removes what install brought; configuration and state stay',
  builder: (yargs): Argv<UninstallArguments> =>
    withGround(yargs)
      .option('purge', {
        type: 'boolean',
        default: false,
        describe: `remove ${CONFIG_FOLDER}, ${STATE_FOLDER} and the user as well`,
      })
      .example('sudo $0 uninstall', 'an install after it finds the configuration again')
      .example('$0 uninstall --purge --dry-run', 'what would be gone for good'),
  handler: (args) => runVerb(() => Promise.resolve(uninstall(groundOf(args), args.purge))),
}

/** @returns the exit code. @throws VerbError for what a person has to mend */
export function uninstall(ground: Ground, purge: boolean): number {
  refuseBesidePackage(ground.root, `sudo apt ${purge ? 'purge' : 'remove'} cipbridge`)
  needRoot(ground, purge ? 'uninstall --purge' : 'uninstall')
  const changes = new Changes(ground)
  if (isBooted() && changes.has(UNIT_FILE)) order(ground, 'systemctl', 'disable', '--now', UNIT)
  for (const path of OUTSIDE_PATHS) changes.remove(path)
  changes.removeLink(LINK.path, LINK.target)
  changes.remove(PROGRAM_FOLDER)
  if (changes.count > 0) orderIfBooted(ground, 'systemctl', 'daemon-reload')
  const lasting = [CONFIG_FOLDER, STATE_FOLDER, DROP_INS]
  if (purge) {
    for (const path of lasting) changes.remove(path)
    if (ground.root === '' && groupNumber('') !== undefined) order(ground, 'userdel', USER)
  }
  const kept = lasting.filter((path) => changes.has(path))
  if (!purge && kept.length > 0) ground.tell(`  keep     ${kept.join(', ')} (--purge removes them)`)
  const count = changes.count === 1 ? '1 change' : `${changes.count} changes`
  ground.tell(ground.dryRun ? `\nNothing was done: it would be ${count}.` : '\nUninstalled.')
  return EXIT.good
}

const UNIT_FILE = OUTSIDE_PATHS.find((path) => path.endsWith(UNIT)) ?? ''
