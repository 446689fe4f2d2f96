/** The daemon's events for whoever follows them, as server-sent events. */
import type { ServerResponse } from 'node:http'
import type { Journal, JournalEvent } from '../core/log.ts'

/** A reader that is this far behind, in bytes beyond what the kernel holds for it, is dropped. */
const MOST_UNREAD = 64 * 1024

export class EventFeed {
  readonly #journal: Journal
  readonly #readers = new Set<ServerResponse>()
  readonly #onEvent = (event: JournalEvent): void => this.#spread(`data: ${JSON.stringify(event)}\n\n`)

  constructor(journal: Journal) {
    this.#journal = journal
    journal.on('event', this.#onEvent)
  }

  get readers(): number {
    return this.#readers.size
  }

  /** From now on every event goes to `reader`, until it leaves or falls too far behind. */
  add(reader: ServerResponse): void {
    reader.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    // So that the reader knows at once that it is heard.
    reader.write(': cipbridge\n\n')
    this.#readers.add(reader)
    this.#journal.readers = this.#readers.size
    reader.once('close', () => this.#drop(reader))
  }

  /** No more events: every reader sees the end. */
  end(): void {
    this.#journal.off('event', this.#onEvent)
    for (const reader of this.#readers) reader.end()
  }

  #spread(text: string): void {
    for (const reader of this.#readers) {
      if (reader.writableLength <= MOST_UNREAD) {
        reader.write(text)
        continue
      }
      // A gap would go unnoticed, an end does not.
      this.#drop(reader)
      reader.destroy()
    }
  }

  #drop(reader: ServerResponse): void {
    this.#readers.delete(reader)
    this.#journal.readers = this.#readers.size
  }
}
