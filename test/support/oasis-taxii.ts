import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The TAXII client of the OASIS (`taxii2-client` of the Python Package Index), driven by a script of ours. */

const SCRIPT = join(import.meta.dirname, '../interop/taxii/walk.py')
const TIMEOUT_MS = 60_000

/** Why it cannot run here; undefined where it can. */
export function oasisTaxiiMissing(): string | undefined {
  if (spawnSync('openssl', ['version']).status !== 0) return 'openssl is not installed'
  if (spawnSync('python3', ['-c', 'import taxii2client.v21']).status === 0) return undefined
  return 'the Python module taxii2client cannot be imported (pip install taxii2-client)'
}

/** What the script prints. */
export function runOasisTaxii(url: string, ca: string, user: string, password: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  // `requests` would take these for more than what it is told.
  const env = { ...process.env, REQUESTS_CA_BUNDLE: '', CURL_CA_BUNDLE: '' }
  const child = execFile('python3', [SCRIPT, url, ca, user], { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
    if (error === null) resolve(JSON.parse(stdout))
    else reject(new Error(`${error.message}\n${stderr}`))
  })
  child.stdin?.end(`${password}\n`)
  return promise
}

/** A CA of its own and what it has signed for localhost and 127.0.0.1, as PEM files in a folder. */
export function createCertificates(folder: string): {
  readonly ca: string
  readonly cert: string
  readonly key: string
} {
  const [ca, caKey, cert, key] = ['ca.pem', 'ca.key', 'server.pem', 'server.key'].map(name => join(folder, name))
  const extensions = join(folder, 'server.ext')
  writeFileSync(
    extensions,
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth\n',
  )
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const caExtensions = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  openssl('req', '-x509', ...ec, '-keyout', caKey!, '-out', ca!, '-days', '2', '-subj', '/CN=Test CA', ...caExtensions)
  const request = join(folder, 'server.csr')
  openssl('req', ...ec, '-keyout', key!, '-out', request, '-subj', '/CN=localhost')
  const signing = ['-CA', ca!, '-CAkey', caKey!, '-CAcreateserial', '-days', '1', '-extfile', extensions]
  openssl('x509', '-req', '-in', request, '-out', cert!, ...signing)
  return { ca: ca!, cert: cert!, key: key! }
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`)
}
