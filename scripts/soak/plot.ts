import type { Point } from './regression.ts'

/** One panel of lines over one time. */
export interface Panel {
  readonly title: string
  readonly unit: string
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[]
}

/** Moments to mark in every panel, such as a kill. */
export interface Mark {
  readonly seconds: number
  readonly name: string
}

const WIDTH = 960
const PANEL_HEIGHT = 200
const MARGIN = { left: 84, right: 130, top: 34, bottom: 34 }
const COLOURS = ['#1f5fa8', '#c2541b', '#2c7d3f', '#7a3e9d', '#8a6d0b', '#44535f']
const TICKS = 5

/** An SVG of the panels one above the other; time in minutes, values from 0. */
export function plotSvg(title: string, panels: readonly Panel[], marks: readonly Mark[]): string {
  const last = Math.max(
    1,
    ...panels.flatMap(({ series }) => series.flatMap(({ points }) => points.at(-1)?.seconds ?? 0)),
  )
  const height = 40 + panels.length * PANEL_HEIGHT
  const body = panels.map((panel, i) => drawPanel(panel, 40 + i * PANEL_HEIGHT, last, marks))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" fill="#222">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(MARGIN.left, 24, title, 'font-size="15" font-weight="bold"'),
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

function drawPanel({ title, unit, series }: Panel, top: number, last: number, marks: readonly Mark[]): string {
  const frame = {
    left: MARGIN.left,
    right: WIDTH - MARGIN.right,
    top: top + MARGIN.top,
    bottom: top + PANEL_HEIGHT - MARGIN.bottom,
  }
  const highest = niceCeiling(Math.max(0, ...series.flatMap(({ points }) => points.map(({ value }) => value))))
  const x = (seconds: number) => frame.left + ((frame.right - frame.left) * seconds) / last
  const y = (value: number) => frame.bottom - ((frame.bottom - frame.top) * value) / highest
  const steps = Array.from({ length: TICKS + 1 }, (_, i) => i / TICKS)
  return [
    text(frame.left, frame.top - 10, `${title} (${unit})`, 'font-weight="bold"'),
    ...steps.map(step => line(frame.left, y(step * highest), frame.right, y(step * highest), '#e3e3e3')),
    ...steps.map(step => text(frame.left - 8, y(step * highest) + 4, numberText(step * highest), 'text-anchor="end"')),
    ...steps.map(step =>
      text(x(step * last), frame.bottom + 15, numberText((step * last) / 60), 'text-anchor="middle"'),
    ),
    text(frame.right + 8, frame.bottom + 15, 'minutes'),
    ...marks.map(({ seconds, name }) => line(x(seconds), frame.top, x(seconds), frame.bottom, '#d9a9a9', name)),
    line(frame.left, frame.bottom, frame.right, frame.bottom, '#666'),
    ...series.map(({ points }, i) => polyline(points, x, y, colourOf(i))),
    ...series.map(({ name }, i) =>
      text(frame.right + 8, frame.top + 8 + 15 * i, name, `fill="${colourOf(i)}" font-weight="bold"`),
    ),
  ].join('\n')
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length]!
}

/** A pen lifted where more than a minute is without a measurement. */
function polyline(
  points: readonly Point[],
  x: (s: number) => number,
  y: (v: number) => number,
  colour: string,
): string {
  const path = points.map(({ seconds, value }, i) => {
    const isGap = i === 0 || seconds - points[i - 1]!.seconds > 60
    return `${isGap ? 'M' : 'L'}${x(seconds).toFixed(1)} ${y(value).toFixed(1)}`
  })
  return `<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, name = ''): string {
  const places = `x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"`
  return `<line ${places} stroke="${colour}">${name === '' ? '' : `<title>${escaped(name)}</title>`}</line>`
}

function text(x: number, y: number, content: string, style = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** 1, 2 or 5 with zeros. */
function niceCeiling(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * [1, 2, 5, 10].find(step => step * power >= value)!
}

function numberText(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)))
}
