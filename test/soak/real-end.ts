/** How a real socket ended: a FIN told apart from a reset. */
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { WhenEnded } from './conversation.ts'

/** libuv tells a reset as an end where data came in the same instant; the kernel's table does not know a socket that was reset. */
export const whenFinished: WhenEnded = (socket, told) => {
  socket.on('end', () => {
    if (!(socket instanceof Socket)) return
    const hex = (port = 0): string => port.toString(16).toUpperCase().padStart(4, '0')
    const entry = new RegExp(`:${hex(socket.localPort)} 0100007F:${hex(socket.remotePort)} `)
    if (entry.test(readFileSync('/proc/net/tcp', 'latin1'))) told()
  })
}
