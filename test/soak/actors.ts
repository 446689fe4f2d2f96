/** Clients and peers as they are in the field: chatty, slow, rude, silent. Each writes on its tape what it sends. */
import { reasonOf, sleep } from '../../src/core/time.ts'
import type { Conversation, Far } from './conversation.ts'
import type { Random } from './random.ts'
import { flood, pause, words } from './tape.ts'

/** Somebody with a script; nobody waits for it, and it ends with `signal`. */
export type Actor = (signal: AbortSignal) => Promise<void>

/** Runs an actor to its end, or until the signal aborts. */
export async function act(actor: Actor, signal: AbortSignal): Promise<void> {
  try {
    await actor(signal)
  } catch (error) {
    if (!signal.aborted || error !== reasonOf(signal)) throw error
  }
}

/** Writes some words, reads or not, and leaves in one of many ways. */
export function client(conversation: Conversation, random: Random): Actor {
  return async (signal) => {
    const { app } = conversation
    if (!app) return
    const slow = random.chance(0.1)
    if (slow) app.pause()
    if (random.chance(0.7)) clientWrites(conversation, Buffer.from(`<c${conversation.session ?? 0}>`))
    for (let turns = random.whole(0, 6); turns > 0 && app.writable; turns -= 1) {
      clientWrites(conversation, words(random))
      await sleep(pause(random) + 1, signal)
    }
    if (slow) {
      if (random.chance(0.6)) await sleep(random.span(20_000, 200_000), signal)
      app.resume()
    }
    const leave = random.next()
    if (leave < 0.2) app.resetAndDestroy()
    else if (leave < 0.5) app.end()
    // The others stay until the peer or the daemon ends it, or for a while.
    await sleep(random.span(1_000, 120_000), signal)
    if (app.writable) app.end()
    await sleep(60_000, signal)
    app.destroy()
  }
}

function clientWrites(conversation: Conversation, bytes: Buffer): void {
  const { app } = conversation
  if (app?.writable !== true) return
  conversation.tape.append(bytes)
  app.write(bytes)
}

/** Greets or not, talks or not, and closes, resets, or waits for the other side's end. */
export function peer(far: Far, random: Random, name: string): Actor {
  return async (signal) => {
    const { socket } = far
    const ends = new Promise<void>((resolve) => socket.once('end', resolve).once('close', resolve))
    if (random.chance(0.7)) peerWrites(far, Buffer.from(`<p${name}>`))
    for (let turns = random.pick([0, 0, 1, 2, 3, 6]); turns > 0 && socket.writable; turns -= 1) {
      await sleep(pause(random) + 1, signal)
      peerWrites(far, words(random))
    }
    const floods = random.chance(0.15)
    if (floods) peerWrites(far, flood(random))
    // Mostly all that it was asked for, and then its end.
    const leave = random.next() / (floods ? 3 : 1)
    if (leave < 0.25) finish(far)
    else if (leave < 0.3) reset(far)
    await Promise.race([ends, sleep(600_000, signal)])
    await sleep(pause(random) + 1, signal)
    if (random.chance(0.3)) peerWrites(far, words(random))
    finish(far)
  }
}

/** Answers each byte with the same one, and an end with an end. */
export function echo(far: Far): void {
  const { socket } = far
  socket.on('data', (chunk: Buffer) => peerWrites(far, chunk))
  socket.once('end', () => finish(far))
}

function peerWrites(far: Far, bytes: Buffer): void {
  if (!far.socket.writable) return
  far.tape.append(bytes)
  far.socket.write(bytes)
}

function finish(far: Far): void {
  if (!far.socket.writable) return
  far.wrote = 'fin'
  far.socket.end()
}

function reset(far: Far): void {
  if (far.socket.destroyed) return
  far.wrote = 'rst'
  far.socket.resetAndDestroy()
}
