#!/usr/bin/env node
'use strict'
// The command of a global install. In the syntax of any Node, however old, so that an old one gets a sentence and not a
// stack trace.
var minimum = require('../../package.json').engines.node.replace(/^[^0-9]*/, '')

/** @param {string} version */
function rank(version) {
  var parts = version.split('.')
  return Number(parts[0]) * 1000 + Number(parts[1])
}

if (rank(process.versions.node) >= rank(minimum)) {
  void import('./tocsin.ts')
} else {
  process.stderr.write(`tocsin needs Node ${minimum} or later, and this is Node ${process.versions.node}.\n`)
  process.exitCode = 69
}
