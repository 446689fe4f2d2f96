/** The real network: every CIPSTART is a TCP connection of this machine, or a UDP socket. */
import { lookup } from 'node:dns/promises'
import { connect, createServer, type Socket } from 'node:net'
import { reasonOf } from '../core/time.ts'
import type { Network, OnCall } from './network.ts'
import { openUdp } from './udp-network.ts'

/** Where callers of the modem connect: who plays the world is on this machine. */
const OWN_ADDRESS = '127.0.0.1'

/** `dial` and `openUdp` reject with the socket's own error (`ECONNREFUSED`, `EHOSTUNREACH`, `ENOTFOUND`, …) or the signal's reason. */
export function tcpNetwork(): Network {
  return { dial: dialTcp, openUdp, resolve: resolveName, listen: listenTcp }
}

function dialTcp(host: string, port: number, signal: AbortSignal, localPort?: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal))
      return
    }
    const socket = connect({
      host,
      port,
      ...(localPort === undefined ? {} : { localPort }),
      allowHalfOpen: true,
      noDelay: true,
    })
    const onAbort = (): void => {
      socket.destroy()
      reject(reasonOf(signal))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', onAbort))
    socket.once('error', reject)
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

/** A port that cannot be had is one that nobody calls. */
function listenTcp(port: number, onCall: OnCall): () => void {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (caller) =>
    onCall(caller, caller.remoteAddress ?? OWN_ADDRESS),
  )
  server.on('error', () => undefined)
  server.listen(port, OWN_ADDRESS)
  return () => server.close()
}

async function resolveName(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true, family: 4 })
  return found.map(({ address }) => address)
}
