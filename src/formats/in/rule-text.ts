/** The rules of a text that has one a line, as Suricata and Snort do; a backslash at the end of a line continues it. */
export function ruleLines(text: string): readonly string[] {
  return text
    .replace(/\\\r?\n[ \t]*/g, '')
    .split(/\r\n|\r|\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
}
