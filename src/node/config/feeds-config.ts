import { z } from 'zod'
import { FORMATS } from '../../formats/in/detect.ts'
import { absolutePath, areDistinct, indicatorType, partName, tlpName, whole } from './config-fields.ts'
import { nation } from './policy-fields.ts'

const FEEDS_MAX = 64
const DAY_SECONDS = 86_400

const line = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}+$/u, { message: 'must be one line' })
const url = z.string().max(2048).refine(isWebAddress, {
  message:
    'must look like https://taxii.cert.example/taxii2/, without user name or password (those go into files, under auth)',
})

/** Each names the file of a secret, of mode 0600, which is read anew for each poll. */
const auth = z.union(
  [
    z.strictObject({ user: line.regex(/^[^:]+$/), passwordFile: absolutePath }),
    z.strictObject({ bearerFile: absolutePath }),
    /** The whole of `Authorization`, such as the key of a MISP user. */
    z.strictObject({ headerFile: absolutePath }),
  ],
  { message: 'must be user with passwordFile, bearerFile, or headerFile' },
)

const common = {
  name: partName('abuse-ch'),
  everySeconds: whole(5, 30 * DAY_SECONDS).default(3600),
  /** From whom it is, where what comes does not say; by default the name of the feed. */
  source: line.optional(),
  /** Of what comes without a marking; `publish.tlp` where it is left out. */
  tlp: tlpName.optional(),
  /** What is marked higher is not taken. */
  tlpMax: tlpName.default('AMBER+STRICT'),
  labels: z.array(line).max(16).default([]),
  /** Whether the nation has seen it itself. */
  lineage: z.enum(['observed', 'relayed']).default('relayed'),
  confidence: whole(0, 100).optional(),
  /** Of the source, in the Admiralty code; told to others as labels, and the confidence where nothing else gives one. */
  reliability: z
    .string()
    .regex(/^[A-F][1-6]?$/, { message: 'must be a letter A to F, and a digit 1 to 6 perhaps, such as B2' })
    .optional(),
  /** For whom it is; the whole alliance where it is left out. */
  audience: z
    .union([
      z.strictObject({
        to: z.array(nation).min(1).max(512),
      }),
      z.strictObject({ group: line }),
    ])
    .optional(),
  /** Types of indicators that are taken; all where it is left out. */
  types: z.array(indicatorType).min(1).optional(),
  /** STIX objects that are no indicators go along. */
  context: z.boolean().default(true),
  /** Leaves out what anybody in the alliance claims already. */
  onlyUnknown: z.boolean().default(false),
  /** Reads, counts, and publishes nothing. */
  dryRun: z.boolean().default(false),
  /** What would be more than so many new ones in one poll waits for `tocsin feed release`. */
  newMax: whole(1, 10_000_000).default(100_000),
}

const removals = {
  /** What becomes of our claims when their source takes back what they are of. */
  onRemoved: z.enum(['withdraw', 'keep']).default('withdraw'),
  /** Beyond both of `count` and `share` of what the feed has given, removals wait for `tocsin feed release`. */
  removedMax: z
    .strictObject({
      count: whole(0, 10_000_000).default(100),
      share: z.number().min(0).max(1).default(0.1),
    })
    .prefault({}),
}

const remote = {
  auth: auth.optional(),
  /** Who may have signed the server's certificate, in PEM; else those that the system trusts. */
  caFile: absolutePath.optional(),
  /** Allows http to other machines. */
  plainHttp: z.boolean().default(false),
  timeoutSeconds: whole(1, 3600).default(120),
  /** Of one answer, unpacked. */
  mibMax: whole(1, 256).default(32),
}

const taxii = z.strictObject({
  kind: z.literal('taxii'),
  ...common,
  ...removals,
  ...remote,
  /** Of an API root; or of discovery, which ends in /taxii2/. */
  url,
  /** Its id or alias; not needed where there is one that can be read. */
  collection: line.optional(),
  /** Objects of a page that are asked for. */
  limit: whole(1, 10_000).default(1000),
})

const misp = z
  .strictObject({
    kind: z.literal('misp'),
    ...common,
    ...removals,
    ...remote,
    /** Where manifest.json is; or `path`, the folder where it is. */
    url: url.optional(),
    path: absolutePath.optional(),
    /** Also what is for its own organisation or a sharing group of its MISP alone. */
    restricted: z.boolean().default(false),
  })
  .refine(feed => (feed.url === undefined) !== (feed.path === undefined), {
    message: 'must have a url or a path, and not both',
  })

const folder = z.strictObject({
  kind: z.literal('folder'),
  ...common,
  everySeconds: whole(1, 30 * DAY_SECONDS).default(30),
  path: absolutePath,
  format: z.enum(['auto', ...FORMATS]).default('auto'),
  map: z.string().max(2048).optional(),
  restricted: z.boolean().default(false),
  /** For how long a file must not have changed before it is read. */
  settleSeconds: whole(0, 3600).default(5),
  /** Of one file, unpacked. */
  mibMax: whole(1, 102_400).default(1024),
})

/** `feeds:` in config.yaml: what is pulled in and published as this nation's word. */
export const feedsSection = z
  .array(z.discriminatedUnion('kind', [taxii, misp, folder]))
  .max(FEEDS_MAX)
  .refine(all => areDistinct(all, 'name'), { message: 'two have the same name' })
  .default([])

export type Feed = Readonly<z.infer<typeof feedsSection>[number]>
export type TaxiiFeed = Extract<Feed, { kind: 'taxii' }>
export type MispFeed = Extract<Feed, { kind: 'misp' }>
export type FolderFeed = Extract<Feed, { kind: 'folder' }>
export type RemoteFeed = TaxiiFeed | MispFeed

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && hash === ''
}
