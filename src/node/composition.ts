import type { Logger } from '../base/ports.ts'
import type { Store } from '../store/store.ts'
import type { EvidenceBook } from './knowledge/evidence-book.ts'
import type { Problem } from './orders/node-service.ts'
import { startProblemWatch } from './problems/problem-watch.ts'

export interface Composition<T> {
  /** Closed with the node, or if it cannot be opened. */
  readonly store: Store
  /** What is deferred to `parts` ends in reverse order. */
  compose(parts: AsyncDisposableStack): Promise<T>
  findProblems(node: T): readonly Problem[]
  readonly logger: Logger
}

/** Opens a node of either kind, and has what goes wrong in it told. */
export async function openComposed<T extends { readonly book: Pick<EvidenceBook, 'onChange'> }>(
  options: Composition<T>,
): Promise<T & AsyncDisposable> {
  const parts = new AsyncDisposableStack()
  parts.use(options.store)
  try {
    const node = await options.compose(parts)
    const watch = startProblemWatch(() => options.findProblems(node), options.logger)
    parts.defer(() => watch.stop())
    node.book.onChange(watch.look)
    return { ...node, [Symbol.asyncDispose]: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}
