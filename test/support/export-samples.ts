import type { ExportedIndicator } from '../../src/formats/exported.ts'
import { canonicalValue } from '../../src/indicator/canonical.ts'
import { INDICATOR_TYPES } from '../../src/indicator/type.ts'
import { exportedClaim, exportedIndicator } from './exported.ts'

/** A value of every type, ascending by type: its example. */
export const ONE_OF_EACH: readonly ExportedIndicator[] = [...INDICATOR_TYPES]
  .sort(byName)
  .map(([type, { example }], i) =>
    exportedIndicator(type, canonicalValue(type, example).value, { claim: { id: hexId(i) } }),
  )

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

export function hexId(number: number): string {
  return number.toString(16).padStart(32, '0')
}

const DAY_MS = 86_400_000
const PUBLISHED_MS = Date.UTC(2026, 9, 5, 8, 30, 0, 250)

/** All that a claim can say, of two nations and with remarks; one value taken back by one nation, another by all. */
export const WELL_KNOWN: readonly ExportedIndicator[] = [
  exportedIndicator('domain', 'evil.example', {
    nations: ['AUT', 'NLD'],
    tlp: 'TLP:AMBER',
    firstSeenMs: PUBLISHED_MS - 9 * DAY_MS,
    lastSeenMs: PUBLISHED_MS - DAY_MS,
    validUntilMs: PUBLISHED_MS + 90 * DAY_MS,
    labels: ['c2', 'kill-chain:lockheed-martin-cyber-kill-chain="delivery"', 'malicious-activity'],
    score: 84,
    origins: 2,
    claims: [
      exportedClaim({
        id: hexId(0xa1),
        nation: 'AUT',
        tlp: 'TLP:AMBER',
        pap: 'PAP:GREEN',
        publishedMs: PUBLISHED_MS,
        validFromMs: PUBLISHED_MS - DAY_MS,
        validUntilMs: PUBLISHED_MS + 90 * DAY_MS,
        firstSeenMs: PUBLISHED_MS - 9 * DAY_MS,
        lastSeenMs: PUBLISHED_MS - DAY_MS,
        name: 'Heron C2',
        description: 'Seen in mail to ministries.\nSecond stage follows.',
        labels: ['c2', 'kill-chain:lockheed-martin-cyber-kill-chain="delivery"', 'malicious-activity'],
        references: [
          { sourceName: 'report', url: 'https://cert.example/heron', externalId: 'R-7', description: 'Heron' },
        ],
        source: 'CERT Auria',
        sourceId: 'indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f',
      }),
      exportedClaim({
        id: hexId(0xa2),
        nation: 'NLD',
        publishedMs: PUBLISHED_MS + DAY_MS,
        confidence: null,
        lineage: '',
      }),
    ],
    sightings: [
      {
        id: hexId(0xb1),
        nation: 'NLD',
        tlp: 'TLP:GREEN',
        count: 12,
        firstSeenMs: PUBLISHED_MS - DAY_MS,
        lastSeenMs: PUBLISHED_MS,
        source: 'sensor 4',
        publishedMs: PUBLISHED_MS + 2 * DAY_MS,
      },
    ],
    opinions: [
      {
        id: hexId(0xc1),
        nation: 'BEL',
        tlp: 'TLP:AMBER',
        opinion: 'false-positive',
        about: `AUT/${hexId(0xa1)}`,
        comment: 'A sinkhole by now.',
        publishedMs: PUBLISHED_MS + 3 * DAY_MS,
      },
      {
        id: hexId(0xc2),
        nation: 'NLD',
        tlp: 'TLP:GREEN',
        opinion: 'expired',
        about: '',
        comment: '',
        publishedMs: PUBLISHED_MS + 3 * DAY_MS,
      },
    ],
    withdrawn: [
      {
        claim: exportedClaim({ id: hexId(0xa3), nation: 'BEL', publishedMs: PUBLISHED_MS - DAY_MS }),
        withdrawnMs: PUBLISHED_MS + DAY_MS,
        reason: 'It is a sinkhole.',
      },
    ],
  }),
  exportedIndicator('ipv4', '192.0.2.1', {
    claims: [],
    withdrawn: [{ claim: exportedClaim({ id: hexId(0xa4), publishedMs: PUBLISHED_MS }), withdrawnMs: 0, reason: '' }],
  }),
]

/** What a hostile nation may put into a value and into what it says of it. */
const NASTY = 'a\'"\\|=,;<!--]]>$(id)`{{\u2028\u0085\u202e</script>'

export const HOSTILE: readonly ExportedIndicator[] = [
  hostile('filename', `=cmd'"|$(x),;.exe`),
  hostile('mutex', `-${NASTY}`),
  hostile('user-agent', `#${NASTY}`),
  hostile('yara', canonicalValue('yara', 'rule a {\n\tcondition: "\u2028 // \\" }').value),
]

function hostile(type: string, value: string): ExportedIndicator {
  return exportedIndicator(type, value, {
    labels: [NASTY],
    claim: {
      id: hexId(0xd000 + value.length + type.length),
      pap: 'PAP:AMBER',
      exercise: true,
      name: NASTY,
      description: `${NASTY}\nCEF:0|x|y\n"}]}`,
      labels: [NASTY, 'x="'],
      references: [
        { sourceName: 'cve', url: 'javascript:alert(1)', externalId: NASTY, description: NASTY },
        { sourceName: NASTY, url: 'http://x/"> <', externalId: '', description: '' },
      ],
      source: NASTY,
      sourceId: NASTY,
      validUntilMs: Number.MAX_SAFE_INTEGER,
    },
  })
}
