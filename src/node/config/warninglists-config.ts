import { z } from 'zod'

const PATHS_MAX = 64
const LISTS_MAX = 4096

const path = z.string().min(1).max(4096)
const listName = z.string().min(1).max(256)

/** `warninglists:` of config.yaml: what is most likely no indicator, and what is made of it. */
export const warninglistsSection = z
  .strictObject({
    /** Files and folders of lists in the format of MISP, from the home on; besides the folder `warninglists` of the home. */
    from: z.array(path).max(PATHS_MAX).default([]),
    /** What a list does that is not named below; the built-in ones have their own. */
    action: z.enum(['block', 'warn']).default('warn'),
    /** By the names of lists, without regard to case. */
    perList: z
      .record(listName, z.enum(['block', 'warn', 'off']))
      .refine(lists => Object.keys(lists).length <= LISTS_MAX, { message: `must name at most ${LISTS_MAX} lists` })
      .default({}),
    /** The lists of well-known facts that come with the program. */
    builtin: z.boolean().default(true),
  })
  .prefault({})

export type WarninglistsConfig = Readonly<z.infer<typeof warninglistsSection>>
