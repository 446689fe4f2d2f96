/** The three tables as text: states as a Mermaid diagram, the other two as Markdown. `cipbridge states` and the README show it. */
import { FAULTS } from '../core/fault.ts'
import { NEXT_STEP } from './ip-stack.ts'
import { LADDER } from './ladder.ts'
import { ANYWHERE, LINK_STATES, TRANSITIONS } from './states.ts'

export function printTables(): string {
  return [printStates(), printStack(), printLadder(), printFaults()].join('\n')
}

function printStates(): string {
  const lines = ['```mermaid', 'stateDiagram-v2', '  [*] --> opening']
  for (const from of LINK_STATES) {
    for (const [event, to] of Object.entries(TRANSITIONS[from])) lines.push(`  ${from} --> ${to}: ${event}`)
  }
  lines.push('  stopped --> [*]', '```', '')
  for (const [event, to] of Object.entries(ANYWHERE)) {
    lines.push(`From every state but the last two, \`${event}\` leads to \`${to}\`.`)
  }
  return `${lines.join('\n')}\n`
}

function printStack(): string {
  const rows = Object.entries(NEXT_STEP).map(([state, step]) => `| \`${state}\` | ${step} |`)
  return ['| `AT+CIPSTATUS` says | next step |', '|---|---|', ...rows, ''].join('\n')
}

function printLadder(): string {
  const rows = LADDER.map(({ rung, times }) => `| ${rung} | ${times} |`)
  return ['| rung | times |', '|---|---|', ...rows, ''].join('\n')
}

function printFaults(): string {
  const rows = Object.entries(FAULTS).map(
    ([code, row]) => `| \`${code}\` | ${row.rung} | ${row.ceiling} | ${row.hint} |`,
  )
  return ['| fault | starts at | goes up to | what a person can do |', '|---|---|---|---|', ...rows, ''].join('\n')
}
