import { addressPrefix } from '../../indicator/ip.ts'
import { createPackedTexts, type PackedTexts } from '../../indicator/packed-texts.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { exportHeading } from './export-heading.ts'
import { matchOf, numberOf } from './export-parameter.ts'
import { type NeverBlocked, neverBlocked } from './never-blocked.ts'
import { rpzIpOwner } from './rpz-owner.ts'

/** What the data of a CNAME tells a resolver to do. */
const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['nxdomain', '.'],
  ['nodata', '*.'],
  ['drop', 'rpz-drop.'],
  ['passthru', 'rpz-passthru.'],
  ['tcp-only', 'rpz-tcp-only.'],
])

const PASSTHRU = 'rpz-passthru.'
const WORDS = [...ACTIONS.keys()].join(', ')
const NAME = /^(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/

const parameters = {
  zone: { default: 'tocsin.rpz', label: 'what the resolver calls the zone; long names must fit below it' },
  action: { default: 'nxdomain', label: `${WORDS}, or the host name of a walled garden` },
  ttl: { default: '300', label: 'seconds for which answers may be kept' },
  ns: { default: 'localhost', label: 'the name server of the zone, which nobody asks' },
} as const

/** Response policy zone: each name with all below it, addresses and ranges in answers, and first what is never blocked. */
export const rpz: ExportFormat = {
  name: 'rpz',
  label: 'DNS response policy zone, for BIND, Unbound, Knot and PowerDNS',
  shape: 'file',
  extension: '.zone',
  types: new Set(['domain', 'ipv4', 'ipv6', 'cidr']),
  withdrawn: false,
  removals: false,
  parameters,
  start: context => new ZoneWriter(context),
}

/** A name that ends so is no name to a resolver that reads the zone, but a trigger by addresses or name servers. */
const TRIGGER = /\.rpz-[a-z0-9-]+$/
/** In wire format a name has at most 255 octets: the longest here is that of a wildcard with the zone after it. */
const WIRE_NAME_OCTETS_MAX = 255
/** A name of so many labels may leave one between itself and a listed name above it. */
const DEEP_LABELS = 4
const NAMES_PER_PIECE = 1000

class ZoneWriter implements ExportWriter {
  readonly #context: ExportContext
  readonly #zone: string
  readonly #data: string
  readonly #ttl: number
  readonly #ns: string
  readonly #never: NeverBlocked
  readonly #names
  /** Numbers of the names that wait for those above them. */
  readonly #deep: number[] = []

  constructor(context: ExportContext) {
    const name = (parameter: string, wanted: string) =>
      matchOf(context, parameters, parameter, { pattern: NAME, wanted })
    this.#context = context
    this.#zone = name('zone', 'a domain name in lower case, without a dot at its end')
    this.#ns = name('ns', 'a host name in lower case, without a dot at its end')
    this.#ttl = numberOf(context, parameters, 'ttl', { min: 0, max: 604_800 })
    const action = name('action', `${WORDS} or a host name in lower case, without a dot at its end`)
    this.#data = ACTIONS.get(action) ?? `${action}.`
    this.#never = neverBlocked(context)
    this.#names = createPackedTexts(context.madeMs ^ context.serial)
  }

  begin(): readonly ExportPiece[] {
    const zone = [
      exportHeading(this.#context, ';'),
      `$ORIGIN ${this.#zone}.\n$TTL ${this.#ttl}\n`,
      `@ IN SOA ${this.#ns}. hostmaster.${this.#ns}. ${this.#context.serial} 3600 600 604800 ${this.#ttl}\n`,
      `@ IN NS ${this.#ns}.\n`,
      ...this.#never.domains.filter(name => this.#fits(name)).map(name => record(name, PASSTHRU)),
      ...this.#never.addresses.filter(isSaid).map(address => `${rpzIpOwner(address)} CNAME ${PASSTHRU}\n`),
    ]
    return [piece(zone.join(''))]
  }

  add({ type, value }: ExportedIndicator): Written {
    if (type !== 'domain') return this.#address(value)
    const left = this.#never.whyNotDomain(value)
    if (left !== undefined) return { left }
    if (TRIGGER.test(value)) return { left: 'in a policy zone the name would stand for addresses or name servers' }
    if (!this.#fits(value)) {
      return { left: 'with the name of the zone the name is longer than the 255 octets that DNS allows' }
    }
    const number = this.#names.add(value)
    if (labelCount(value) < DEEP_LABELS) return { pieces: [piece(record(value, this.#data))] }
    this.#deep.push(number)
    return { pieces: [] }
  }

  /**
   * A name below a listed one says nothing new, and would do harm: the names between the two come into being in the
   * zone, and a wildcard does not hold for names that exist (RFC 4592 §2.2.2). Names between one that is never blocked
   * and a listed one above it are listed for the same reason.
   */
  *end(): Generator<ExportPiece> {
    const names = this.#names.build()
    for (let from = 0; from < this.#deep.length; from += NAMES_PER_PIECE) {
      const few = this.#deep.slice(from, from + NAMES_PER_PIECE).map(number => names.textAt(number))
      const alone = few.filter(name => !parentsOf(name).some(parent => names.find(parent) >= 0))
      yield piece(alone.map(name => record(name, this.#data)).join(''))
    }
    const between = new Set(this.#never.domains.flatMap(name => namesBetween(name, names)))
    const missing = [...between].filter(name => !this.#isWritten(name, names))
    yield piece(missing.map(name => record(name, this.#data)).join(''))
  }

  #address(text: string): Written {
    const left = this.#never.whyNotAddress(text)
    return left === undefined ? { pieces: [piece(`${rpzIpOwner(text)} CNAME ${this.#data}\n`)] } : { left }
  }

  /** But for deep names, which stand below another one here. */
  #isWritten(name: string, names: PackedTexts): boolean {
    if (this.#never.whyNotDomain(name) !== undefined) return true
    return labelCount(name) < DEEP_LABELS && names.find(name) >= 0
  }

  #fits(name: string): boolean {
    // An octet of length before each label, and one for the root.
    return `*.${name}.${this.#zone}`.length + 2 <= WIRE_NAME_OCTETS_MAX
  }
}

/** A range of all addresses has no name. */
function isSaid(address: string): boolean {
  return addressPrefix(address).length > 0
}

/** Names above `name` that lie below the highest listed one. */
function namesBetween(name: string, names: PackedTexts): readonly string[] {
  const parents = parentsOf(name)
  return parents.slice(
    0,
    Math.max(
      0,
      parents.findLastIndex(parent => names.find(parent) >= 0),
    ),
  )
}

/** The nearest first. */
function parentsOf(name: string): string[] {
  const labels = name.split('.')
  return labels.slice(1).map((_, at) => labels.slice(at + 1).join('.'))
}

function labelCount(name: string): number {
  return name.split('.').length
}

function record(name: string, data: string): string {
  return `${name} CNAME ${data}\n*.${name} CNAME ${data}\n`
}

function piece(text: string): ExportPiece {
  return { file: '', text }
}
