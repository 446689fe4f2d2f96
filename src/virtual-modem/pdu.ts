/** A received message as the modem stores it: an SMS-DELIVER without the address of its service centre (3GPP 23.040 9.2.2.1). */

/** First octet: DELIVER, no more messages to send. */
const DELIVER = 0x04
const NATIONAL = 0x81
const INTERNATIONAL = 0x91
const ALPHANUMERIC = 0xd0
const DEFAULT_ALPHABET = 0x00
const UCS2 = 0x08

/** The characters that have their ASCII code in the default alphabet too (3GPP 23.038 6.2.1). */
const PLAIN = /^[\n\r !"#%&'()*+,\-./0-9:;<=>?A-Za-z]*$/

/** @param time `26/11/21,12:00:00+00` as AT+CMGL's text form prints it */
export function deliverPdu(
  from: string,
  time: string,
  text: string,
): { readonly hex: string; readonly length: number } {
  const plain = PLAIN.test(text)
  const data = plain ? packed(text) : Buffer.from(text, 'utf16le').swap16()
  const octets = Buffer.concat([
    Buffer.of(DELIVER),
    address(from),
    Buffer.of(0, plain ? DEFAULT_ALPHABET : UCS2),
    timestamp(time),
    Buffer.of(plain ? text.length : data.length),
    data,
  ])
  return { hex: `00${octets.toString('hex').toUpperCase()}`, length: octets.length }
}

function address(from: string): Buffer {
  const digits = from.replace(/^\+/, '')
  if (/^\d+$/.test(digits)) {
    const kind = from.startsWith('+') ? INTERNATIONAL : NATIONAL
    return Buffer.concat([Buffer.of(digits.length, kind), swapped(digits)])
  }
  return Buffer.concat([Buffer.of(Math.ceil((from.length * 7) / 4), ALPHANUMERIC), packed(from)])
}

/** Year to second, then the zone in quarters of an hour, its sign the highest bit of the first digit. */
function timestamp(time: string): Buffer {
  const [, clock = '', sign = '+', zone = '00'] = /^(.*)([+-])(\d\d)$/.exec(time) ?? []
  const octets = swapped(clock.replace(/\D/g, '') + zone)
  if (sign === '-') octets[6] = (octets[6] ?? 0) | 0x08
  return octets
}

/** Two digits an octet, the first one in the lower half. */
function swapped(digits: string): Buffer {
  const even = digits.length % 2 === 0 ? digits : `${digits}F`
  return Buffer.from(even.replace(/(.)(.)/g, '$2$1'), 'hex')
}

/** Septets, the first one in the lowest bits. */
function packed(text: string): Buffer {
  const octets = Buffer.alloc(Math.ceil((text.length * 7) / 8))
  for (let index = 0; index < text.length; index += 1) {
    const bit = index * 7
    const shifted = text.charCodeAt(index) << (bit % 8)
    const at = Math.floor(bit / 8)
    octets[at] = (octets[at] ?? 0) | (shifted & 0xff)
    if (at + 1 < octets.length) octets[at + 1] = (octets[at + 1] ?? 0) | (shifted >> 8)
  }
  return octets
}
