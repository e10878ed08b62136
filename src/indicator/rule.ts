import { ProtocolError } from '../base/errors.ts'
import { RULE_LENGTH_MAX } from '../wire/limits.ts'
import { invalidValue, quoted } from './invalid.ts'
import { hasControls } from './text.ts'

/**
 * Rules of detection tools as values. A value has no control characters on any node, known type or not, and a
 * rule has lines: in the value U+240A stands for a line feed and U+2409 for a tab, the pictures of the two in Unicode.
 */

const LINE_FEED = '\u240a'
const TAB = '\u2409'
const PICTURES = /[\u2409\u240a]/
const LINE_END = /\r\n?|\n/g
const WHITE_AT_ENDS = /^[ \t\n]+|[ \t\n]+$/g
const PICTURED_WHITE_AT_ENDS = /^[ \u2409\u240a]|[ \u2409\u240a]$/

/** A canonicaliser: one line without white space at its ends. Whether it is a rule is for its author and its tools. */
export function canonicalRule(text: string): string {
  if (hasControls(text)) throw invalidValue('the rule has control characters in it')
  if (PICTURED_WHITE_AT_ENDS.test(text)) throw invalidValue('the rule has white space at its ends')
  return text
}

/** The rule as its tools read it, with its lines. */
export function ruleText(value: string): string {
  return value.replaceAll(LINE_FEED, '\n').replaceAll(TAB, '\t')
}

/** YARA: one rule or several with their imports. */
export function prepareYara(text: string): string {
  return prepared(text, 'YARA', rule => /(?:^|\s)rule\s+[A-Za-z_]\w*/.test(rule) && /\bcondition\s*:/.test(rule))
}

/** Sigma: YAML with a title, a source of logs and what to look for in it. */
export function prepareSigma(text: string): string {
  return prepared(text, 'Sigma', rule => /^\s*title\s*:/m.test(rule) && /^\s*detection\s*:/m.test(rule))
}

/** Suricata: one rule on one line; a backslash at the end of a line continues it. */
export function prepareSuricata(text: string): string {
  const line = text.replace(/\\\r?\n[ \t]*/g, '')
  const rule = /^\s*(?:alert|pass|drop|reject(?:src|dst|both)?|config)\s[^()\n]*\([^\n]*\)\s*$/
  return prepared(line, 'Suricata', one => rule.test(one) && /\bsid\s*:\s*\d+/.test(one))
}

function prepared(text: string, language: string, isRule: (text: string) => boolean): string {
  const lines = text.replace(LINE_END, '\n').replace(WHITE_AT_ENDS, '')
  if (lines.length > RULE_LENGTH_MAX) {
    throw new ProtocolError(
      'indicator-rule-too-long',
      `a rule of ${lines.length} characters; at most ${RULE_LENGTH_MAX} fit into a message`,
      { fix: 'Split the rule, or share where it can be had as a URL.' },
    )
  }
  if (PICTURES.test(lines) && /[\n\t]/.test(lines)) {
    throw invalidValue('the rule holds U+2409 or U+240A, which stand for its tabs and line feeds in a value')
  }
  const value = lines.replaceAll('\n', LINE_FEED).replaceAll('\t', TAB)
  if (!isRule(ruleText(value))) throw invalidValue(`${quoted(text)} is no ${language} rule`)
  return value
}
