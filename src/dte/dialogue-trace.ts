/** Sees the dialogue in command mode, secrets masked: for the log. */
export interface DialogueTrace {
  sent(line: string): void
  received(line: string): void
}
