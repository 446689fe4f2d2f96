/** Manual pages in roff, with the macros of man(7). */

/** Text as it is: nothing in it is taken for roff. */
export function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(
      /[^\x20-\x7e]/gu,
      (letter) => `\\[u${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
}

/** Text in which what stands between backticks is bold. */
export function prose(text: string): string {
  const parts = text.split('`').map((part, index) => (index % 2 === 1 ? `\\fB${plain(part)}\\fR` : plain(part)))
  return safe(parts.join(''))
}

export const bold = (text: string): string => `\\fB${plain(text)}\\fR`
export const italic = (text: string): string => `\\fI${plain(text)}\\fR`

export function paragraph(text: string): string {
  return `.PP\n${prose(text)}\n`
}

export function section(title: string, ...body: readonly string[]): string {
  // Neither hyphens in names of keys nor lines that are stretched to the edge; the macro forgets both.
  return `.SH ${title.toUpperCase()}\n.nh\n.ad l\n${body.join('')}`
}

/** @param tag made by `bold`, `italic` or `prose` */
export function item(tag: string, ...texts: readonly string[]): string {
  const [first = '', ...more] = texts.filter((text) => text !== '')
  return `.TP\n${safe(tag)}\n${prose(first)}\n${more.map((text) => `.IP\n${prose(text)}\n`).join('')}`
}

/** Lines that are neither filled nor hyphenated. */
export function verbatim(text: string): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => safe(plain(line)))
  return `.PP\n.in +4n\n.EX\n${lines.join('\n')}\n.EE\n.in\n`
}

/** The whole page; `name` such as `cipbridge`. */
export function page(name: string, number: 5 | 8, version: string, sections: readonly string[]): string {
  const head = `.TH ${plain(name).toUpperCase()} ${number} "" "cipbridge ${version}" "cipbridge"`
  return `${head}\n${sections.join('')}`
}

/** A dot or apostrophe at the beginning of a line would be a macro. */
function safe(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line
}
