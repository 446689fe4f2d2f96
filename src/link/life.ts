/** A life of the link: what it is made of for one set of settings; other ones need another life. */
import type { Dte } from '../dte/dte.ts'
import { activitiesOf } from './activity-table.ts'
import { Machine, type MachineListener } from './machine.ts'
import { type Makings, newParts, type Parts } from './parts.ts'
import { Serving } from './serving.ts'

export interface Life {
  readonly parts: Parts
  readonly machine: Machine
  readonly serving: Serving
}

/** @param adopt takes the DTE of each line that is opened */
export function newLife(makings: Makings, adopt: (dte: Dte) => void, listener: MachineListener): Life {
  const parts = newParts(makings)
  return {
    parts,
    machine: new Machine('opening', activitiesOf(parts, adopt), listener),
    serving: new Serving(parts.budget),
  }
}
