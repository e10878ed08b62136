/** Where a walk from version to version ends. */
export interface Walk<T> {
  /** From the start to the one in force, in order. */
  readonly path: readonly T[]
  /** Where it stays because several follow and none is preferred (SPLIT): those that follow. */
  readonly siblings: readonly T[]
}

/**
 * The one rule of, for registry and nation documents alike: one valid child, go to it; several, go to
 * the only one that has a valid child itself; else stay. A function of the set, whatever the order of arrival.
 * `childrenOf(undefined)` gives the possible first documents.
 */
export function walkToTip<T>(start: T | undefined, childrenOf: (node: T | undefined) => readonly T[]): Walk<T> {
  const path: T[] = start === undefined ? [] : [start]
  for (;;) {
    const children = childrenOf(path.at(-1))
    const open = children.length > 1 ? children.filter(child => childrenOf(child).length > 0) : children
    if (open.length !== 1) return { path, siblings: children }
    path.push(open[0]!)
  }
}
