/** A plot as SVG: lines or, for series of one point, dots. No library: axes, ticks, a legend. */
import type { Series } from './results.ts'

export interface Axes {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly logX?: boolean
  readonly logY?: boolean
}

const WIDTH = 720
const HEIGHT = 380
const BOX = { left: 70, right: 540, top: 40, bottom: 330 }
const COLOURS = ['#1b6ca8', '#c8553d', '#4a7c59', '#8a5a9e', '#b8860b', '#555555']
const TICKS = 5
/** More than these are dots that explain themselves by the axes. */
const MOST_NAMES = 12

/** Where a value is on its axis, and which values are written there. */
interface Scale {
  at(value: number): number
  readonly ticks: readonly number[]
}

function scale(values: readonly number[], log: boolean, from: number, to: number): Scale {
  const [shape, back] = log ? [Math.log10, (value: number) => 10 ** value] : [(v: number) => v, (v: number) => v]
  const shaped = values.map(shape)
  const spread = Math.max(...shaped) - Math.min(...shaped)
  // A flat line lies in the middle.
  const margin = spread === 0 ? Math.abs(shaped[0] ?? 1) * 0.5 || 1 : spread * 0.08
  const [low, high] = [Math.min(...shaped) - margin, Math.max(...shaped) + margin]
  return {
    at: (value) => from + ((shape(value) - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: TICKS }, (_, index) => back(low + ((index + 0.5) / TICKS) * (high - low))),
  }
}

export function plot(series: readonly Series[], axes: Axes): string {
  const points = series.flatMap((one) => one.points)
  const x = scale(
    points.map(([value]) => value),
    axes.logX ?? false,
    BOX.left,
    BOX.right,
  )
  const y = scale(
    points.map(([, value]) => value),
    axes.logY ?? false,
    BOX.bottom,
    BOX.top,
  )
  const drawn = series.map((one, index) => line(one, COLOURS[index % COLOURS.length] ?? '', x, y))
  const names = series.length > MOST_NAMES ? [] : series.map((one, index) => name(one.name, index))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(BOX.left, 22, axes.title, 'start', 15),
    `<path d="M${BOX.left} ${BOX.top}V${BOX.bottom}H${BOX.right}" fill="none" stroke="#333333"/>`,
    ...x.ticks.map((value) => text(x.at(value), BOX.bottom + 18, short(value), 'middle')),
    ...y.ticks.map((value) => text(BOX.left - 8, y.at(value) + 4, short(value), 'end')),
    text((BOX.left + BOX.right) / 2, BOX.bottom + 38, axes.x, 'middle'),
    text(BOX.left - 8, BOX.top - 6, axes.y, 'end'),
    ...drawn,
    ...names,
    '</svg>',
    '',
  ].join('\n')
}

function line({ name: title, points }: Series, colour: string, x: Scale, y: Scale): string {
  const [first] = points
  if (first !== undefined && points.length === 1) {
    const place = `cx="${x.at(first[0]).toFixed(1)}" cy="${y.at(first[1]).toFixed(1)}"`
    return `<circle ${place} r="4" fill="${colour}" fill-opacity="0.7"><title>${escaped(title)}</title></circle>`
  }
  const path = points.map(([px, py]) => `${x.at(px).toFixed(1)} ${y.at(py).toFixed(1)}`).join('L')
  return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`
}

function name(title: string, index: number): string {
  const at = BOX.top + 10 + index * 20
  const colour = COLOURS[index % COLOURS.length] ?? ''
  return `<rect x="${BOX.right + 16}" y="${at - 9}" width="12" height="10" fill="${colour}"/>${text(BOX.right + 34, at, title, 'start')}`
}

function text(x: number, y: number, words: string, anchor: string, size = 12): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}">${escaped(words)}</text>`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function short(value: number): string {
  if (Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(0)}k`
  return Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString()
}
