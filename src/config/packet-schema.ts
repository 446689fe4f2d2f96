/** Packets of a route's own in the configuration: what the peer hears first, and while the client is silent. */

import type * as z from 'zod'
import { defaulted, duration, type Field, keys, optional, secret } from './fields.ts'
import { HOUR, SECOND } from './units.ts'

/** As much as one datagram or packet of CIPCCFG always holds. */
const MOST_BYTES = 256

const bytes = {
  text: optional(
    secret(`text of 1 to ${MOST_BYTES} bytes, "\\r\\n" in double quotes`, (value) =>
      value !== '' && Buffer.byteLength(value) <= MOST_BYTES ? undefined : 'is empty or too long',
    ),
    'The packet as text. Either this or hex.',
  ),
  hex: optional(
    secret(`1 to ${MOST_BYTES} bytes, two hexadecimal digits each, in quotes`, (value) =>
      /^([\da-f]{2} ?)+$/i.test(value) && packetOf({ hex: value }).length <= MOST_BYTES
        ? undefined
        : 'is not such a packet',
    ),
    'The packet as bytes. Either this or text.',
  ),
}

export const registration = optional(
  packet(keys(bytes)),
  'A packet that says who this is: it goes to the server first after every CONNECT, before the bytes of a client.',
)

export const heartbeat = optional(
  packet(
    keys({
      every: defaulted(
        duration({ min: SECOND, max: 24 * HOUR }),
        '60s',
        'The silence of the client after which it is sent, and sent again.',
      ),
      ...bytes,
    }),
  ),
  'A packet that goes to the server while the client is silent.',
)

function packet<S extends z.ZodType>(schema: S): Field<S> {
  return { schema, expected: 'a map of keys' }
}

/** What goes to the server. */
export function packetOf({
  text,
  hex,
}: {
  readonly text?: string | undefined
  readonly hex?: string | undefined
}): Buffer {
  return text === undefined ? Buffer.from((hex ?? '').replaceAll(' ', ''), 'hex') : Buffer.from(text)
}
