/** TLS of a route in the configuration: whom to believe, and what to show. */
import { choice, defaulted, keys, list, optional, section, text } from './fields.ts'

const file = text('the path of a PEM file, relative to the folder of this one', (value) =>
  /^\P{Cc}+$/u.test(value) ? undefined : 'is no path',
)

export const tls = section(
  keys({
    ca: optional(file, 'The certificates to believe instead of the well-known authorities.'),
    serverName: optional(
      text('a host name', (value) =>
        /^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/i.test(value) ? undefined : 'is no host name',
      ),
      'The name that the certificate must bear, and that the server is asked for (SNI); not set: the host of to.',
    ),
    cert: optional(file, 'The certificate that the daemon shows to the server. Together with key.'),
    key: optional(
      file,
      'The private key of that certificate, without a passphrase; $CREDENTIALS_DIRECTORY is expanded.',
    ),
    minVersion: defaulted(choice(['TLSv1.2', 'TLSv1.3']), 'TLSv1.2', 'The oldest version of TLS to accept.'),
    pins: defaulted(
      list(
        text('the SHA-256 of a public key (SPKI), such as sha256//BASE64', (value) =>
          /^sha256\/\/?[A-Za-z\d+/]{43}=$/.test(value) ? undefined : 'is no such hash',
        ),
        8,
      ),
      [],
      'Public keys of which the server must have one, on top of what else is checked.',
    ),
  }),
  'With to: tls://… the daemon speaks TLS with the server; programs stay without it.',
)
