/** The activity of each state. */
import type { Dte } from '../dte/dte.ts'
import { attaching } from './activities/attaching.ts'
import { closing } from './activities/closing.ts'
import { commanding } from './activities/commanding.ts'
import { dialing } from './activities/dialing.ts'
import { escaping } from './activities/escaping.ts'
import { online } from './activities/online.ts'
import { opening } from './activities/opening.ts'
import { probing } from './activities/probing.ts'
import { ready } from './activities/ready.ts'
import { recovering } from './activities/recovering.ts'
import { resuming } from './activities/resuming.ts'
import { stopping } from './activities/stopping.ts'
import type { Activity } from './machine.ts'
import type { Parts } from './parts.ts'
import type { ActiveState } from './states.ts'

/** @param adopt takes the DTE of a line that was opened */
export function activitiesOf(parts: Parts, adopt: (dte: Dte) => void): Readonly<Record<ActiveState, Activity>> {
  return {
    opening: () => opening(parts, adopt),
    probing: (signal) => probing(parts, signal),
    attaching: (signal) => attaching(parts, signal),
    ready: (signal) => ready(parts, signal),
    dialing: (signal) => dialing(parts, signal),
    online: (signal) => online(parts, signal),
    escaping: (signal) => escaping(parts, signal),
    commanding: (signal) => commanding(parts, signal),
    resuming: (signal) => resuming(parts, signal),
    closing: (signal) => closing(parts, signal),
    recovering: (signal) => recovering(parts, signal),
    stopping: (signal) => stopping(parts, signal),
  }
}
