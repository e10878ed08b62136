import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = PATHS.find(path => existsSync(path))

/** Says so where it is not there, so that a skipped suite is no surprise. */
export function hasChromium(): boolean {
  if (executablePath === undefined) console.warn(`skipped: no Chromium at ${PATHS.join(', ')}`)
  return executablePath !== undefined
}

/** A browser without a window. The caller closes it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}
