import { encodeQR } from 'qr'

/** Of the standard. With it the code of a trust string has 45 columns and 23 lines, which fits a terminal of 80 by 24. */
const QUIET_ZONE = 4

/** Black on white whatever the colours of the terminal are. */
const BLACK_ON_WHITE = '\u001b[38;5;16;48;5;231m'
const RESET = '\u001b[0m'

/**
 * A trust string as a QR code of half blocks. Without colour, light is what is drawn, as on a dark terminal; most readers
 * take the reverse too.
 */
export function drawTrust(trust: string, hasColour: boolean): string {
  // upper case takes fewer modules, and parseTrust does not mind
  const modules = encodeQR(trust.toUpperCase(), 'raw', { ecc: 'low', border: QUIET_ZONE })
  const isDark = (row: number, column: number) => modules[row]?.[column] === true
  const lines: string[] = []
  for (let row = 0; row < modules.length; row += 2) {
    const line = modules[row]!.map((_, column) => {
      const [upper, lower] = [isDark(row, column), isDark(row + 1, column)]
      return halfBlocks(upper === hasColour, lower === hasColour)
    }).join('')
    lines.push(hasColour ? `${BLACK_ON_WHITE}${line}${RESET}\n` : `${line}\n`)
  }
  return lines.join('')
}

function halfBlocks(isUpperDrawn: boolean, isLowerDrawn: boolean): string {
  if (isUpperDrawn) return isLowerDrawn ? '█' : '▀'
  return isLowerDrawn ? '▄' : ' '
}
