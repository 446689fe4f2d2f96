/** cipbridge.yaml(5): every key of the configuration, from its schema. */
import { type JsonSchema, jsonSchema } from '../../config/json-schema.ts'
import { bold, item, page, paragraph, section, verbatim } from './roff.ts'

const MINIMAL = `line: { device: /dev/serial0 }
modem: { pin: "0000" }                  # only if the SIM asks for one
context: { apn: internet }              # the operator's
routes:
  - name: broker
    listen: 127.0.0.1:1883
    to: tcp://broker.example.com:1883`

/** The page as roff. */
export function configPage(version: string): string {
  const sections = Object.entries(jsonSchema().properties ?? {})
  return page('cipbridge.yaml', 5, version, [
    section('Name', 'cipbridge.yaml \\- configuration of cipbridge\n'),
    section('Synopsis', `${bold('/etc/cipbridge/cipbridge.yaml')}\n`),
    section(
      'Description',
      paragraph(
        'A YAML file that says where the modem is, how it comes into the network, and which local ports lead where. ' +
          '`context.apn` is required, and one of `routes`, `proxy` and `inbound`. A key that is not known is an error. Durations have a unit ' +
          '(`500ms`, `30s`, `5m`, `24h`), sizes too (`64KiB`, `20MB`).',
      ),
      paragraph(
        '`cipbridge check` names every problem at once as FILE:LINE:COL, or prints what the file comes to with all ' +
          'defaults. `cipbridge check --schema` prints a JSON Schema for editors.',
      ),
    ),
    section('Example', verbatim(MINIMAL)),
    ...sections.map(([name, schema]) => sectionOf(name, schema)),
    section(
      'See also',
      `${bold('cipbridge')}(8)\n`,
      paragraph('`/usr/share/doc/cipbridge/examples/cipbridge.example.yaml` has every key with a comment.'),
    ),
  ])
}

function sectionOf(name: string, schema: JsonSchema): string {
  const { description = '' } = schema
  const about = description === '' ? '' : paragraph(description)
  return section(name, about, ...itemsOf(name, schema))
}

function itemsOf(path: string, schema: JsonSchema): string[] {
  return Object.entries((schema.items ?? schema).properties ?? {}).flatMap(([name, inner]) => {
    const here = `${path}${schema.items ? '[]' : ''}.${name}`
    return [item(bold(here), inner.description ?? ''), ...itemsOf(here, inner)]
  })
}
